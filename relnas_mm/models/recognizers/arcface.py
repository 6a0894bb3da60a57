"""Face recognition by ArcFace (Deng et al., CVPR 2019)."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import Tensor, nn

from relnas_mm.errors import UserError


def add_margin(cosines: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Adds an angular margin, in radians, to the target classes of cosines, (n, classes).

    Where the angle would exceed pi, the cosine is extrapolated linearly, so that logits stay monotonic.
    """
    target = cosines.gather(1, labels[:, None]).clamp(-1 + 1e-7, 1 - 1e-7)
    with_margin = torch.cos(torch.acos(target) + margin)
    extrapolated = target - math.sin(math.pi - margin) * margin
    within = target > math.cos(math.pi - margin)
    return cosines.scatter(1, labels[:, None], torch.where(within, with_margin, extrapolated))


@MODELS.register_module()
class ArcFaceRecognizer(BaseModel):
    """A backbone with an embedding of its last output, trained with one class per person.

    The embedding consists of global average pooling, batch normalization, a linear layer and batch normalization.

    Args:
        backbone: Config of a backbone, of whose outputs the last is used.
        in_channels: Channels of that output; `None` means the last of the backbone's `out_channels`.
        num_classes: Number of persons in the training data.
        embedding: Dimension of the embedding.
        scale: Factor of the cosines.
        margin: Angular margin in radians, 0 <= margin < pi / 2.
        data_preprocessor: As for any mm model.
        init_cfg: As for any mm model.

    Raises:
        UserError: A value is out of range.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        num_classes: int,
        in_channels: int | None = None,
        embedding: int = 512,
        scale: float = 64.0,
        margin: float = 0.5,
        data_preprocessor: "dict[str, Any] | nn.Module | None" = None,
        init_cfg: "dict[str, Any] | list[dict[str, Any]] | None" = None,
    ):
        super().__init__(data_preprocessor, init_cfg)  # type: ignore[arg-type]
        if num_classes < 2 or embedding < 1:
            raise UserError(
                f"num_classes is {num_classes!r} and embedding {embedding!r}; they must be at least 2 and 1"
            )
        if scale <= 0 or not 0 <= margin < math.pi / 2:
            raise UserError(f"scale is {scale!r} and margin {margin!r}; required: scale > 0 and 0 <= margin < pi / 2")
        self.num_classes, self.scale, self.margin = num_classes, scale, margin
        self.backbone = MODELS.build(backbone)
        channels = in_channels or self.backbone.out_channels[-1]
        self.embedding = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.BatchNorm1d(channels),
            nn.Linear(channels, embedding, bias=False),
            nn.BatchNorm1d(embedding),
        )
        self.centres = nn.Parameter(torch.randn(num_classes, embedding) * 0.01)

    def forward(  # type: ignore[override]  # as in MMEngine, where samples are a list and not one tensor
        self, inputs: Tensor, data_samples: "Tensor | None" = None, mode: str = "tensor"
    ) -> "Tensor | dict[str, Tensor] | list[dict[str, Tensor]]":
        """Runs the model in one of MMEngine's modes.

        Args:
            inputs: Images, (n, c, h, w), or pairs of them, (n, 2, c, h, w); bytes are scaled to values from -1 to 1.
            data_samples: Indices of persons, (n,), int64, for losses; for pairs, whether they show the same person.
            mode: 'tensor' for embeddings of norm 1, (n, embedding) or (n, 2, embedding); 'loss' for a dict of losses;
                'predict' for a list of dicts with the cosine `similarity` of pairs or the `embedding` of single images,
                and, if known, `gt_label`.
        """
        embeddings = self._embed(inputs)
        if mode == "tensor":
            return embeddings
        if mode == "loss":
            assert data_samples is not None
            cosines = embeddings @ F.normalize(self.centres).T
            logits = self.scale * add_margin(cosines, data_samples, self.margin)
            return {"loss_arcface": F.cross_entropy(logits, data_samples)}
        pairs = inputs.dim() == 5
        values = (embeddings[:, 0] * embeddings[:, 1]).sum(dim=1) if pairs else embeddings
        predictions: list[dict[str, Tensor]] = [{"similarity" if pairs else "embedding": value} for value in values]
        for prediction, label in zip(predictions, [] if data_samples is None else data_samples):
            prediction["gt_label"] = label
        return predictions

    def _embed(self, inputs: Tensor) -> Tensor:
        images = inputs.flatten(0, 1) if inputs.dim() == 5 else inputs
        if images.dtype == torch.uint8:
            images = (images.float() - 127.5) / 127.5
        embeddings = F.normalize(self.embedding(self.backbone(images)[-1]))
        return embeddings.unflatten(0, inputs.shape[:2]) if inputs.dim() == 5 else embeddings
