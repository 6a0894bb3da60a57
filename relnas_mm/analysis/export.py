"""Export of networks to ONNX."""

import json
from pathlib import Path

import torch
from mmengine.config import Config

from relnas_mm.analysis.network import Network
from relnas_mm.analysis.parity import INPUT
from relnas_mm.onnx_export import OPSET, write_graph
from relnas_mm.version import __version__


def export(
    network: Network,
    path: Path,
    shape: tuple[int, int],
    dynamic_batch: bool = False,
    dynamic_size: bool = False,
    opset: int = OPSET,
    metadata: dict[str, str] | None = None,
) -> list[str]:
    """Exports a network to an ONNX file with the input 'images', float32 (n, 3, h, w).

    Args:
        network: The network, in evaluation mode, on the CPU.
        path: The file.
        shape: Height and width of the images; with `dynamic_size` those of the trace.
        dynamic_batch: Whether the batch size is dynamic; otherwise it is 1.
        dynamic_size: Whether height and width are dynamic.
        opset: ONNX opset version.
        metadata: Metadata to store in the file.

    Returns:
        Names of the outputs.

    Raises:
        UserError: torch cannot export the network to this opset.
    """
    import onnx

    images = torch.randn(1, 3, *shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        outputs = network(images)
    names = output_names(network, len(outputs))
    axes = ({0: "batch"} if dynamic_batch else {}) | ({2: "height", 3: "width"} if dynamic_size else {})
    open_axes = {INPUT: axes}
    for name, output in zip(names, outputs):
        open_axes[name] = {
            axis: title if axis == 0 else f"{name}_{title}" for axis, title in axes.items() if axis < output.ndim
        }
    write_graph(network, [images], path, [INPUT], names, open_axes, opset, type(network.model).__name__)
    graph = onnx.load(path)
    onnx.helper.set_model_props(graph, {"producer": f"relnas_mm {__version__}", **(metadata or {})})
    onnx.save(graph, path)
    return names


def output_names(network: Network, count: int) -> list[str]:
    """'logits' of classifiers and segmentors, 'output' of other heads, 'feature0' … for feature maps."""
    if network.reach != "head":
        return [f"feature{index}" for index in range(count)]
    name = "logits" if network.kind in ("classifier", "segmentor") else "output"
    return [name] if count == 1 else [f"{name}{index}" for index in range(count)]


def preprocessing(config: Config) -> dict[str, str]:
    """The preprocessing that the model's data preprocessor does and the graph does not, as metadata with JSON."""
    settings = config.model.get("data_preprocessor") or {}
    keys = ("mean", "std", "bgr_to_rgb", "rgb_to_bgr", "pad_size_divisor")
    used = {key: settings[key] for key in keys if key in settings}
    return {"data_preprocessor": json.dumps(used)} if used else {}
