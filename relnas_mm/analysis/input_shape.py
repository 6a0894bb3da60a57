"""Image size at which a config's model is tested."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mmengine.config import Config

from relnas_mm.errors import UserError

Shape = tuple[int, int]

DATA_SIDES = {"cifar10": 32, "cifar100": 32, "idx": 28, "folder": 32}
"""Image size of in-memory data sets by type."""


@dataclass(frozen=True)
class InputShape:
    """Size of a network's input images.

    Args:
        height: Height in pixels.
        width: Width in pixels.
        source: Origin of the size, for reports.
    """

    height: int
    width: int
    source: str

    def __str__(self) -> str:
        return f"{self.height}x{self.width}"


def given_shape(height: int, width: int) -> InputShape:
    """The shape given by `--shape`.

    Raises:
        UserError: Height or width is not positive.
    """
    if height < 1 or width < 1:
        raise UserError(f"--shape is {height} {width}; height and width must be positive")
    return InputShape(height, width, "--shape")


def require_model(config: Config, source: str) -> None:
    """Checks that a config has a model, unlike that of a search.

    Raises:
        UserError: It has none.
    """
    if "model" not in config:
        raise UserError(f"the config {source!r} has no model")


def config_shape(config: Config, source: str) -> InputShape:
    """Input shape by a config's test pipeline and the padding of its data preprocessor.

    Args:
        config: A config of any mm package.
        source: Its path, for error messages.

    Raises:
        UserError: The config does not determine the size, or has no model.
    """
    require_model(config, source)
    model = config.model
    test = model.get("test_cfg") or {}
    if isinstance(test, dict) and test.get("mode") == "slide":
        return InputShape(*_square(test["crop_size"]), "model.test_cfg.crop_size, the sliding window")
    found = None
    for dataset in _datasets((config.get("test_dataloader") or {}).get("dataset")):
        found = _pipeline_shape(dataset.get("pipeline") or []) or _array_shape(dataset)
        if found:
            break
    found = found or _codec_shape(config)
    if found is None:
        raise UserError(f"the test pipeline of {source!r} does not say the image size; give it by --shape HEIGHT WIDTH")
    divisor = (model.get("data_preprocessor") or {}).get("pad_size_divisor", 1)
    return _padded(found, divisor, "the data preprocessor's pad_size_divisor")


def _pipeline_shape(pipeline: list[dict[str, Any]]) -> InputShape | None:
    found = None
    for step in pipeline:
        kind = str(step.get("type", "")).split(".")[-1]
        if kind in _READERS:
            shape = _READERS[kind](step)
            found = InputShape(*shape, f"{kind} in the test pipeline{_remark(step)}") if shape else found
        elif kind == "Pad" and found:
            found = _padded(found, step.get("size_divisor") or 1, "Pad's size_divisor")
    return found


def _remark(step: dict[str, Any]) -> str:
    return " (keep_ratio: the largest size that an image gets)" if step.get("keep_ratio") else ""


def _width_first(value: Any) -> Shape | None:
    """Parses a size in mmcv's order, (width, height), or one side."""
    if value is None:
        return None
    height, width = _square(value)[::-1]
    return height, width


def _square(value: Any) -> Shape:
    """Parses a size in torchvision's order, (height, width), or one side."""
    first, *rest = value if isinstance(value, (list, tuple)) else (value,)
    return int(first), int(rest[0] if rest else first)


_READERS: dict[str, Callable[[dict[str, Any]], Shape | None]] = {
    "Resize": lambda step: _width_first(step.get("scale")),
    "FixShapeResize": lambda step: (step["height"], step["width"]),
    "CenterCrop": lambda step: _width_first(step.get("crop_size")),
    "TopdownAffine": lambda step: _width_first(step.get("input_size")),
    "BottomupResize": lambda step: _width_first(step.get("input_size")),
    "torchvision/Resize": lambda step: _square(step["size"]),
    "torchvision/CenterCrop": lambda step: _square(step["size"]),
}
"""Output size, (height, width), of each transform; `None` if it does not change the size."""


def _array_shape(dataset: dict[str, Any]) -> InputShape | None:
    data = dataset.get("data")
    if not isinstance(data, dict) or "type" not in data:
        return None
    side = data.get("size") or DATA_SIDES.get(data["type"])
    return InputShape(side, side, f"the images of {data['type']}") if side else None


def _codec_shape(config: Config) -> InputShape | None:
    codec = config.get("codec") or (config.model.get("head") or {}).get("decoder") or {}
    shape = _width_first(codec.get("input_size")) if isinstance(codec, dict) else None
    return InputShape(*shape, "input_size of the codec") if shape else None


def _padded(shape: InputShape, divisor: int, by: str) -> InputShape:
    height, width = (-(-side // divisor) * divisor for side in (shape.height, shape.width))
    if (height, width) == (shape.height, shape.width):
        return shape
    return InputShape(height, width, f"{shape.source}, padded by {by} {divisor}")


def _datasets(node: Any) -> Iterator[dict[str, Any]]:
    """Yields a data set config and those that it wraps, outermost first."""
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from _datasets(item)
    elif isinstance(node, dict):
        yield node
        for key in ("dataset", "datasets"):
            yield from _datasets(node.get(key))
