"""Candidates that share no weights, spread over the machines of a Ray cluster (`pip install 'relnas_mm[ray]'`)."""

import importlib.util
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation, Evaluator
from relnas_mm.evaluators.memory_estimate import MemoryEstimate
from relnas_mm.strategies import Candidate, Group

MOST_LOSSES = 3
"""Number of workers that a candidate may lose before the search gives up."""
LOCAL = "local"
CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class RayCluster:
    """Where candidates are scored.

    Args:
        address: Address of a running cluster, such as 'auto' or 'ray://host:10001'; 'local' starts one on this machine.
        workers: Number of workers, each of which scores one candidate at a time.
        cpus_per_worker: CPU cores that a worker reserves.
        gpus_per_worker: GPUs that a worker reserves; may be a fraction.

    Raises:
        UserError: A value is out of range, or Ray is not installed.
    """

    address: str = LOCAL
    workers: int = 2
    cpus_per_worker: int = 1
    gpus_per_worker: float = 0.0

    def __post_init__(self) -> None:
        for name in ("workers", "cpus_per_worker"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise UserError(f"{name} of the cluster is {value!r}; it must be a positive integer")
        if self.gpus_per_worker < 0:
            raise UserError(f"gpus_per_worker of the cluster is {self.gpus_per_worker!r}; it must be at least 0")
        if importlib.util.find_spec("ray") is None:
            raise UserError("a cluster needs Ray: run `pip install 'relnas_mm[ray]'` here and on its machines")

    def connect(self) -> Any:
        """Connects to the cluster, or starts one, and returns the module `ray`.

        Raises:
            UserError: There is no cluster at the address, or it has too few cores or GPUs.
        """
        import ray

        if ray.is_initialized():
            return ray
        self._check_address()
        local = self.address == LOCAL
        options: dict[str, Any] = {"include_dashboard": False} if local else {"address": self.address}
        if local:
            options |= {"num_cpus": self.workers * self.cpus_per_worker}
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"there is no Ray cluster at address {self.address!r}: {reason}") from None
        found = ray.cluster_resources()
        needs = {"CPU": self.workers * self.cpus_per_worker, "GPU": self.workers * self.gpus_per_worker}
        for kind, needed in needs.items():
            if found.get(kind, 0) < needed:
                raise UserError(
                    f"{self.workers} workers need {needed:g} {kind}s, but the cluster has {found.get(kind, 0):g}; "
                    "lower cluster.workers"
                )
        return ray

    def _check_address(self) -> None:
        """Tries the address first, as Ray itself tries again for minutes."""
        host, colon, port = self.address.rpartition("://")[2].rpartition(":")
        if not colon:
            return
        try:
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        except (OSError, ValueError, OverflowError) as error:
            raise UserError(f"there is no Ray cluster at address {self.address!r}: {error}") from None


class RayEvaluator(Evaluator):
    """Scores the candidates of all groups of a round at once, each in one of the workers of a cluster.

    Every worker holds an evaluator of its own, which reads its data once.  As a score depends on the candidate and its
    number alone, and workers use as many threads as this process, results equal those of one process on machines of
    the same kind.  The candidate of a lost worker is scored again by another.

    Args:
        evaluator: The evaluator in this process, which is asked for everything but scores.
        build: Builds one like it; called in each worker, with the device.
        cluster: The cluster.

    Raises:
        UserError: The evaluator shares weights between candidates, or the cluster cannot be used.
    """

    independent = True

    def __init__(self, evaluator: Evaluator, build: Callable[..., Evaluator], cluster: RayCluster):
        if not evaluator.independent:
            raise UserError(
                f"{type(evaluator).__name__} shares weights between candidates, as machines of a Ray cluster do not; "
                "use --launcher pytorch or slurm"
            )
        self.evaluator, self.cluster = evaluator, cluster
        self.kinds, self.objective = evaluator.kinds, evaluator.objective  # type: ignore[misc]
        self._ray = cluster.connect()
        device = "cuda" if cluster.gpus_per_worker else "cpu"
        options = {"num_cpus": cluster.cpus_per_worker, "num_gpus": cluster.gpus_per_worker, "max_restarts": 0}
        remote = self._ray.remote(**options)(_Worker)
        self._start = lambda: remote.remote(build, device, torch.get_num_threads())
        self._workers = [self._start() for _ in range(cluster.workers)]

    def evaluate(self, groups: Sequence[Group], upcoming: Sequence[Group] = ()) -> list[list[Evaluation]]:
        """Scores all candidates of the groups.

        Raises:
            UserError: A worker raised it, or a candidate has lost several workers.
        """
        jobs = [replace(group, candidates=(one,)) for group in groups for one in group.candidates]
        results = iter(self._score(jobs))
        return [[next(results) for _ in group.candidates] for group in groups]

    def groups_per_round(self, group: Group) -> int:
        """As many as there are workers."""
        return self.cluster.workers

    def rescore(self, candidate: Candidate) -> Evaluation:
        """As the evaluator in this process does."""
        return self.evaluator.rescore(candidate)

    def memory_estimate(self) -> MemoryEstimate | None:
        """That of one worker."""
        return self.evaluator.memory_estimate()

    def state_dict(self) -> dict[str, Tensor]:
        """The state of the evaluator in this process."""
        return self.evaluator.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the state from the result of `state_dict`."""
        self.evaluator.load_state_dict(state)

    def _score(self, jobs: Sequence[Group]) -> list[Evaluation]:
        from ray.exceptions import RayActorError, RayTaskError

        results: dict[int, Evaluation] = {}
        waiting, losses = list(reversed(range(len(jobs)))), [0] * len(jobs)
        idle = list(range(len(self._workers)))
        running: dict[Any, tuple[int, int]] = {}
        while waiting or running:
            while waiting and idle:
                worker, job = idle.pop(0), waiting.pop()
                running[self._workers[worker].score.remote(jobs[job])] = worker, job
            (ready, *_), _ = self._ray.wait(list(running))
            worker, job = running.pop(ready)
            try:
                results[job] = self._ray.get(ready)
            except RayTaskError as error:
                if isinstance(error.cause, UserError):
                    raise UserError(str(error.cause)) from None
                raise
            except RayActorError as error:
                losses[job] += 1
                if losses[job] == MOST_LOSSES:
                    reason = " ".join(str(error).split())[:200]
                    raise UserError(
                        f"{MOST_LOSSES} workers were lost with candidate {jobs[job].candidates[0].number} of "
                        f"generation {jobs[job].generation}: {reason}"
                    ) from None
                self._workers[worker] = self._start()
                waiting.append(job)
            idle.append(worker)
        return [results[job] for job in range(len(jobs))]


class _Worker:
    """An evaluator in a process of the cluster."""

    def __init__(self, build: Callable[..., Evaluator], device: str, threads: int):
        torch.set_num_threads(threads)
        self._build, self._device = build, device
        self._evaluator: Evaluator | None = None

    def score(self, job: Group) -> Evaluation:
        # built by the first job, as Ray reports an error of a constructor like a lost worker
        self._evaluator = self._evaluator or self._build(device=self._device)
        ((result,),) = self._evaluator.evaluate([job])
        return result
