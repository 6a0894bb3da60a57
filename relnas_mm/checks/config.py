"""Validates a config before anything is built or written."""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.registry import DATASETS, OPTIMIZERS

from relnas_mm.datasets.class_names import check_class_names
from relnas_mm.errors import UserError
from relnas_mm.outputs import output_folder


def check_before_running(config: Config, loaders: tuple[str, ...]) -> None:
    """Checks data files, class names, crops and the work_dir of a config.

    Args:
        config: The complete config.
        loaders: Data loaders that the tool uses, such as 'train_dataloader'.

    Raises:
        UserError: A data folder or annotation file is missing, class names are invalid, a crop size of a segmentor is
            invalid, or the work_dir cannot be written.
    """
    for loader in loaders:
        _check_workers(loader, config.get(loader) or {})
        for dataset in _datasets(config.get(loader) or {}):
            _check_dataset(loader, dataset, config.get("default_scope"))
        _check_arguments(loader, (config.get(loader) or {}).get("dataset"), config.get("default_scope"))
    if "train_dataloader" in loaders:
        _check_training_crops(config)
        _check_optimizer(config)
    _check_windows((config.get("model") or {}).get("test_cfg") or {})
    output_folder(config.work_dir, "the work_dir")


def _check_optimizer(config: Config) -> None:
    """Checks the type of the optimizer, which MMEngine's constructor asks for its arguments without looking at it."""
    optimizer = (config.get("optim_wrapper") or {}).get("optimizer") or {}
    kind = optimizer.get("type") if isinstance(optimizer, Mapping) else None
    if not isinstance(kind, str):
        return
    with OPTIMIZERS.switch_scope_and_registry(config.get("default_scope")) as registry:
        if registry.get(kind) is None:
            raise UserError(
                f"optim_wrapper.optimizer.type is {kind!r}, which is no registered optimizer, such as 'SGD'"
            )


def _check_workers(name: str, loader: Mapping[str, Any]) -> None:
    """Checks the number of workers of a loader against the options that need some."""
    workers = loader.get("num_workers", 0)
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        raise UserError(f"{name}.num_workers is {workers!r}; it must be an integer of at least 0")
    for option in ("persistent_workers", "prefetch_factor"):
        if workers == 0 and loader.get(option):
            raise UserError(
                f"{name}.num_workers is 0, but {name}.{option} is {loader[option]!r}, which needs workers; set it to "
                f"{False if option == 'persistent_workers' else None}"
            )


def check_pretrained(config: Config) -> None:
    """Checks that the file of the backbone's pretrained weights exists.

    Raises:
        UserError: It does not exist.
    """
    backbone = (config.get("model") or {}).get("backbone") or {}
    init = backbone.get("init_cfg")
    source = init.get("checkpoint") if isinstance(init, dict) else None
    if source and "://" not in source and not Path(source).is_file():
        raise UserError(
            f"the pretrained weights {source!r} (model.backbone.init_cfg) do not exist; name a file by --cfg-options "
            "model.backbone.init_cfg.checkpoint=FILE, or start from random weights by model.backbone.init_cfg=None"
        )


INITIAL_WEIGHTS = ("init_cfg", "pretrained")
"""Keys of models and backbones that name weights."""


def without_initial_weights(node: Any) -> Any:
    """A copy of a model's config that names no weights to load; mappings keep their class, as mm reads attributes."""
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if key not in INITIAL_WEIGHTS}
        return type(node)({key: without_initial_weights(value) for key, value in kept.items()})
    return type(node)(map(without_initial_weights, node)) if isinstance(node, (list, tuple)) else node


def _datasets(node: Any) -> Iterator[ConfigDict]:
    """Yields all data sets of a loader, including those wrapped by RepeatDataset, ConcatDataset and the like."""
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from _datasets(item)
    elif isinstance(node, dict):
        if "data_root" in node:
            yield node  # type: ignore[misc]
        for key in ("dataset", "datasets", "data"):
            yield from _datasets(node.get(key))


