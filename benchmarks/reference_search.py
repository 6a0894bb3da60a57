"""The reference implementation of RelativeNAS written plainly, which tests and timings compare with.

Each candidate is a full supernet with 98 operations per cell that is built anew, loaded with all shared weights and
merged back key by key; gradients are recorded in evaluation too; images come through PIL, one at a time.
Operations and drop path are those of the package: what is compared is how they are put to work.
"""

import re

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor, nn
from torch.utils.data import Dataset

from relnas_mm.architectures import GENOTYPES, OPERATIONS, Genotype
from relnas_mm.datasets.arrays import Augmentation, Draws, ImageArrays
from relnas_mm.networks import build_operation, build_preprocessing, cifar_stem, drop_path, plan_cells

EDGE_OFFSETS = (0, 2, 5, 9)


class SupernetCell(nn.Module):
    def __init__(self, plan):
        super().__init__()
        self.preprocess0, self.preprocess1 = build_preprocessing(plan)
        self._ops = nn.ModuleList(
            build_operation(operation, plan.channels, plan.sampling_of(node))
            for target in range(4)
            for node in range(target + 2)
            for operation in OPERATIONS[:7]
        )

    def forward(self, s0: Tensor, s1: Tensor, edges, rate: float) -> Tensor:
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for target in range(4):
            parts = []
            for operation, node in edges[2 * target : 2 * target + 2]:
                module = self._ops[(EDGE_OFFSETS[target] + node) * 7 + OPERATIONS.index(operation)]
                part = module(states[node])
                if self.training and rate > 0 and not isinstance(module, nn.Identity):
                    part = drop_path(part, rate)
                parts.append(part)
            states.append(parts[0] + parts[1])
        return torch.cat(states[2:], dim=1)


class Supernet(nn.Module):
    def __init__(self, channels: int, cells: int, classes: int):
        super().__init__()
        plans = plan_cells(GENOTYPES["relativenas"], channels, cells)
        self.reductions = [plan.reduction for plan in plans]
        self.stem = cifar_stem(3 * channels)
        self.cells = nn.ModuleList(SupernetCell(plan) for plan in plans)
        self.classifier = nn.Linear(plans[-1].out_channels, classes)

    def forward(self, images: Tensor, genotype: Genotype, rate: float) -> Tensor:
        s0 = s1 = self.stem(images)
        for cell, reduction in zip(self.cells, self.reductions):
            s0, s1 = s1, cell(s0, s1, genotype.reduce if reduction else genotype.normal, rate)
        return self.classifier(F.adaptive_avg_pool2d(s1, 1).flatten(1))


def used_op_ids(genotype: Genotype, reduction: bool) -> set[int]:
    edges = genotype.reduce if reduction else genotype.normal
    return {
        (EDGE_OFFSETS[place // 2] + node) * 7 + OPERATIONS.index(operation)
        for place, (operation, node) in enumerate(edges)
    }


def merge(weights, teacher, student, teacher_genotype, student_genotype, reductions):
    """The rule of the reference implementation, key by key; `teacher` and `student` are whole state dicts."""
    merged = {}
    for key in weights:
        match = re.match(r"cells\.(\d+)\._ops\.(\d+)\.", key)
        source = teacher
        if match:
            reduction, op_id = reductions[int(match[1])], int(match[2])
            used = [used_op_ids(genotype, reduction) for genotype in (teacher_genotype, student_genotype)]
            if op_id not in used[0] and op_id in used[1]:
                source = student
        merged[key] = source[key].detach().clone()
    return merged


def train(supernet: Supernet, genotype: Genotype, batches, lr: float, rate: float) -> None:
    supernet.train()
    optimizer = torch.optim.SGD(supernet.parameters(), lr, momentum=0.9, weight_decay=3e-4)
    for images, labels in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(supernet(images, genotype, rate), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(supernet.parameters(), 5.0)
        optimizer.step()
        loss.item()


def infer(supernet: Supernet, genotype: Genotype, batches) -> float:
    """Mean loss; gradients are recorded, as in the reference implementation."""
    supernet.eval()
    total, count = 0.0, 0
    for images, labels in batches:
        total += F.cross_entropy(supernet(images, genotype, 0.0), labels, reduction="sum").item()
        count += len(labels)
    return total / count


class PilImages(Dataset):
    """The usual pipeline, one image at a time, with given draws, so that results can be compared."""

    def __init__(self, data: ImageArrays, order: Tensor, augmentation: Augmentation, draws: Draws):
        self.images = data.images.permute(0, 2, 3, 1).numpy()
        self.labels, self.order = data.labels.tolist(), order.tolist()
        self.augmentation, self.draws = augmentation, draws
        self.mean, self.std = (torch.tensor(part).view(3, 1, 1) for part in (data.mean, data.std))

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        index, side = self.order[place], self.images.shape[1]
        image = ImageOps.expand(Image.fromarray(self.images[index]), self.augmentation.padding)
        top, left = self.draws.corner[place].tolist()
        image = image.crop((left, top, left + side, top + side))
        if self.draws.flip[place]:
            image = ImageOps.mirror(image)
        pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(side, side, 3)
        tensor = (pixels.permute(2, 0, 1).float() / 255 - self.mean) / self.std
        row, column = self.draws.hole[place].tolist()
        half = self.augmentation.cutout // 2
        mask = torch.ones(side, side)
        mask[max(row - half, 0) : row + half, max(column - half, 0) : column + half] = 0
        return tensor * mask, self.labels[index]
