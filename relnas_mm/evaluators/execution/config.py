"""Backend, precision and parallelism of training, checked against the device in one place."""

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
    """How training and evaluation are executed; the defaults are those of the reference implementation.

    Args:
        backend: Name of a backend (`relnas_mm.backends`): 'reference' is bit-identical to the reference implementation,
            'auto' is faster, 'triton' is fastest on CUDA.
        channels_last: Whether feature maps are channels-last: faster on CPUs, with different rounding.
        autocast: 'bfloat16' for mixed precision, `None` for float32.
        cuda_graphs: Whether to capture a step as a CUDA graph and replay it: the same kernels without the launch
            overhead.
        parallel_candidates: Number of candidates that train concurrently: on CUDA with `cuda_graphs`, each on its own
            stream, without an effect on results; on CPUs each in a thread with its share of the cores, with different
            rounding.

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
        """Checks that a device supports this config; nothing falls back silently.

        Raises:
            UserError: The device does not support it.
        """
        check_backend(self.backend, device, self.channels_last, self.autocast)
        if self.cuda_graphs and device.type != "cuda":
            raise UserError(f"cuda_graphs is True, but the device is {str(device)!r}; set it to False there")
        if self.parallel_candidates > 1 and device.type == "cuda" and not self.cuda_graphs:
            raise UserError(
                f"parallel_candidates is {self.parallel_candidates!r}, but on {str(device)!r} candidates train "
                "side by side with cuda_graphs=True only"
            )

    def get_backend(self, recompute: bool = False) -> Backend:
        """The backend; without recomputation by default, as candidates' feature maps are small."""
        return get_backend(self.backend, recompute)

    @property
    def memory_format(self) -> torch.memory_format:
        """Memory format of feature maps."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def precision(self, device: torch.device) -> AbstractContextManager[Any]:
        """Context manager for forward passes."""
        return torch.autocast(device.type, torch.bfloat16) if self.autocast else nullcontext()

    def streams(self, device: torch.device) -> list[ExecutionStream]:
        """One stream per concurrent candidate."""
        stream_type = GraphStream if self.cuda_graphs else ExecutionStream
        return [stream_type(device) for _ in range(self.parallel_candidates)]