def _check_dataset(loader: str, dataset: ConfigDict, scope: str | None) -> None:
    root = dataset.get("data_root") or ""
    metainfo = dataset.get("metainfo")
    if isinstance(metainfo, dict) and "classes" in metainfo:
        check_class_names(metainfo["classes"], f"metainfo ({loader})")
    elif _needs_classes(dataset, scope):
        raise UserError(
            f"metainfo ({loader}) names no classes, and neither does {dataset.get('type')}; name them, in the order of "
            "their numbers in the label maps, as metainfo=dict(classes=('road', …))"
        )
    if "://" in root:
        return
    if root and not Path(root).is_dir():
        raise UserError(
            f"the data folder {root!r} ({loader}) does not exist; set data_root in the config or by --cfg-options"
        )
    annotations = dataset.get("ann_file")
    if isinstance(annotations, str) and annotations and not Path(root, annotations).is_file():
        raise UserError(f"the annotation file {str(Path(root, annotations))!r} ({loader}) does not exist")


def _check_arguments(loader: str, node: Any, scope: str | None) -> None:
    """Checks the names of arguments of data sets, and of those that they wrap, where a class names all it takes."""
    for dataset in node if isinstance(node, (list, tuple)) else [node]:
        if not isinstance(dataset, dict):
            continue
        kind = _kind(dataset, scope)
        taken = inspect.signature(kind).parameters if kind else {}
        allowed = sorted(taken)
        unknown = sorted(set(dataset) - {*allowed, "type", "_scope_"})
        if unknown and kind and not any(each.kind == each.VAR_KEYWORD for each in taken.values()):
            raise UserError(
                f"{dataset.get('type')} ({loader}) does not take {', '.join(unknown)}; it takes {', '.join(allowed)}"
            )
        for key in ("dataset", "datasets"):
            _check_arguments(loader, dataset.get(key), scope)


def _kind(dataset: Mapping[str, Any], scope: str | None) -> type | None:
    """The class of a data set; `None` if no registry knows it."""
    name = dataset.get("type")
    if name is None or isinstance(name, type):
        return name
    return DATASETS.get(str(name) if scope is None or "." in str(name) else f"{scope}.{name}")


def _needs_classes(dataset: ConfigDict, scope: str | None) -> bool:
    """Whether the data set is one of mmseg's, which have no meaning without classes, and its type knows none."""
    name = str(dataset.get("type"))
    if not (name.startswith("mmseg.") or ("." not in name and scope == "mmseg")):
        return False
    kind = _kind(dataset, scope)
    if kind is None or not any(base.__name__ == "BaseSegDataset" for base in kind.__mro__):
        return False
    return not kind.METAINFO.get("classes")


def _check_training_crops(config: Config) -> None:
    """Checks crops against the size to which mmseg's preprocessor pads a batch."""
    size = ((config.get("model") or {}).get("data_preprocessor") or {}).get("size")
    if not isinstance(size, (list, tuple)):
        return
    for dataset in _datasets(config.get("train_dataloader") or {}):
        for step in dataset.get("pipeline") or ():
            crop = step.get("crop_size") if step.get("type") == "RandomCrop" else None
            if isinstance(crop, (list, tuple)) and any(side > most for side, most in zip(crop, size)):
                raise UserError(
                    f"crop_size of RandomCrop (train_dataloader) is {tuple(crop)}, but model.data_preprocessor.size is "
                    f"{tuple(size)}; a crop may not be larger"
                )


def _check_windows(test_cfg: Mapping[str, Any]) -> None:
    """Checks sliding windows; a stride above the window size would leave pixels without a prediction."""
    if test_cfg.get("mode") != "slide":
        return
    crop, stride = test_cfg.get("crop_size"), test_cfg.get("stride")
    if not crop or not stride or any(not 0 < step <= side for step, side in zip(stride, crop)):
        raise UserError(
            f"model.test_cfg has stride {stride} and crop_size {crop} in mode 'slide'; both must be given, and the "
            "stride must be from 1 to the window size"
        )
