"""A complete config for a task: model, data, evaluation and, for detectors, the schedule."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.transfer import pipelines
from relnas_mm.transfer.cell import CellChoice
from relnas_mm.transfer.joints import pose_metainfo
from relnas_mm.transfer.layouts import Data
from relnas_mm.transfer.tasks import TASKS, Task
from relnas_mm.transfer.text import Code, Commented, assigned, comment_lines

WELL_KNOWN = {"voc": 20, "coco": 80, "cityscapes": 19}
"""Classes of the data sets that configs without `--data` read."""
COCO_JOINTS = 17
WORKERS = 2
Assignments = Iterator[tuple[str, Any]]


def new_config(task_name: str, cell: CellChoice, data: Data | None, form: str) -> str:
    """The text of a config.

    Args:
        task_name: A key of `TASKS`.
        cell: The backbone.
        data: What was found; `None` for the well-known data of the task.
        form: Their format.

    Raises:
        UserError: There is no such config without data.
    """
    task = TASKS[task_name]
    title = f"{task.title} with {cell.source!r} as the backbone, written by `relnas-mm transfer`."
    parts = [comment_lines(title, 0), *_bases(task, data, form)]
    for name, value in _assignments(task_name, task, cell, data, form):
        if isinstance(value, Commented):
            parts.append("\n")
        parts.append(assigned(name, value))
    return "".join(parts)


def _bases(task: Task, data: Data | None, form: str) -> list[str]:
    bases = [task.model, *task.bases]
    if data is None:
        if form not in task.without_data:
            raise UserError(f"--format is {form!r} without --data; name the folder of the data")
        bases.insert(1, task.without_data[form])
    imports = {"imports": ["relnas_mm"], "allow_failed_imports": False}
    return [assigned("_base_", bases), assigned("custom_imports", imports)]


def _assignments(name: str, task: Task, cell: CellChoice, data: Data | None, form: str) -> Assignments:
    if task.purpose == "pose":
        joints = COCO_JOINTS if data is None or data.joints is None else len(data.joints.names)
        yield from _pose(name, task, cell, joints, data)
        return
    count = WELL_KNOWN[form] if data is None else len(data.classes)
    model = task.model_settings(cell, count)
    if task.purpose == "segmentation":
        crop = pipelines.crop_size(data.image_size if data else None)
        model["data_preprocessor"] = {"size": Code("crop_size")}
        yield "crop_size", Commented(crop, "Height and width of the parts of images that are trained on.")
    elif not cell.weights and name in ("faster-rcnn", "retinanet"):
        model["backbone"] |= {"frozen_stages": -1, "norm_eval": False}
    yield "model", Commented(model, _about(task, cell, count))
    if data is not None:
        yield from _data(name, task, data, form)
    if task.purpose == "detection":
        yield from _schedule(task)


def _about(task: Task, cell: CellChoice, count: int) -> str:
    features = cell.features(task.output_stride)
    outputs = ", ".join(f"{index!r} {info.channels}@{info.stride}" for index, info in features.items())
    weights = (
        "" if cell.weights else ' Weights: init_cfg=dict(type="Pretrained", checkpoint="backbone.pth") in the backbone.'
    )
    what = "joints" if task.purpose == "pose" else "classes"
    return f"Outputs of the cell, channels@stride: {outputs}. The model has {count} {what}.{weights}"


def _data(name: str, task: Task, data: Data, form: str) -> Assignments:
    yield (
        "data_root",
        Commented(_with_slash(data.root), "The data; ann_file and data_prefix are relative to the folder."),
    )
    yield "metainfo", {"classes": data.classes}
    if task.purpose == "detection":
        yield "image_size", Commented(task.image_size, "Width and height of images.")
        train = pipelines.ssd_training() if not task.keep_ratio else pipelines.detector_training()
        yield "train_pipeline", train
        yield "test_pipeline", pipelines.detector_testing(task.keep_ratio)
        filtered = {"filter_cfg": {"filter_empty_gt": True}}
        yield from _loaders(task, data, filtered, Code("metainfo"))
        yield from _detection_evaluators(data, form)
        return
    yield "image_size", Commented(data.image_size, "Width and height of images, before they are scaled by 0.5 to 2.")
    yield "train_pipeline", pipelines.segmentor_training()
    yield "test_pipeline", pipelines.segmentor_testing()
    yield from _loaders(task, data, {}, Code("metainfo"))
    yield "val_evaluator", {"type": "IoUMetric", "iou_metrics": ["mIoU"]}
    yield "test_evaluator", Code("val_evaluator")


def _loaders(task: Task, data: Data, training: Mapping[str, Any], metainfo: Any, **more: Any) -> Assignments:
    infinite = task.purpose == "segmentation"
    for split, parts in data.splits.items():
        train = split == "train"
        dataset = {"type": data.kind, "data_root": Code("data_root"), **parts.settings, **data.settings, **more}
        if metainfo is not None:
            dataset["metainfo"] = metainfo
        dataset |= training if train else {"test_mode": True}
        dataset["pipeline"] = Code("train_pipeline" if train else "test_pipeline")
        sampler: dict[str, Any] = {"type": "InfiniteSampler" if train and infinite else "DefaultSampler"}
        sampler["shuffle"] = train
        if task.purpose == "pose" and not train:
            sampler["round_up"] = False
        loader: dict[str, Any] = {
            "batch_size": task.batch_size if train or not infinite else 1,
            "num_workers": WORKERS,
            "persistent_workers": True,
        }
        if not train:
            loader["drop_last"] = False
        yield f"{split}_dataloader", {**loader, "sampler": sampler, "dataset": dataset}


def _detection_evaluators(data: Data, form: str) -> Assignments:
    for split in ("val", "test"):
        metric: dict[str, Any] = {"type": "VOCMetric", "metric": "mAP", "eval_mode": "area"}
        if form == "coco":
            metric = {"type": "CocoMetric", "ann_file": _annotations(data, split), "metric": "bbox"}
        yield f"{split}_evaluator", metric


def _annotations(data: Data, split: str) -> Code:
    return Code(f'data_root + "{data.splits[split].annotations}"')


def _schedule(task: Task) -> Assignments:
    epochs, milestones = task.epochs
    yield "max_epochs", Commented(epochs, "The schedule.")
    interval = max(1, epochs // 12)
    loop = {"type": "EpochBasedTrainLoop", "max_epochs": Code("max_epochs"), "val_interval": interval}
    yield "train_cfg", loop
    yield "val_cfg", {"type": "ValLoop"}
    yield "test_cfg", {"type": "TestLoop"}
    optimizer = {"type": "SGD", "lr": task.learning_rate, "momentum": 0.9, "weight_decay": 5e-4}
    yield "optim_wrapper", {"type": "OptimWrapper", "optimizer": optimizer, "clip_grad": {"max_norm": 35}}
    warm_up = {"type": "LinearLR", "start_factor": 0.001, "by_epoch": False, "begin": 0, "end": 500}
    falls = {"type": "MultiStepLR", "by_epoch": True, "begin": 0, "end": Code("max_epochs")}
    yield "param_scheduler", [warm_up, {**falls, "milestones": list(milestones), "gamma": 0.1}]
    yield "auto_scale_lr", {"enable": False, "base_batch_size": task.batch_size}


def _pose(name: str, task: Task, cell: CellChoice, joints: int, data: Data | None) -> Assignments:
    codec, head = pipelines.CODECS[name]
    yield "codec", Commented(codec, "How joints are encoded; input_size is width and height of a person's image.")
    model = task.model_settings(cell, joints)
    channels = model["head"]
    model["head"] = {**head, **channels, "decoder": Code("codec")}
    if name == "rtmpose":
        model["head"] = {"_delete_": True, **model["head"]}
        model["test_cfg"] = {"_delete_": True, "flip_test": True}
    yield "model", Commented(model, _about(task, cell, joints))
    yield "train_pipeline", pipelines.pose_training()
    if data is None:
        yield "train_dataloader", {"dataset": {"pipeline": Code("train_pipeline")}}
        return
    yield "test_pipeline", pipelines.pose_testing()
    yield (
        "data_root",
        Commented(_with_slash(data.root), "The data; ann_file and data_prefix are relative to the folder."),
    )
    metainfo = pose_metainfo(data.joints)
    if metainfo is not None:
        yield "metainfo", Commented(metainfo, "Joints that swap when an image is flipped are found by their names.")
    yield from _loaders(task, data, {}, None if metainfo is None else Code("metainfo"), data_mode="topdown")
    for split in ("val", "test"):
        yield f"{split}_evaluator", {"type": "CocoMetric", "ann_file": _annotations(data, split)}


def _with_slash(root: str) -> str:
    return root if root.endswith("/") else f"{Path(root).as_posix()}/"
