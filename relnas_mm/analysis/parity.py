"""Comparison of ONNX graphs with their networks."""

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
    """Difference between an output of a graph and of its network.

    Args:
        images: Description of the images.
        output: Name of the output.
        absolute: Largest difference; infinite if shapes differ or a value is not finite.
        relative: `absolute` over the largest magnitude of the network's output.
    """

    images: str
    output: str
    absolute: float
    relative: float

    def __str__(self) -> str:
        return f"{self.images}, {self.output}: {self.absolute:.1e} absolute, {self.relative:.1e} relative"


def compare(path: Path, network: nn.Module, batches: Iterable[tuple[str, Tensor]]) -> list[Difference]:
    """Compares an ONNX file, run by onnxruntime on the CPU, with its network.

    Args:
        path: The file.
        network: The network, with as many outputs as the graph.
        batches: Batches of normalized images, (n, 3, h, w), with names.

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
            actual = session.run(None, {INPUT: images.numpy()})
        except Exception as error:  # onnxruntime's exceptions have no common base class
            reason = " ".join(str(error).split())
            raise UserError(f"onnxruntime cannot run the exported graph on {title}: {reason}") from error
        with torch.inference_mode():
            expected = [output.numpy() for output in network(images)]
        title = f"{title} ({'x'.join(map(str, images.shape))})"
        differences += [
            Difference(title, name, *_difference(a, b)) for name, a, b in zip(names, expected, actual, strict=True)
        ]
    return differences


def _difference(expected: np.ndarray, actual: Any) -> tuple[float, float]:
    if expected.shape != actual.shape:
        return math.inf, math.inf
    with np.errstate(invalid="ignore"):  # inf - inf
        absolute = float(np.abs(expected - actual).max(initial=0.0))
    scale = float(np.abs(expected).max(initial=0.0))
    if not math.isfinite(absolute) or not math.isfinite(scale):
        return math.inf, math.inf
    return absolute, absolute / scale if scale else absolute


def require_parity(differences: Sequence[Difference], tolerance: float) -> None:
    """Checks that all relative differences are within a tolerance.

    Raises:
        UserError: One is above it.
    """
    worst = max(differences, key=lambda difference: difference.relative)
    if worst.relative > tolerance:
        raise UserError(
            f"the exported graph is not the network: the largest relative difference is {worst.relative:.1e} "
            f"({worst.images}, {worst.output}), the tolerance {tolerance:.1e}; no file was written"
        )


def random_batches(shape: tuple[int, int], dynamic_batch: bool, dynamic_size: bool) -> list[tuple[str, Tensor]]:
    """Noise of the exported shape, and of other batch and image sizes where these are dynamic."""
    shapes = [("noise", 1, shape)]
    if dynamic_batch:
        shapes.append(("noise, other batch", 3, shape))
    if dynamic_size:
        shapes.append(("noise, other size", 1, (shape[0] + 1, shape[1] + 3)))
    generator = torch.Generator().manual_seed(0)
    return [(title, torch.randn(count, 3, *size, generator=generator)) for title, count, size in shapes]


def real_batch(config: Config, model: Any, shape: tuple[int, int] | None, count: int) -> tuple[str, Tensor]:
    """The first images of a config's test data, preprocessed.

    Args:
        config: The config.
        model: Its model, for the data preprocessor.
        shape: Height and width to scale to; `None` for no scaling.
        count: Number of images.

    Raises:
        UserError: The images cannot be loaded.
    """
    loader = {**(config.get("test_dataloader") or {}), "batch_size": count, "num_workers": 0}
    loader["persistent_workers"] = False
    try:
        batch = next(iter(Runner.build_dataloader(loader, seed=0)))
        images = model.data_preprocessor(batch, False)["inputs"].cpu().float()
    except UserError:
        raise
    except Exception as error:  # data sets may raise anything
        reason = " ".join(str(error).split())
        raise UserError(f"the test images of the config cannot be loaded: {type(error).__name__}: {reason}") from error
    title = "test images"
    if shape is not None and images.shape[2:] != shape:
        images, title = nn.functional.interpolate(images, shape), "test images, scaled"
    return title, images[:count]
