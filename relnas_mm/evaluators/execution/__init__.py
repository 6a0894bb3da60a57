"""How candidates' steps are executed: eagerly, in threads, or as CUDA graphs on streams."""

from relnas_mm.evaluators.execution.config import ExecutionConfig
from relnas_mm.evaluators.execution.epoch import StreamedEpoch
from relnas_mm.evaluators.execution.parallel import run_in_parallel
from relnas_mm.evaluators.execution.prefetch import CandidatePrefetcher
from relnas_mm.evaluators.execution.stream import ExecutionStream

__all__ = ["CandidatePrefetcher", "ExecutionConfig", "ExecutionStream", "StreamedEpoch", "run_in_parallel"]
