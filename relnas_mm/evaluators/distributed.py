"""Data-parallel evaluation over candidates: each process trains its shard, and all gather all results."""

from collections.abc import Mapping
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

Tensors = dict[str, Tensor]
Result = TypeVar("Result")


def world() -> tuple[int, int]:
    """Rank of this process and world size; (0, 1) without a launcher."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def barrier() -> None:
    """Synchronizes all processes; a no-op without a launcher."""
    if world()[1] > 1:
        dist.barrier()


def shard(count: int) -> range:
    """Indices of the candidates, of `count`, that this process trains: every n-th, so that a pair occupies two."""
    rank, size = world()
    return range(rank, count, size)


def all_gather_results(
    local: Mapping[int, tuple[Result, Tensors]], count: int, device: torch.device
) -> list[tuple[Result, Tensors]]:
    """Gathers the results and tensors of all candidates in every process.

    Args:
        local: Results of this process by the candidate's index, exactly those of its `shard`.
        count: Number of candidates.
        device: Device for the tensors of other processes.
    """
    size = world()[1]
    if size == 1:
        return [local[index] for index in range(count)]
    return [_broadcast(index % size, local.get(index), device) for index in range(count)]


def broadcast_tensors(tensors: Tensors, device: torch.device) -> Tensors:
    """Tensors of the first process in every process; a no-op without a launcher."""
    rank, size = world()
    return tensors if size == 1 else _broadcast(0, (None, tensors) if rank == 0 else None, device)[1]


def _broadcast(source: int, item: tuple[Result, Tensors] | None, device: torch.device) -> tuple[Result, Tensors]:
    """Broadcasts one result, which is `None` except in the source; tensors are flattened into one per data type."""
    result, tensors = item or (None, {})
    box = [(result, [(name, tensor.shape, tensor.dtype) for name, tensor in tensors.items()])]
    dist.broadcast_object_list(box, src=source, device=device)
    result, described = box[0]
    received: Tensors = {}
    for dtype in sorted({dtype for _, _, dtype in described}, key=str):
        entries = [(name, shape) for name, shape, entry_dtype in described if entry_dtype == dtype]
        sizes = [shape.numel() for _, shape in entries]
        flat = torch.empty(sum(sizes), dtype=dtype, device=device)
        if item is not None:
            flat = torch.cat([tensors[name].detach().reshape(-1) for name, _ in entries])
        dist.broadcast(flat, src=source)
        received |= {name: part.view(shape) for (name, shape), part in zip(entries, flat.split(sizes))}
    return result, tensors if item is not None else {name: received[name] for name, _, _ in described}  # type: ignore[return-value]
