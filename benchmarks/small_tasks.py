"""Small downstream tasks of the benchmarks: a model, the search on the task, and where other backbones enter it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """A model, the search on its task, and where a backbone enters it.

    Args:
        config: Config of the model.
        search: Config of the search on the task.
        image: Height and width.
        metric: Key of the test metric.
        scale: Factor to percent.
        mobilenet: Arguments of MobileNetV2 besides its width.
        resnet: Arguments of ResNet-18, likewise.
        parts: From the channels of the backbone's outputs to the settings of neck and heads.
    """

    config: str
    search: str
    image: tuple[int, int]
    metric: str
    scale: float
    mobilenet: Mapping[str, Any]
    resnet: Mapping[str, Any]
    parts: Callable[[list[int]], dict[str, Any]]


def segmentation_parts(channels: list[int]) -> dict[str, Any]:
    low, middle, last = channels
    return {"decode_head": {"in_channels": last, "c1_in_channels": low}, "auxiliary_head": {"in_channels": middle}}


SEGMENTOR: dict[str, Any] = dict(
    metric="mIoU",
    scale=1.0,
    mobilenet=dict(out_indices=(1, 4, 6), strides=(1, 2, 2, 2, 1, 1, 1), dilations=(1, 1, 1, 1, 1, 2, 2)),
    resnet=dict(depth=18, out_indices=(0, 2, 3), strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2)),
    parts=segmentation_parts,
)
TASKS = {
    "detection": Task(
        "ssdlite/ssdlite160_relativenas-c16l6_4e_shapes-voc.py",
        "search/relativenas_ssdlite_shapes.py",
        (160, 160),
        "pascal_voc/mAP",
        100.0,
        dict(out_indices=(4, 6)),
        dict(depth=18, out_indices=(2, 3)),
        lambda channels: {
            "neck": {"in_channels": tuple(channels)},
            "bbox_head": {"in_channels": (*channels, 512, 256, 256, 64)},
        },
    ),
    "segmentation": Task(
        "deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes.py",
        "search/relativenas_deeplabv3plus_shapes.py",
        (128, 256),
        **SEGMENTOR,
    ),
    "camvid": Task(
        "deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_camvid-mini.py",
        "search/relativenas_deeplabv3plus_camvid-mini.py",
        (180, 240),
        **SEGMENTOR,
    ),
    "pose": Task(
        "simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py",
        "search/relativenas_simple-baseline_shapes.py",
        (128, 96),
        "coco/AP",
        100.0,
        dict(out_indices=(6,)),
        dict(depth=18, out_indices=(3,)),
        lambda channels: {"head": {"in_channels": channels[0]}},
    ),
}
