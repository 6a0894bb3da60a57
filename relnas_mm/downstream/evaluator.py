"""Candidates are the backbones of downstream models, and inherit backbone, neck and head."""

import math
import time
from collections import ChainMap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import torch
from torch import Tensor

from relnas_mm.architectures import Genotype
from relnas_mm.downstream.shared_names import BACKBONE, cell_backbone, initialize_operations, shared_names
from relnas_mm.downstream.task import Address, Score, Task
from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation, Evaluator
from relnas_mm.evaluators.distributed import all_gather_results, shard, world
from relnas_mm.evaluators.supernet.shared_weights import SharedWeights
from relnas_mm.registry import EVALUATORS
from relnas_mm.search.inherited import shared_weights
from relnas_mm.seeding import seeded, stream_seed
from relnas_mm.spaces import Space
from relnas_mm.strategies import Candidate, Group
from relnas_mm.strategies.objectives import fitness

Result = tuple[Evaluation, dict[str, Tensor]]


@EVALUATORS.register_module()
class DownstreamEvaluator(Evaluator):
    """Trains each candidate as the backbone of one or several models, from shared weights, for one pass per task.

    As in `SupernetEvaluator`, the candidates of a group start from the same weights, and write theirs back, the better
    one last.  Neck and head of a task are shared by all candidates, the backbone by all tasks: a candidate takes one
    pass of the first task, then one of the next with the backbone that it has now.

    With several tasks the search needs the loss of each further one as an objective (`NAME/loss`); `compare` says
    how candidates are compared.

    Args:
        tasks: Arguments of `Task` by its name, the first one being `Evaluation.loss`; at least `config`.
        shared_weights: Work_dir of a search with a `SupernetEvaluator` of the same channels and number of cells, to
            start the backbone from its shared weights; `None` starts from those of the first task's config: its
            genotype, and what `init_cfg` of the backbone names, such as a classifier.
        write_back: As for `SupernetEvaluator`; with 'never' each candidate is trained from the initial weights.
        compare: How several tasks are compared; supplied by the search.
        objective_names: Objectives of the search besides the loss; supplied by the search.
        space: The search space; supplied by the search.
        seed: Seed of the splits, initial weights and all random streams.
        device: Device to train on.

    Raises:
        UserError: A task cannot be built, tasks have different backbones, the objectives leave out a task, the space
            has sizes, or the shared weights do not fit.
    """

    kinds: ClassVar[tuple[str, ...] | None] = (Genotype.kind,)

    def __init__(
        self,
        tasks: Mapping[str, Mapping[str, Any]],
        shared_weights: str | None = None,
        write_back: str | int = "group",
        compare: str = "pareto",
        objective_names: Sequence[str] = (),
        space: Space | None = None,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ):
        if not isinstance(tasks, Mapping) or not tasks:
            raise UserError(f"tasks of DownstreamEvaluator is {tasks!r}; it must map names to the arguments of tasks")
        if space is not None and space.has_sizes:
            raise UserError(
                "the space searches the size of networks, but tasks of DownstreamEvaluator share one neck and head, "
                "which fit one size; leave out init_channels, num_cells and reductions of the space"
            )
        self.device, self.seed, self.compare = torch.device(device), seed, compare
        self.tasks = [Task(name, seed=seed, device=device, **arguments) for name, arguments in tasks.items()]
        self._check_objectives(objective_names)
        self._backbone_names: set[str] = set()
        self.weights = SharedWeights(self._initial_weights(shared_weights), write_back)
        self.independent = self.weights.frozen

    def evaluate(self, groups: Sequence[Group], upcoming: Sequence[Group] = ()) -> list[list[Evaluation]]:
        """Trains and scores the candidates, distributed over all processes, and writes their weights back.

        Candidates with a non-finite loss are not written back.
        """
        jobs = [(group, one) for group in groups for one in group.candidates]
        local = {index: self._train_and_score(*jobs[index]) for index in shard(len(jobs))}
        gathered = iter(all_gather_results(local, len(jobs), self.device))
        return [self._write_back(group, [next(gathered) for _ in group.candidates]) for group in groups]

    def groups_per_round(self, group: Group) -> int:
        """All groups that start from the same weights in distributed runs, else one."""
        return self.weights.left_in_round(group) if world()[1] > 1 else 1

    def rescore(self, candidate: Candidate) -> Evaluation:
        """Scores a candidate with the current shared weights, without training."""
        scores = {}
        for task in self.tasks:
            model, _ = self._model(task, candidate, self.weights.tensors)
            scores[task.name] = task.score(model)
        return self._evaluation(scores, 0.0)

    def state_dict(self) -> dict[str, Tensor]:
        """The shared weights."""
        return self.weights.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the state from the result of `state_dict`."""
        self.weights.load_state_dict(state)

    def _train_and_score(self, group: Group, candidate: Candidate) -> Result:
        start, address = time.perf_counter(), (group.generation, candidate.number)
        own: dict[str, Tensor] = {}
        scores: dict[str, Score] = {}
        for task in self.tasks:
            scores[task.name] = self._pass(task, candidate, address, group.progress, own)
        return self._evaluation(scores, time.perf_counter() - start), own

    def _pass(
        self, task: Task, candidate: Candidate, address: Address, progress: float, own: dict[str, Tensor]
    ) -> Score:
        """One task of a candidate; adds its weights to `own`."""
        model, names = self._model(task, candidate, ChainMap(own, self.weights.tensors))
        train_loss = task.train(model, address, progress)
        score = task.score(model, train_loss) if math.isfinite(train_loss) else Score(math.nan, {}, train_loss)
        own.update({names[name]: value.detach() for name, value in model.state_dict().items()})
        return score

    def _model(
        self, task: Task, candidate: Candidate, weights: Mapping[str, Tensor]
    ) -> tuple[torch.nn.Module, dict[str, str]]:
        """The model of a candidate with shared weights, and the shared names of its weights."""
        with seeded(stream_seed(self.seed, "replaced")):  # constructors draw weights, which are replaced
            model = task.build(cast(Genotype, candidate.architecture))
        names = shared_names(model, task.source, task.name)
        initialize_operations(cell_backbone(model, task.source)[1], weights, self.seed)
        with torch.no_grad():
            for name, value in model.state_dict().items():
                if names[name] in weights:
                    value.copy_(weights[names[name]])
        return model, names

    def _evaluation(self, scores: Mapping[str, Score], seconds: float) -> Evaluation:
        metrics: dict[str, float] = {}
        for name, score in scores.items():
            metrics[f"{name}/loss"], metrics[f"{name}/train_loss"] = score.loss, score.train_loss
            metrics |= {f"{name}/{key}": value for key, value in score.metrics.items()}
        return Evaluation(next(iter(scores.values())).loss, {**metrics, "seconds": seconds})

    def _write_back(self, group: Group, results: list[Result]) -> list[Evaluation]:
        losses = np.array([[one.metrics[f"{task.name}/loss"] for task in self.tasks] for one, _ in results])
        finite = np.flatnonzero(np.isfinite(losses).all(axis=1))
        told = losses[finite, 0] if len(self.tasks) == 1 else losses[finite]
        order = finite[np.argsort(fitness(told, self.compare), kind="stable")]
        self.weights.write_back([results[index][1] for index in order])
        self.weights.end_group(group)
        return [evaluation for evaluation, _ in results]

    def _initial_weights(self, search: str | None) -> dict[str, Tensor]:
        """Backbone, necks and heads of the configs' own genotypes, and what a search has learned."""
        weights: dict[str, Tensor] = {}
        for task in self.tasks:
            with seeded(stream_seed(self.seed, f"weights of {task.name}")):
                model = task.build(None, True, pretrained=task is self.tasks[0] and search is None)
            names = shared_names(model, task.source, task.name)
            task.check_model(model)
            for name, value in model.state_dict().items():
                known = weights.setdefault(names[name], value.detach().clone())
                if known.shape != value.shape:
                    raise UserError(
                        f"the backbones of {self.tasks[0].source!r} and {task.source!r} differ: {names[name]!r} has "
                        f"the shape {tuple(known.shape)} in one and {tuple(value.shape)} in the other; tasks share one "
                        "backbone, with the same init_channels, num_cells and stem"
                    )
            self._check_same_backbone(names, task)
        return weights if search is None else self._inherited(weights, search)

    def _check_same_backbone(self, names: Mapping[str, str], task: Task) -> None:
        mine = {name for name in names.values() if name.startswith(BACKBONE) and "._ops." not in name}
        theirs = self._backbone_names = self._backbone_names or mine
        if different := sorted(mine ^ theirs):
            raise UserError(
                f"the backbones of {self.tasks[0].source!r} and {task.source!r} differ: only one has {different[0]!r}; "
                "tasks share one backbone, with the same init_channels, num_cells and stem"
            )

    def _inherited(self, weights: dict[str, Tensor], search: str) -> dict[str, Tensor]:
        """Replaces initial weights of the backbone by the shared ones of a search; its stem may be another."""
        found = {BACKBONE + name: value for name, value in shared_weights(Path(search)).items()}
        cells = {name for name in found if name.startswith(f"{BACKBONE}cells.")}
        fitting = {name: found[name].to(self.device) for name in cells}
        own = {name: value for name, value in weights.items() if name.startswith(f"{BACKBONE}cells.")}
        # preprocessing of the first two cells depends on the stem, like the stem itself
        for name, value in own.items():
            first = name.startswith((f"{BACKBONE}cells.0.preprocess", f"{BACKBONE}cells.1.preprocess"))
            if name in fitting and fitting[name].shape != value.shape:
                if not first:
                    raise UserError(
                        f"the shared weights of {search!r} do not fit: {name!r} has the shape "
                        f"{tuple(fitting[name].shape)} there and {tuple(value.shape)} in {self.tasks[0].source!r}; "
                        "init_channels must be the same"
                    )
                del fitting[name]
        depths = [1 + max(int(name.split(".")[2]) for name in names) for names in (own, cells)]
        if depths[0] != depths[1]:
            raise UserError(
                f"the search in {search!r} has {depths[1]} cells, but the backbone of {self.tasks[0].source!r} has "
                f"{depths[0]}"
            )
        return weights | fitting

    def _check_objectives(self, names: Sequence[str]) -> None:
        needed = [f"{task.name}/loss" for task in self.tasks[1:]]
        if missing := [name for name in needed if name not in names]:
            raise UserError(
                f"the search compares by {['the loss of ' + self.tasks[0].name, *names]} and would ignore "
                f"{', '.join(missing)}; add them to `objectives`"
            )
