"""Writes modules as ONNX graphs.

It uses torch's tracing exporter, which all supported versions have and which supports dynamic image sizes.  The newer
exporter (`dynamo=True`) does not: it cannot solve the padding of odd sizes in a stride-2 skip connection for all sizes.
"""

import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from relnas_mm.errors import UserError

OPSET = 17
PACKAGES = ("onnx", "onnxruntime")


def require_packages() -> None:
    """Checks that the packages for writing and running ONNX graphs are installed.

    Raises:
        UserError: A package is missing.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"exporting needs {' and '.join(missing)}: run `pip install 'relnas_mm[export]'`")


def write_graph(
    module: nn.Module,
    inputs: Sequence[Tensor],
    path: Path,
    input_names: Sequence[str],
    output_names: Sequence[str],
    dynamic_axes: Mapping[str, Mapping[int, str]] | None = None,
    opset: int = OPSET,
    title: str | None = None,
) -> None:
    """Exports a module to an ONNX file.

    Args:
        module: The module, in evaluation mode, on the CPU.
        inputs: Inputs to trace it with.
        path: The file.
        input_names: A name for each input.
        output_names: A name for each output.
        dynamic_axes: Names of dynamic axes, by input or output and axis.
        opset: ONNX opset version.
        title: What the module is, for the error message; its class by default.

    Raises:
        UserError: torch cannot export the module to this opset.
    """
    try:
        with _quiet():
            torch.onnx.export(
                *(module, tuple(inputs), str(path)),
                input_names=list(input_names),
                output_names=list(output_names),
                dynamic_axes=dynamic_axes,  # type: ignore[arg-type]
                opset_version=opset,
                dynamo=False,
            )
    except Exception as error:  # the exporter's exceptions have no common base class
        reason = " ".join(str(error).split()).partition(" [Caused by")[0]
        raise UserError(
            f"torch cannot export {title or type(module).__name__} to opset {opset}: {type(error).__name__}: {reason}"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses the graph that torch prints from C++ after a failure, and warnings on sizes that become constants, as
    the comparison detects whether that matters.
    """
    sys.stdout.flush()
    saved = os.dup(1)
    try:
        with open(os.devnull, "w") as nowhere, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            os.dup2(nowhere.fileno(), 1)
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
