"""Analyzes the network of a config."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from mmengine.config import Config

from relnas_mm.analysis.complexity import Part, complexity
from relnas_mm.analysis.dependence import unused_parameters
from relnas_mm.analysis.input_shape import InputShape
from relnas_mm.analysis.latency import measure_latency
from relnas_mm.analysis.network import Network, build_model
from relnas_mm.analysis.table import Analysis
from relnas_mm.provenance import device_in_words, provenance

SECOND_STAGE = "roi_head"

Deploy = Callable[[Network, torch.Tensor], tuple[torch.nn.Module, str]]
"""Builds an accelerated copy of a network with a note on it, as `relnas_mm.inference.Deployment` does."""


def analyze(
    config: Config,
    source: str,
    shape: InputShape,
    device: torch.device,
    checkpoint: str | None = None,
    batches: Sequence[int] = (1,),
    repeats: int = 30,
    command: str = "",
    notify: Callable[[str], Any] = lambda message: None,
    deploy: Deploy | None = None,
) -> Analysis:
    """Counts parameters and operations of the network of a config, and measures its latency.

    Args:
        config: A config of any mm package.
        source: Path of the config.
        shape: Size of the images.
        device: Device to run on.
        checkpoint: Weights to load; `None` for the initial ones.
        batches: Batch sizes for latency.
        repeats: Timed passes per batch size; 0 measures no latency.
        command: Command that reproduces the figures.
        notify: Receives a message before each step.
        deploy: Builds an accelerated copy, whose latency is measured in addition.

    Raises:
        UserError: The model cannot be built, cannot run on images of this size, or cannot be deployed.
    """
    notify(f"building {source}")
    torch.manual_seed(0)  # the number of region proposals depends on the weights
    network = Network(build_model(config, source, checkpoint).to(device)).eval()
    images = torch.randn(1, 3, shape.height, shape.width, device=device)
    notify(f"looking for unused parameters at {shape}")
    unused, notes = _unused(network, images)
    notify(f"counting at {shape}")
    parts = complexity(network, images, unused)
    notes += _notes(network, parts, images)
    latencies = []
    if repeats:
        size = (shape.height, shape.width)
        latencies = measure_latency(network, size, device, batches, repeats, notify=notify)
        if deploy:
            notify(f"deploying: {deploy}")
            fast, note = deploy(network, images)
            notes.append(note)
            rows = measure_latency(fast, size, device, batches, repeats, notify=notify)
            latencies += [replace(row, layout=f"{deploy}, {row.layout}") for row in rows]
    return Analysis(
        source,
        type(network.model).__name__,
        shape,
        parts,
        notes,
        latencies,
        device_in_words(device),
        torch.get_num_threads(),
        provenance(command),
    )


def _unused(network: Network, images: torch.Tensor) -> tuple[set[str] | None, list[str]]:
    try:
        return unused_parameters(network, images), []
    except Exception as error:  # a head may need annotations beyond the synthetic ones; the other columns remain valid
        reason = " ".join(str(error).split())
        return None, [f"unused parameters are unknown: the training loss fails ({type(error).__name__}: {reason})"]


def _notes(network: Network, parts: Sequence[Part], images: torch.Tensor) -> list[str]:
    notes = [f"{part.name} does not run outside training: it has no costs" for part in parts if part.macs is None]
    if parts[-1].unused:
        notes.append("unused parameters get no gradient, as the training loss does not depend on them")
    if any(part.name == SECOND_STAGE for part in parts):
        with torch.no_grad():
            regions = len(network(images)[0])
        notes.append(f"{SECOND_STAGE} is counted for the {regions} regions that the first stage proposes in noise")
    if network.kind != "classifier":
        notes.append("costs and latency are those of the network: no resizing, normalization or post-processing")
    return notes
