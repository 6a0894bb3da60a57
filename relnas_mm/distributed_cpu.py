"""Several processes without a GPU: what MMEngine's `pytorch` launcher takes for granted, done by hand for CPUs."""

import gc
from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed
from mmengine.config import Config
from mmengine.logging import print_log


def prepare(config: Config) -> None:
    """Joins the processes by gloo, and adapts a config that was written for GPUs; nothing happens where CUDA is.

    Synchronized batch normalization, which PyTorch has on GPUs only, becomes plain batch normalization.

    Args:
        config: The complete config, changed in place.
    """
    if config.get("launcher", "none") != "pytorch" or torch.cuda.is_available():
        return
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo")
    # Given no wrapper, MMEngine would name a GPU in it.
    find_unused = config.get("find_unused_parameters", False)
    wrapper = {"type": "MMDistributedDataParallel", "device_ids": None, "broadcast_buffers": False}
    config.setdefault("model_wrapper_cfg", {**wrapper, "find_unused_parameters": find_unused})
    synchronized = [part for part in _mappings(config.get("model")) if part.get("type") == "SyncBN"]
    for part in synchronized:
        part["type"] = "BN"
    if synchronized:
        print_log("SyncBN needs a GPU: BN takes its place", logger="current")


def leave() -> None:
    """Ends what `prepare` began, once the work is done.

    Threads of gloo that are still there when Python ends can end a process that succeeded by an abort.
    """
    if torch.distributed.is_initialized() and torch.distributed.get_backend() == "gloo":
        torch.distributed.destroy_process_group()
        gc.collect()  # what held the group, such as a wrapped model


def _mappings(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _mappings(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _mappings(value)
