"""Who computes, in which precision, and how many candidates at once; checked against the device in one place."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from relnas_mm.backends import Backend, check_backend, get_backend
from relnas_mm.errors import UserError
from relnas_mm.evaluators.execution.cuda_graphs import GraphStream
from relnas_mm.evaluators.execution.stream import ExecutionStream


@dataclass(frozen=True)
class ExecutionConfig:
    """How training and evaluation are carried out; the defaults are those of the reference implementation.

    Args:
        backend: Who computes (`relnas_mm.backends`): 'reference' adds as the reference implementation, to the last
            digit; 'auto' is faster; 'triton' is fastest on CUDA.
        channels_last: Keep feature maps with the channels last in memory: faster on CPUs, with losses that differ in
            the last digits.
        autocast: 'bfloat16' lets PyTorch choose where it computes in that type; `None` keeps float32.
        cuda_graphs: On CUDA, record one step as a graph and replay it: the same kernels, without the time that starting
            each of them takes.
        parallel_candidates: How many candidates train side by side: on CUDA with `cuda_graphs`, each on a stream of its
            own, with no effect on results; on CPUs each in a thread with its share of the cores, which changes the last
            digits.

    Raises:
        UserError: A value is out of range.
    """

    backend: str = "reference"
    channels_last: bool = False
    autocast: str | None = None
    cuda_graphs: bool = False
    parallel_candidates: int = 1

    def __post_init__(self) -> None:
        get_backend(self.backend)
        if self.autocast not in (None, "bfloat16"):
            raise UserError(f"autocast is {self.autocast!r}; allowed are 'bfloat16' and None")
        if self.parallel_candidates < 1:
            raise UserError(f"parallel_candidates is {self.parallel_candidates!r}; it must be at least 1")

    def check(self, device: torch.device) -> None:
        """Makes sure that a device can do what the config says; nothing is changed in silence.

        Raises:
            UserError: It cannot.
        """
        check_backend(self.backend, device, self.channels_last, self.autocast)
        if self.cuda_graphs and device.type != "cuda":
            raise UserError(f"cuda_graphs is True, but the device is {str(device)!r}; set it to False there")
        if self.parallel_candidates > 1 and device.type == "cuda" and not self.cuda_graphs:
            raise UserError(
                f"parallel_candidates is {self.parallel_candidates!r}, but on {str(device)!r} candidates work side by "
                "side with cuda_graphs=True only"
            )

    def get_backend(self, recompute: bool = False) -> Backend:
        """The backend; candidates' feature maps are small, so nothing is recomputed unless asked for."""
        return get_backend(self.backend, recompute)

    @property
    def memory_format(self) -> torch.memory_format:
        """How feature maps lie in memory."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def precision(self, device: torch.device) -> AbstractContextManager[Any]:
        """The context in which forward passes run."""
        return torch.autocast(device.type, torch.bfloat16) if self.autocast else nullcontext()

    def streams(self, device: torch.device) -> list[ExecutionStream]:
        """Where candidates work side by side."""
        make = GraphStream if self.cuda_graphs else ExecutionStream
        return [make(device) for _ in range(self.parallel_candidates)]
