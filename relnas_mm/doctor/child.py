"""Imports packages in a child process, and reports each as a line of JSON.

Usage: `python -m relnas_mm.doctor.child NAME …`; a NAME is a package, `@ops`, `@gpus` or `@fixes`.
"""

import json
import os
import sys
from typing import Any

from relnas_mm.compat import failed, import_error, ops_backend
from relnas_mm.compat.hooks import ORIGIN

# The subpackages in use, which may fail to import where the top-level package does not.
PARTS = {"mmcv": "mmcv.ops", "mmdet": "mmdet.apis", "mmseg": "mmseg.apis", "mmpose": "mmpose.apis"}


def examine_package(name: str) -> dict[str, Any]:
    """Version of a package, and import error of it or of its subpackage in use."""
    error = import_error(name) or import_error(PARTS.get(name, name))
    module = sys.modules.get(name)
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    version = getattr(module, "__version__", None)
    if version is None and module is not None:
        version = _version_of_distribution(name)
    return {"version": version, "error": error, "stand_in": origin == ORIGIN}


def _version_of_distribution(name: str) -> str | None:
    """Version of the distribution of this name, for modules without `__version__`."""
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def examine_ops() -> dict[str, Any]:
    """The operators in use, and whether NMS and RoIAlign run on this device, including gradients."""
    error = None
    try:
        _run_ops()
    except Exception as exception:  # any exception is the result
        error = " ".join(f"{type(exception).__name__}: {exception}".split())
    return {"backend": ops_backend(), "error": error}


def _run_ops() -> None:
    import torch
    from mmcv import ops

    device = "cuda" if torch.cuda.is_available() else "cpu"
    boxes = torch.tensor([[0.0, 0.0, 8.0, 8.0], [0.0, 0.0, 8.0, 7.0]], device=device)
    kept = ops.nms(boxes, torch.tensor([0.9, 0.8], device=device), 0.5)[1].tolist()
    if kept != [0]:
        raise RuntimeError(f"NMS kept the boxes {kept} instead of [0]")
    feature = torch.ones(1, 1, 9, 9, device=device, requires_grad=True)
    rois = torch.cat([boxes.new_zeros(2, 1), boxes], 1)
    ops.roi_align(feature, rois, (2, 2), 1.0, 2, "avg", True).sum().backward()
    total = float(feature.grad.sum()) if feature.grad is not None else 0.0
    if abs(total - 8) > 1e-3:
        raise RuntimeError(f"the gradient of RoIAlign adds up to {total} instead of 8")


def examine_gpus() -> dict[str, Any]:
    """Names of the CUDA devices that torch can use."""
    import torch

    return {"gpus": [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]}


def examine_fixes() -> dict[str, Any]:
    """Fixes that did not take effect on the packages imported so far."""
    return {"failed": failed()}


def main(names: list[str]) -> None:
    """Reports on standard output, to which nothing else can write."""
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    special = {"@ops": examine_ops, "@gpus": examine_gpus, "@fixes": examine_fixes}
    for name in names:
        try:
            found = special[name]() if name in special else examine_package(name)
        except Exception as exception:
            found = {"error": " ".join(f"{type(exception).__name__}: {exception}".split())}
        print(json.dumps({"name": name, **found}), file=report, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)  # skip the packages' exit handlers
