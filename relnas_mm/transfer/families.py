"""What general rules cannot know about parts of mm models, by the type of the part."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from relnas_mm.transfer.mapping import Levels, renumbered

TIED = {
    "CentripetalHead": "reads one map of equal size from each stack of an hourglass; take CenterNet instead",
    "CornerHead": "reads one map of equal size from each stack of an hourglass; take CenterNet instead",
    "CPM": "refines heatmaps in stages of its own; take a config with HeatmapHead instead",
    "DDRHead": "reads two branches in training and one in testing, as only DDRNet gives them; take DeepLabV3+ instead",
    "DPTHead": "reads the class token of a vision transformer; take UPerNet instead",
    "DWPoseDistiller": "builds teacher and student from two other configs; transfer that of the student",
    "ICNet": "runs the stages of a ResNet one by one on images of two sizes; take BiSeNetV1 or STDC instead",
    "MLANeck": "adds four maps of equal size, as a vision transformer gives them; take SETR-PUP instead",
    "MSPN": "has a head for each stage of its own; take a config with HeatmapHead instead",
    "MultimodalEncoderDecoder": "reads the image encoder of CLIP; take Mask2Former instead",
    "PIDHead": "reads the three branches of PIDNet; take DeepLabV3+ instead",
    "PoseLifter": "lifts keypoints and reads no images, so it has no place for a backbone",
    "RFP": "runs a second backbone that takes its outputs back in; take the config with plain FPN instead",
    "RSN": "has a head for each stage of its own; take a config with HeatmapHead instead",
    "TridentResNet": "gives three branches of one map, which TridentRoIHead reads; take Faster R-CNN instead",
    "VPD": "is the denoising network of a diffusion model; it has no place for another backbone",
}
"""Types that only fit their own backbone, why, and what to take instead."""

ASSUMED_STRIDES = {"VisionTransformer": 16}
"""Stride of backbones of packages that may be missing, where the number of outputs does not tell it."""

PYRAMIDS = ("Feature2Pyramid", "MultiLevelNeck")
"""Necks that scale maps of equal size to a pyramid, which a cell gives without them."""

DECONVOLVING = ("AssociativeEmbeddingHead", "CPMHead", "DSNTHead", "HeatmapHead", "IntegralRegressionHead")
"""Heads of mmpose that can enlarge what they read by transposed convolutions."""
DECONVOLUTION = {"channels": 256, "kernel": 4}

LAYER_DECAY = "Decay"
"""Part of the names of optimizer constructors that know the layers of certain backbones."""


def pass_through(neck: Any, levels: Levels) -> Levels | None:
    """The maps that heads read behind a neck which passes those of the backbone on.

    Args:
        neck: Its settings, which are changed where they repeat channels.
        levels: What it reads.

    Returns:
        `None` if the neck has channels of its own, so that heads need no change.
    """
    kind = neck["type"].split(".")[-1]
    if kind in _PASSING:
        return _PASSING[kind](neck, levels)
    if "out_channels" in neck and neck["out_channels"] is None:  # those that it reads
        return levels
    return None if "out_channels" in neck or "in_channels" in neck or "in_channel" in neck else levels


def _processor(neck: Any, levels: Levels) -> Levels:
    if neck.get("concat"):
        select = neck.get("select_index")
        return levels.concatenated([select] if isinstance(select, int) else select)
    select = neck.get("select_index")
    if select is None:
        return levels
    select = [select] if isinstance(select, int) else list(select)
    new = [levels.substitutes[place] for place in select]
    return Levels(tuple(levels.old[place] for place in select), tuple(new), tuple(range(len(new))))


def _ssd(neck: Any, levels: Levels) -> Levels:
    old = tuple(neck["out_channels"])
    neck["out_channels"] = renumbered(neck["out_channels"], levels) or neck["out_channels"]
    return Levels(old, tuple(neck["out_channels"]), tuple(range(len(old))))


def _jpu(neck: Any, levels: Levels) -> Levels:
    start, fused = neck.get("start_level", 0), len(neck.get("dilations", range(4))) * neck.get("mid_channels", 512)
    old, new = (*levels.old[start:-1], fused), (*levels.substitutes[start:-1], fused)
    return Levels(old, new, tuple(range(len(new))))


_PASSING: dict[str, Callable[[Any, Levels], Levels]] = {"FeatureMapProcessor": _processor, "SSDNeck": _ssd, "JPU": _jpu}


def _bisenet(wrapper: Any, levels: Levels) -> Levels:
    """Both paths together have as many channels as the backbone at stride 16, which mmseg takes for their sum."""
    *_, middle, last = levels.substitutes
    old, new, fused = wrapper["context_channels"][0], middle // 2, wrapper.get("out_channels", 256)
    wrapper["context_channels"] = (new, middle, last)
    wrapper["spatial_channels"] = (*wrapper.get("spatial_channels", (64, 64, 64))[:3], middle - new)
    return Levels((fused, old, old), (fused, new, new), (0, 1, 2))


def _stdc(wrapper: Any, levels: Levels) -> Levels:
    (old, *_), (new, *_) = levels.old, levels.substitutes
    arms, fused = wrapper["out_channels"], wrapper["ffm_cfg"]["out_channels"]
    wrapper["last_in_channels"] = renumbered(wrapper["last_in_channels"], levels)
    wrapper["ffm_cfg"]["in_channels"] += new - old
    return Levels((old, arms, arms, fused), (new, arms, arms, fused), (0, 1, 2, 3))


def _paths(wrapper: Any, levels: Levels) -> None:
    wrapper["in_channels"] = renumbered(wrapper["in_channels"], levels)


WRAPPERS: dict[str, tuple[str, Callable[[Any, Levels], Levels | None]]] = {
    "BiSeNetV1": ("backbone_cfg", _bisenet),
    "STDCContextPathNet": ("backbone_cfg", _stdc),
    "BiSeNetPaths": ("backbone", _paths),
}
"""Backbones around another one: where that stands, and what changes beside it; the result is as in `pass_through`."""


def follow_inputs(part: Any) -> None:
    """Changes settings of a head that must fit its new number of input channels.

    Args:
        part: Its settings with new `in_channels`, changed in place.
    """
    inputs = part.get("in_channels")
    if part.get("num_convs") == 0 and isinstance(inputs, int):  # mmseg's FCNHead without a layer of its own
        part["channels"] = inputs
    groups = part.get("deconv_num_groups")
    if groups and isinstance(inputs, int):  # mmpose's ViPNAS heads
        outputs = part.get("deconv_out_channels", (inputs,))[0]
        part["deconv_num_groups"] = (math.gcd(inputs, outputs, groups[0]), *groups[1:])


def more_deconvolutions(head: Any, stride: int, new_stride: int) -> None:
    """Lets a head enlarge a map of larger stride to the size it had.

    Args:
        head: Its settings, changed in place.
        stride: Of the map that it read.
        new_stride: Of the map that it reads now.
    """
    channels, kernels = (_listed(head, key, default) for key, default in _DECONVOLUTIONS.items())
    count = (new_stride // stride).bit_length() - 1
    head["deconv_out_channels"] = (*[DECONVOLUTION["channels"]] * count, *channels)
    head["deconv_kernel_sizes"] = (*[DECONVOLUTION["kernel"]] * count, *kernels)


_DECONVOLUTIONS = {"deconv_out_channels": (256, 256, 256), "deconv_kernel_sizes": (4, 4, 4)}
"""Defaults of mmpose."""


def _listed(head: Any, key: str, default: Sequence[int]) -> Sequence[int]:
    if head.get("deconv_out_channels", default) is None:
        return ()
    return head.get(key, default) or ()
