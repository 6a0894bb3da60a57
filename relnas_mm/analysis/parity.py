"""Whether an ONNX graph computes what its network computes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor, nn

from relnas_mm.errors import UserError

INPUT = "images"


@dataclass(frozen=True)
class Difference:
    """How far one output of a graph is from its network's.

    Args:
        images: Which images were compared, in words.
        output: Name of the output.
        absolute: Largest difference; infinite if the shapes differ or a value is not finite.
        relative: The same, divided by the largest value of the network's output.
    """

    images: str
    output: str
    absolute: float
    relative: float

    def __str__(self) -> str:
        return f"{self.images}, {self.output}: {self.absolute:.1e} absolute, {self.relative:.1e} relative"


def compare(path: Path, network: nn.Module, batches: Iterable[tuple[str, Tensor]]) -> list[Difference]:
    """Runs an ONNX file with onnxruntime on the CPU beside the network.

    Args:
        path: The file.
        network: A function of images that gives as many tensors as the graph.
        batches: Normalized images, (n, 3, h, w), each with a name.

    Raises:
        UserError: onnxruntime cannot run the graph on some images.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    differences = []
    for title, images in batches:
        try:
            given = session.run(None, {INPUT: images.numpy()})
        except Exception as error:  # onnxruntime has a class for each status, with no common one of its own
            reason = " ".join(str(error).split())
            raise UserError(f"onnxruntime cannot run the exported graph on {title}: {reason}") from error
        with torch.inference_mode():
            expected = [output.numpy() for output in network(images)]
        title = f"{title} ({'x'.join(map(str, images.shape))})"
        differences += [
            Difference(title, name, *_difference(a, b)) for name, a, b in zip(names, expected, given, strict=True)
        ]
    return differences


def _difference(expected: np.ndarray, given: Any) -> tuple[float, float]:
    if expected.shape != given.shape:
        return math.inf, math.inf
    with np.errstate(invalid="ignore"):  # infinity less infinity
        absolute = float(np.abs(expected - given).max(initial=0.0))
    scale = float(np.abs(expected).max(initial=0.0))
    if not math.isfinite(absolute) or not math.isfinite(scale):
        return math.inf, math.inf
    return absolute, absolute / scale if scale else absolute


def require_parity(differences: Sequence[Difference], tolerance: float) -> None:
    """Refuses a graph that is too far off.

    Raises:
        UserError: A relative difference is above the tolerance.
    """
    worst = max(differences, key=lambda difference: difference.relative)
    if worst.relative > tolerance:
        raise UserError(
            f"the exported graph is not the network: the largest relative difference is {worst.relative:.1e} "
            f"({worst.images}, {worst.output}), the tolerance {tolerance:.1e}; no file was written"
        )


def random_batches(shape: tuple[int, int], dynamic_batch: bool, dynamic_size: bool) -> list[tuple[str, Tensor]]:
    """Noise of the shape that was exported, and of every other kind that the graph promises to take."""
    shapes = [("noise", 1, shape)]
    if dynamic_batch:
        shapes.append(("noise, other batch", 3, shape))
    if dynamic_size:
        shapes.append(("noise, other size", 1, (shape[0] + 1, shape[1] + 3)))
    generator = torch.Generator().manual_seed(0)
    return [(title, torch.randn(count, 3, *size, generator=generator)) for title, count, size in shapes]


def real_batch(config: Config, model: Any, shape: tuple[int, int] | None, count: int) -> tuple[str, Tensor]:
    """The first images of a config's test loader, as its model sees them.

    Args:
        config: The config.
        model: Its model, for the data preprocessor.
        shape: Height and width to scale them to; `None` leaves them as they are.
        count: Number of images.

    Raises:
        UserError: They cannot be loaded.
    """
    loader = {**(config.get("test_dataloader") or {}), "batch_size": count, "num_workers": 0}
    loader["persistent_workers"] = False
    try:
        batch = next(iter(Runner.build_dataloader(loader, seed=0)))
        images = model.data_preprocessor(batch, False)["inputs"].cpu().float()
    except UserError:
        raise
    except Exception as error:  # data sets raise what they like about missing files
        reason = " ".join(str(error).split())
        raise UserError(f"the test images of the config cannot be loaded: {type(error).__name__}: {reason}") from error
    title = "test images"
    if shape is not None and images.shape[2:] != shape:
        images, title = nn.functional.interpolate(images, shape), "test images, scaled"
    return title, images[:count]
