"""Synthetic annotations, with which heads run without data."""

from typing import Any

import numpy as np
import torch

from relnas_mm.compat import require

Shape = tuple[int, int]


def detection_samples(count: int, shape: Shape, device: torch.device, masks: bool = False) -> list[Any]:
    """Creates `DetDataSample`s with eight boxes of class 0.

    Args:
        count: Number of images.
        shape: Height and width of the images, in pixels.
        device: Device of the annotations.
        masks: Whether to add instance masks, on which some box-only heads fail.
    """
    require("mmdet", "detectors")
    from mmdet.structures import DetDataSample
    from mmdet.structures.mask import BitmapMasks
    from mmengine.structures import InstanceData

    height, width = shape
    meta = dict.fromkeys(("img_shape", "ori_shape", "pad_shape", "batch_input_shape"), shape)
    # Boxes of growing size along the diagonal, so that every level of a detector has something to match.
    ends = torch.linspace(0.2, 1.0, 8)[:, None] * torch.tensor([width, height, width, height], dtype=torch.float32)
    corners = ends * torch.tensor([0.4, 0.4, 1.0, 1.0])
    samples = []
    for index in range(count):
        sample = DetDataSample(metainfo={**meta, "img_id": index, "scale_factor": (1.0, 1.0), "flip": False})
        sample.gt_instances = InstanceData(
            bboxes=corners.to(device), labels=torch.zeros(len(corners), dtype=torch.int64, device=device)
        )
        if masks:
            outlines = np.ones((len(corners), height, width), dtype=np.uint8)
            sample.gt_instances.masks = BitmapMasks(outlines, height, width)
        sample.ignored_instances = InstanceData(
            bboxes=corners[:0].to(device), labels=torch.zeros(0, dtype=torch.int64, device=device)
        )
        samples.append(sample)
    return samples


def segmentation_samples(count: int, shape: Shape, device: torch.device) -> list[Any]:
    """Creates `SegDataSample`s whose left half is class 0 and right half class 1.

    Args:
        count: Number of images.
        shape: Height and width of the images, in pixels.
        device: Device of the annotations.
    """
    require("mmseg", "segmentors")
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    labels = torch.zeros(1, *shape, dtype=torch.int64, device=device)
    labels[..., shape[1] // 2 :] = 1
    meta = dict.fromkeys(("img_shape", "ori_shape", "pad_shape"), shape)
    return [SegDataSample(metainfo=meta, gt_sem_seg=PixelData(data=labels)) for _ in range(count)]
