"""Batches of noise with annotations, as the models of each mm package read them."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

SIDE = 128
LARGER = {"DINOHead": 256, "LRASPPHead": 512, "SSDHead": 300}
"""Sides of images that parts of models need to be larger."""
BATCH = 2
BRANCHES = ("sup", "unsup_teacher", "unsup_student")


def noise(model: Mapping[str, Any], config: Mapping[str, Any], scope: str, training: bool) -> dict[str, Any]:
    """A batch for training or testing.

    Args:
        model: Settings of the model.
        config: The whole config.
        scope: The mm package of the model.
        training: Whether it has targets that only training needs.
    """
    if scope == "mmpose":
        return _pose(model, config, training)
    return _detection(model) if scope == "mmdet" else _segmentation(model)


def values_of(settings: Any, key: str) -> Iterator[Any]:
    """All values of a key in nested settings."""
    if isinstance(settings, Mapping):
        for name, value in settings.items():
            if name == key:
                yield value
            yield from values_of(value, key)
    elif isinstance(settings, (list, tuple)):
        for value in settings:
            yield from values_of(value, key)


def _side(model: Mapping[str, Any]) -> int:
    kinds = {str(kind).split(".")[-1] for kind in values_of(model, "type")}
    sides = [side for kind, side in LARGER.items() if kind in kinds]
    generators = [size for size in values_of(model, "input_size") if isinstance(size, int)]
    return max([SIDE, *(generators if "SSDHead" in kinds else []), *(sides if not generators else [])])


def _detection(model: Mapping[str, Any]) -> dict[str, Any]:
    from mmdet.testing import demo_mm_inputs, demo_track_inputs

    side = _side(model)
    kind = str(model.get("type"))
    if kind == "BaseReID":
        return _persons()
    shapes = [(3, side, side)] * BATCH
    if kind in ("QDTrack", "MaskTrackRCNN", "Mask2FormerVideo"):
        batch = demo_track_inputs(1, 2, [0], shapes[:1], num_classes=2, with_mask=True)
        for track in batch["data_samples"]:
            for sample in track.video_data_samples:
                _simplify(sample)
        return batch
    semantic_stride = 8 if next(values_of(model, "semantic_head"), None) else 1
    batch = demo_mm_inputs(
        BATCH, shapes, [3] * BATCH, 2, semantic_stride, with_mask=_reads_masks(model), with_semantic=True
    )
    for sample in batch["data_samples"]:
        _simplify(sample)
        if "rpn_head" not in model:
            _add_proposals(sample)
        sample.set_metainfo({"homography_matrix": np.eye(3, dtype=np.float32), "batch_input_shape": (side, side)})
    return batch


def in_branches(batch: dict[str, Any]) -> dict[str, Any]:
    """The same batch in each branch of semi-supervised training."""
    return {key: dict.fromkeys(BRANCHES, value) for key, value in batch.items()}


def _persons() -> dict[str, Any]:
    """Images of two persons, of the size to which configs of re-identification scale them."""
    from mmdet.structures import ReIDDataSample

    rng = torch.Generator().manual_seed(0)
    shape = (256, 128)
    batch: dict[str, Any] = {"inputs": [], "data_samples": []}
    for person in (0, 0, 1, 1):
        batch["inputs"].append(torch.randint(0, 256, (3, *shape), generator=rng, dtype=torch.uint8))
        sample = ReIDDataSample(metainfo={"img_shape": shape, "ori_shape": shape})
        batch["data_samples"].append(sample.set_gt_label(torch.tensor(person)))
    return batch


MASKS = ("Mask", "Panoptic", "SOLO", "CondInst", "BoxInst", "YOLACT", "PointRend", "RTMDetIns")
"""Parts of the names of types that read masks of objects."""


def _reads_masks(model: Mapping[str, Any]) -> bool:
    return any(part in str(kind) for kind in values_of(model, "type") for part in MASKS)


def _simplify(sample: Any) -> None:
    """Gives all objects the first class, which every model has, and no empty boxes."""
    boxes = sample.gt_instances.bboxes
    boxes[:, 2:] = torch.maximum(boxes[:, 2:], boxes[:, :2] + 8)
    sample.gt_instances.labels.zero_()


def _add_proposals(sample: Any) -> None:
    from mmengine.structures import InstanceData

    boxes = sample.gt_instances.bboxes
    sample.proposals = InstanceData(bboxes=boxes.clone(), scores=torch.ones(len(boxes)))


def _segmentation(model: Mapping[str, Any]) -> dict[str, Any]:
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    side, rng = _side(model), torch.Generator().manual_seed(0)
    classes = min([count for count in values_of(model, "num_classes") if isinstance(count, int)], default=2)
    batch: dict[str, Any] = {"inputs": [], "data_samples": []}
    for _ in range(BATCH):
        batch["inputs"].append(torch.randint(0, 256, (3, side, side), generator=rng, dtype=torch.uint8))
        shape = {"img_shape": (side, side), "ori_shape": (side, side), "pad_shape": (side, side), "flip": False}
        labels = torch.randint(0, max(classes, 2), (1, side, side), generator=rng)
        batch["data_samples"].append(SegDataSample(metainfo=shape, gt_sem_seg=PixelData(data=labels)))
    return batch


TARGETS = ("GenerateTarget", "BottomupGetHeatmapMask", "PackPoseInputs")
"""Steps of a pose pipeline that work on what noise has."""
PACKING = ("type", "meta_keys", "pack_transformed")
"""Arguments of the last one; some configs have others, of earlier versions."""


def _pose(model: Mapping[str, Any], config: Mapping[str, Any], training: bool) -> dict[str, Any]:
    import mmpose.datasets  # noqa: F401  (registers)
    from mmengine.dataset import Compose, pseudo_collate

    codec = config.get("codec") or {}
    codec = codec[0] if isinstance(codec, (list, tuple)) else codec
    steps = _target_steps(config, codec)
    pipeline = Compose(steps if training else steps[-1:])
    size = codec.get("input_size") or codec.get("image_size") or config.get("input_size") or (192, 256)
    width, height = (size, size) if isinstance(size, int) else size
    joints = _joints(model, config)
    people = [_person(width, height, joints, seed) for seed in range(BATCH)]
    for person in people:
        _as_codec_reads(person, str(codec.get("type")))
    return pseudo_collate([pipeline(person) for person in people])


def _target_steps(config: Mapping[str, Any], codec: Any) -> list[dict[str, Any]]:
    """Steps of the first pipeline that generates targets; without any, those that every pipeline has."""
    lists = [value for key, value in config.items() if "pipeline" in key and isinstance(value, (list, tuple))]
    for pipeline in [*lists, *values_of(config.get("train_dataloader") or {}, "pipeline")]:
        steps = [dict(step) for step in pipeline if str(step.get("type")).split(".")[-1] in TARGETS]
        if any(step["type"] == TARGETS[0] for step in steps):
            return [{key: step[key] for key in step if step["type"] != TARGETS[-1] or key in PACKING} for step in steps]
    return [{"type": TARGETS[0], "encoder": codec}, *({"type": step} for step in TARGETS[1:])]


def _as_codec_reads(person: dict[str, Any], codec: str) -> None:
    if codec == "DecoupledHeatmap":  # all four corners
        left, top, right, bottom = person["bbox"][0]
        person["bbox"] = np.array([[left, top, right, top, left, bottom, right, bottom]], dtype=np.float32)
    if codec == "AssociativeEmbedding":
        person["label_mapping_table"] = {"keypoint_indices": "keypoint_indices", "keypoint_weights": "keypoint_weights"}
    if codec == "Hand3DHeatmap":
        for key in ("keypoints", "transformed_keypoints"):
            points = person[key]
            person[key] = np.concatenate([points, np.zeros_like(points[..., :1])], axis=-1)


def _joints(model: Mapping[str, Any], config: Mapping[str, Any]) -> int:
    head = model.get("head") or {}
    for key in ("num_keypoints", "num_joints", "out_channels"):
        if isinstance(head.get(key), int):
            return head[key]
    if hands := head.get("keypoint_head_cfg"):
        return 2 * hands["out_channels"] // hands["depth_size"]
    return next((count for count in values_of(head, "num_keypoints") if isinstance(count, int)), 17)


def _person(width: int, height: int, joints: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    box = np.array([[width * 0.1, height * 0.1, width * 0.9, height * 0.9]], dtype=np.float32)
    points = rng.uniform(0.2, 0.8, (1, joints, 2)) * (width, height)
    visible = np.ones((1, joints), dtype=np.float32)
    return {
        "id": seed,
        "img_id": seed,
        "img_path": f"{seed}.jpg",
        "img": rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        "img_shape": (height, width),
        "ori_shape": (height, width),
        "input_size": (width, height),
        "input_center": np.array([width / 2, height / 2], dtype=np.float32),
        "input_scale": np.array([width, height], dtype=np.float32),
        "flip": False,
        "flip_direction": None,
        "flip_indices": list(range(joints)),
        "dataset_name": "coco",
        "category_id": [1],
        "num_keypoints": np.array([joints]),
        "bbox": box,
        "bbox_center": box[:, :2] + (box[:, 2:] - box[:, :2]) / 2,
        "bbox_scale": box[:, 2:] - box[:, :2],
        "bbox_score": np.ones(1, dtype=np.float32),
        "bbox_rotation": np.zeros(1, dtype=np.float32),
        "bbox_scores": np.ones(1, dtype=np.float32),
        "area": np.array([width * height * 0.64], dtype=np.float32),
        "keypoints": points.astype(np.float32),
        "transformed_keypoints": points.astype(np.float32),
        "keypoints_visible": visible,
        "keypoints_visibility": visible,
        "keypoints_cam": rng.uniform(size=(1, joints, 3)).astype(np.float32),
        "dataset_keypoint_weights": np.ones(joints, dtype=np.float32),
        "upper_body_ids": list(range(joints // 2)),
        "lower_body_ids": list(range(joints // 2, joints)),
        "invalid_segs": [],
        "hand_type": np.array([[1, 0]], dtype=np.float32),
        "hand_type_valid": np.ones(1, dtype=np.float32),
        "rel_root_depth": np.float32(0.1),
        "rel_root_valid": np.float32(1),
        "abs_depth": np.float32(1),
        "focal": np.array([1500.0, 1500.0], dtype=np.float32),
        "principal_pt": np.array([width / 2, height / 2], dtype=np.float32),
        "warp_mat": np.eye(2, 3, dtype=np.float32),
    }
