"""Data pipelines of the written configs; they refer to variables that stand above them in the config."""

from typing import Any

from relnas_mm.transfer.text import Code

LARGEST_CROP = 512
Steps = list[dict[str, Any]]
META_KEYS = ("img_id", "img_path", "ori_shape", "img_shape", "scale_factor")


def ssd_training() -> Steps:
    """Augmentation of SSD: expanded and cropped images of one size."""
    return [
        {"type": "LoadImageFromFile"},
        {"type": "LoadAnnotations", "with_bbox": True},
        {"type": "Expand", "mean": [123.675, 116.28, 103.53], "to_rgb": True, "ratio_range": (1, 4)},
        {"type": "MinIoURandomCrop", "min_ious": (0.1, 0.3, 0.5, 0.7, 0.9), "min_crop_size": 0.3},
        {"type": "Resize", "scale": Code("image_size"), "keep_ratio": False},
        {"type": "RandomFlip", "prob": 0.5},
        {
            "type": "PhotoMetricDistortion",
            "brightness_delta": 32,
            "contrast_range": (0.5, 1.5),
            "saturation_range": (0.5, 1.5),
            "hue_delta": 18,
        },
        {"type": "PackDetInputs"},
    ]


def detector_training() -> Steps:
    """Images of at most the given size, flipped at random."""
    return [
        {"type": "LoadImageFromFile"},
        {"type": "LoadAnnotations", "with_bbox": True},
        {"type": "Resize", "scale": Code("image_size"), "keep_ratio": True},
        {"type": "RandomFlip", "prob": 0.5},
        {"type": "PackDetInputs"},
    ]


def detector_testing(keep_ratio: bool) -> Steps:
    """Images of the same size; boxes stay in the coordinates of the original image.

    Args:
        keep_ratio: Whether images keep their ratio.
    """
    return [
        {"type": "LoadImageFromFile"},
        {"type": "Resize", "scale": Code("image_size"), "keep_ratio": keep_ratio},
        {"type": "LoadAnnotations", "with_bbox": True},
        {"type": "PackDetInputs", "meta_keys": META_KEYS},
    ]


def segmentor_training() -> Steps:
    """Random crops of images at random scales."""
    return [
        {"type": "LoadImageFromFile"},
        {"type": "LoadAnnotations"},
        {"type": "RandomResize", "scale": Code("image_size"), "ratio_range": (0.5, 2.0), "keep_ratio": True},
        {"type": "RandomCrop", "crop_size": Code("crop_size"), "cat_max_ratio": 0.75},
        {"type": "RandomFlip", "prob": 0.5},
        {"type": "PhotoMetricDistortion"},
        {"type": "PackSegInputs"},
    ]


def segmentor_testing() -> Steps:
    """Whole images; label maps keep their size."""
    return [
        {"type": "LoadImageFromFile"},
        {"type": "Resize", "scale": Code("image_size"), "keep_ratio": True},
        {"type": "LoadAnnotations"},
        {"type": "PackSegInputs"},
    ]


def pose_training() -> Steps:
    """Persons, turned and scaled at random."""
    return [
        {"type": "LoadImage"},
        {"type": "GetBBoxCenterScale", "padding": 1.25},
        {"type": "RandomFlip", "direction": "horizontal", "prob": 0.5},
        {"type": "RandomBBoxTransform", "shift_prob": 0, "rotate_factor": 60, "scale_factor": (0.7, 1.3)},
        {"type": "TopdownAffine", "input_size": Code('codec["input_size"]')},
        {"type": "GenerateTarget", "encoder": Code("codec")},
        {"type": "PackPoseInputs"},
    ]


def pose_testing() -> Steps:
    """Persons as they are."""
    return [
        {"type": "LoadImage"},
        {"type": "GetBBoxCenterScale", "padding": 1.25},
        {"type": "TopdownAffine", "input_size": Code('codec["input_size"]')},
        {"type": "PackPoseInputs"},
    ]


def crop_size(image_size: tuple[int, int] | None) -> tuple[int, int]:
    """Height and width of crops: those of the images, rounded up to a multiple of 32, at most `LARGEST_CROP`.

    Args:
        image_size: Width and height of the images; `None` for Cityscapes.
    """
    if image_size is None:
        return LARGEST_CROP, 2 * LARGEST_CROP
    width, height = (min(LARGEST_CROP, -(-side // 32) * 32) for side in image_size)
    return height, width


HEATMAPS = {"type": "MSRAHeatmap", "input_size": (192, 256), "heatmap_size": (48, 64), "sigma": 2}
SIMCC = {
    "type": "SimCCLabel",
    "input_size": (192, 256),
    "sigma": (4.9, 5.66),
    "simcc_split_ratio": 2.0,
    "normalize": False,
}
RTMPOSE_HEAD = {
    "type": "RTMCCHead",
    "input_size": Code('codec["input_size"]'),
    "in_featuremap_size": (6, 8),
    "simcc_split_ratio": Code('codec["simcc_split_ratio"]'),
    "final_layer_kernel_size": 7,
    "gau_cfg": {
        "hidden_dims": 256,
        "s": 128,
        "expansion_factor": 2,
        "dropout_rate": 0.0,
        "drop_path": 0.0,
        "act_fn": "SiLU",
        "use_rel_bias": False,
        "pos_enc": False,
    },
    "loss": {"type": "KLDiscretLoss", "use_target_weight": True, "beta": 10.0, "label_softmax": True},
}
CODECS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "simple-baseline": (HEATMAPS, {}),
    "rtmpose": (SIMCC, RTMPOSE_HEAD),
}
"""Codec, and settings of the head beside its channels, by task."""
