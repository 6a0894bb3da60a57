"""The tasks for which complete configs are written: base configs, and what depends on the backbone in each model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from relnas_mm.transfer.cell import OUTPUTS, CellChoice, Index

Heads = Callable[[Mapping[Index, int], int], dict[str, Any]]
"""From the channels of each output and the number of classes or joints to settings of the model."""
BATCH_NORM = {"type": "BN", "requires_grad": True}


@dataclass(frozen=True)
class Task:
    """A kind of model.

    Args:
        title: In words.
        purpose: 'detection', 'segmentation' or 'pose'.
        model: Config of the model.
        out_indices: Outputs of the backbone that it reads.
        heads: What depends on them.
        bases: Other configs that it inherits from.
        epochs: Length of training, and the epochs after which the learning rate falls, of detectors.
        learning_rate: Of detectors.
        image_size: Of detectors: width and height; with `keep_ratio`, the largest.
        keep_ratio: Whether images keep their ratio.
        batch_size: Images of a step.
        output_stride: Largest stride of the backbone.
        without_data: Config of well-known data, for a config without `--data`.
    """

    title: str
    purpose: str
    model: str
    out_indices: tuple[Index, ...]
    heads: Heads
    without_data: Mapping[str, str]
    bases: tuple[str, ...] = ()
    epochs: tuple[int, tuple[int, ...]] = (0, ())
    learning_rate: float = 0.01
    image_size: tuple[int, int] = (0, 0)
    keep_ratio: bool = False
    batch_size: int = 8
    output_stride: int = 32

    def model_settings(self, cell: CellChoice, count: int) -> dict[str, Any]:
        """Settings of the model that depend on the backbone and on the data.

        Args:
            cell: The backbone.
            count: Classes, or joints.
        """
        channels = {index: info.channels for index, info in cell.features(self.output_stride).items()}
        backbone = {"_delete_": True, **cell.config(self.out_indices, self.output_stride, self.norm_cfg)}
        if not cell.weights:
            backbone["init_cfg"] = None
        heads = self.heads({index: channels[index] for index in OUTPUTS}, count)
        around = heads.pop("backbone", None)
        return {"backbone": {**around, "backbone": backbone} if around else backbone, **heads}

    @property
    def norm_cfg(self) -> dict[str, Any] | None:
        """Normalization layers of the backbone, where models have others by default."""
        return {"type": "SyncBN", "requires_grad": True} if self.purpose == "segmentation" else None


def _ssdlite(channels: Mapping[Index, int], classes: int) -> dict[str, Any]:
    inputs = (channels[1], channels[2])
    return {
        "neck": {"in_channels": inputs},
        "bbox_head": {"num_classes": classes, "in_channels": (*inputs, 512, 256, 256, 64)},
    }


def _ssd(channels: Mapping[Index, int], classes: int) -> dict[str, Any]:
    inputs = (channels[0], channels[1], channels[2])
    levels = (*inputs, 512, 256, 256)
    return {
        "neck": {"in_channels": inputs, "out_channels": levels},
        "bbox_head": {"num_classes": classes, "in_channels": levels},
    }


def _faster_rcnn(channels: Mapping[Index, int], classes: int) -> dict[str, Any]:
    neck = {"in_channels": list(channels.values())}
    return {"neck": neck, "roi_head": {"bbox_head": {"num_classes": classes}}}


def _retinanet(channels: Mapping[Index, int], classes: int) -> dict[str, Any]:
    return {"neck": {"in_channels": list(channels.values())}, "bbox_head": {"num_classes": classes}}


def _deeplabv3(channels: Mapping[Index, int], classes: int) -> dict[str, Any]:
    return {
        "decode_head": {"in_channels": channels[2], "in_index": 1, "num_classes": classes},
        "auxiliary_head": {"in_channels": channels[1], "in_index": 0, "num_classes": classes},
    }


def _deeplabv3plus(channels: Mapping[Index, int], classes: int) -> dict[str, Any]:
    decode = {"in_channels": channels[2], "in_index": 2, "c1_in_channels": channels["stem"], "num_classes": classes}
    auxiliary = {"in_channels": channels[1], "in_index": 1, "num_classes": classes}
    return {"decode_head": decode, "auxiliary_head": auxiliary}


def _simple_baseline(channels: Mapping[Index, int], joints: int) -> dict[str, Any]:
    return {"head": {"in_channels": channels[2], "out_channels": joints}}


def _bisenet(channels: Mapping[Index, int], classes: int) -> dict[str, Any]:
    from relnas_mm.transfer.text import Code

    heads = Code(f"[dict(head, num_classes={classes}) for head in _base_.model.auxiliary_head]")
    return {
        "backbone": {"in_channels": (channels[1], channels[2])},
        "decode_head": {"num_classes": classes},
        "auxiliary_head": heads,
    }


CONFIGS = "relnas_mm::_base_/"
_DETECTION_DATA = {"voc": f"{CONFIGS}datasets/voc0712.py", "coco": f"{CONFIGS}datasets/coco_detection.py"}
_SEGMENTATION_DATA = {"cityscapes": f"{CONFIGS}datasets/cityscapes_512x1024.py"}
_POSE_DATA = {"coco": f"{CONFIGS}datasets/coco_keypoints_256x192.py"}
_DETECTION = {"purpose": "detection", "bases": ("mmdet::_base_/default_runtime.py",), "without_data": _DETECTION_DATA}
_PYRAMID = {
    **_DETECTION,
    "out_indices": OUTPUTS,
    "epochs": (12, (8, 11)),
    "image_size": (1000, 600),
    "keep_ratio": True,
    "batch_size": 2,
}
_SEGMENTATION = {
    "purpose": "segmentation",
    "bases": (f"{CONFIGS}segmentor_runtime.py", f"{CONFIGS}schedules/segmentor_80k.py"),
    "without_data": _SEGMENTATION_DATA,
}
_POSE = {
    "purpose": "pose",
    "model": f"{CONFIGS}models/simple_baseline_cell.py",
    "out_indices": (2,),
    "heads": _simple_baseline,
    "bases": (f"{CONFIGS}schedules/pose_140e.py",),
    "without_data": _POSE_DATA,
    "batch_size": 64,
}

TASKS: dict[str, Task] = {
    "ssdlite": Task(
        "SSDLite-320",
        model=f"{CONFIGS}models/ssdlite320_cell.py",
        out_indices=(1, 2),
        heads=_ssdlite,
        epochs=(200, (130, 180)),
        learning_rate=0.01,
        image_size=(320, 320),
        batch_size=32,
        **_DETECTION,
    ),
    "ssd": Task(
        "SSD300",
        model=f"{CONFIGS}models/ssd300_cell.py",
        out_indices=(0, 1, 2),
        heads=_ssd,
        epochs=(120, (80, 110)),
        learning_rate=2e-3,
        image_size=(300, 300),
        **_DETECTION,
    ),
    "faster-rcnn": Task(
        "Faster R-CNN with FPN",
        model=f"{CONFIGS}models/faster-rcnn_cell_fpn.py",
        heads=_faster_rcnn,
        **_PYRAMID,
    ),
    "retinanet": Task(
        "RetinaNet with FPN",
        model=f"{CONFIGS}models/retinanet_cell_fpn.py",
        heads=_retinanet,
        **_PYRAMID,
    ),
    "deeplabv3": Task(
        "DeepLabV3",
        model=f"{CONFIGS}models/deeplabv3_cell.py",
        out_indices=(1, 2),
        heads=_deeplabv3,
        output_stride=8,
        batch_size=2,
        **_SEGMENTATION,
    ),
    "deeplabv3plus": Task(
        "DeepLabV3+",
        model=f"{CONFIGS}models/deeplabv3plus_cell.py",
        out_indices=("stem", 1, 2),
        heads=_deeplabv3plus,
        output_stride=8,
        batch_size=2,
        **_SEGMENTATION,
    ),
    "bisenet": Task(
        "BiSeNet",
        model=f"{CONFIGS}models/bisenet_cell.py",
        out_indices=(1, 2),
        heads=_bisenet,
        **{**_SEGMENTATION, "bases": (f"{CONFIGS}segmentor_runtime.py", f"{CONFIGS}schedules/bisenet_80k.py")},
    ),
    "simple-baseline": Task("SimpleBaseline", **_POSE),
    "rtmpose": Task("RTMPose's head", **_POSE),
}
"""By their names on the command line."""
