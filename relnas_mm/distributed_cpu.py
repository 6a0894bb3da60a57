"""Distributed training on CPUs; MMEngine's launchers require GPUs."""

import gc
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed
from mmengine.config import Config
from mmengine.logging import print_log

from relnas_mm.errors import UserError


def prepare(config: Config) -> None:
    """Initializes the gloo process group and adapts a config written for GPUs; a no-op where CUDA is available.

    SyncBN, which PyTorch implements on GPUs only, is replaced by BN.

    Args:
        config: The complete config, changed in place.

    Raises:
        UserError: The launcher is Slurm, and Slurm did not start this process or does not name its nodes.
    """
    launcher = config.get("launcher", "none")
    if launcher not in ("pytorch", "slurm") or torch.cuda.is_available():
        return
    if not torch.distributed.is_initialized():
        if launcher == "slurm":
            os.environ.update(_addresses_by_slurm())
        torch.distributed.init_process_group("gloo")
    # MMEngine's default wrapper sets device_ids to a GPU.
    find_unused = config.get("find_unused_parameters", False)
    wrapper = {"type": "MMDistributedDataParallel", "device_ids": None, "broadcast_buffers": False}
    config.setdefault("model_wrapper_cfg", {**wrapper, "find_unused_parameters": find_unused})
    synchronized = [part for part in _mappings(config.get("model")) if part.get("type") == "SyncBN"]
    for part in synchronized:
        part["type"] = "BN"
    if synchronized:
        print_log("SyncBN needs a GPU; it is replaced by BN", logger="current")


def leave() -> None:
    """Destroys the gloo process group.

    Threads of gloo that are still running at interpreter exit can abort a process that succeeded.
    """
    if torch.distributed.is_initialized() and torch.distributed.get_backend() == "gloo":
        torch.distributed.destroy_process_group()
        gc.collect()  # frees what refers to the group, such as a wrapped model


def _addresses_by_slurm() -> dict[str, str]:
    """Environment variables of `torch.distributed`, derived as in MMEngine's `slurm` launcher."""
    variables = os.environ
    ranks = {"RANK": "SLURM_PROCID", "LOCAL_RANK": "SLURM_LOCALID", "WORLD_SIZE": "SLURM_NTASKS"}
    if missing := [name for name in ranks.values() if name not in variables]:
        raise UserError(
            f"--launcher slurm is given, but {missing[0]} is not set; start by srun, as tools/slurm_*.sh do"
        )
    master = {name: variables[name] for name in ("MASTER_ADDR", "MASTER_PORT") if name in variables}
    if "MASTER_ADDR" not in master:
        master["MASTER_ADDR"] = _first_node(variables.get("SLURM_NODELIST", ""))
    return {"MASTER_PORT": "29500", **master, **{name: variables[source] for name, source in ranks.items()}}


def _first_node(nodes: str) -> str:
    command = ["scontrol", "show", "hostnames", nodes]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError) as error:
        reason = (getattr(error, "stderr", None) or str(error)).strip()
        raise UserError(
            f"`scontrol` does not name the nodes of SLURM_NODELIST {nodes!r} ({reason}); put it in the PATH, or set "
            "MASTER_ADDR to the address of the first node"
        ) from error


def _mappings(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _mappings(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _mappings(value)
