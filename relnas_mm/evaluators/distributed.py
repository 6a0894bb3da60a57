"""Candidates divided among processes: each trains its share, and all of them get to know all results."""

from collections.abc import Mapping
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

Tensors = dict[str, Tensor]
Result = TypeVar("Result")


def world() -> tuple[int, int]:
    """Number of this process, and how many there are; (0, 1) without a launcher."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def barrier() -> None:
    """Waits until every process is here; nothing happens without a launcher."""
    if world()[1] > 1:
        dist.barrier()


def shard(count: int) -> range:
    """Which of `count` candidates this process trains: every n-th, so that a pair keeps two processes busy."""
    rank, size = world()
    return range(rank, count, size)


def all_gather_results(
    own: Mapping[int, tuple[Result, Tensors]], count: int, device: torch.device
) -> list[tuple[Result, Tensors]]:
    """Results and tensors of all candidates, the same in every process.

    Args:
        own: What this process has, by the candidate's place; exactly its `shard`.
        count: Number of candidates.
        device: Where the tensors of the others are put.
    """
    size = world()[1]
    if size == 1:
        return [own[place] for place in range(count)]
    return [_from(place % size, own.get(place), device) for place in range(count)]


def _from(source: int, item: tuple[Result, Tensors] | None, device: torch.device) -> tuple[Result, Tensors]:
    """What one process has; `item` is `None` in the others.  Tensors travel as one row of numbers for each type."""
    result, tensors = item or (None, {})
    box = [(result, [(name, tensor.shape, tensor.dtype) for name, tensor in tensors.items()])]
    dist.broadcast_object_list(box, src=source, device=device)
    result, described = box[0]
    received: Tensors = {}
    for kind in sorted({dtype for _, _, dtype in described}, key=str):
        places = [(name, shape) for name, shape, dtype in described if dtype == kind]
        sizes = [shape.numel() for _, shape in places]
        row = torch.empty(sum(sizes), dtype=kind, device=device)
        if item is not None:
            row = torch.cat([tensors[name].detach().reshape(-1) for name, _ in places])
        dist.broadcast(row, src=source)
        received |= {name: part.view(shape) for (name, shape), part in zip(places, row.split(sizes))}
    return result, tensors if item is not None else {name: received[name] for name, _, _ in described}  # type: ignore[return-value]
