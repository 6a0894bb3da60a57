"""Slow-fast learning in which a referee decides the duels that it is sure of, and the others are fought."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors import encoding_for, predictor_config
from relnas_mm.seeding import numpy_stream, stream_seed
from relnas_mm.spaces import Space
from relnas_mm.strategies.base import Candidate, Feasible, Group, Losses, Scored, Strategy
from relnas_mm.strategies.objectives import told_losses
from relnas_mm.strategies.referee import Referee
from relnas_mm.strategies.slow_fast import SlowFastLearning

_INNER = "learning."
QUICK = {"base": "improved", "epochs": 100, "most_steps": 100, "lr": 0.01, "members": 4, "hidden": 64}
"""The referee's predictor is trained many times."""


class RefereedLearning(Strategy):
    """Slow-fast learning as released, but only some of its pairs are asked for.

    Every pair that was trained teaches the referee.  Groups are numbered anew: what records call a generation is as
    many trained pairs as the population has.  The winner is the best of all that was trained.

    Args:
        space: What the vectors stand for.
        queries: Candidates that may be trained; `None` sets no limit.
        population_size: Number of individuals, even.
        generations: How often the population learns, at most.
        seed: Seed of all draws.
        confidence: How sure the referee must be; 1 lets it never speak.
        warmup: Candidates that are trained before the referee's first predictor.
        retrain: Candidates after which it learns anew.
        duels: Duels fought after its first predictor before it says anything.
        audit: Share of the duels it is sure of that are fought all the same, so that it knows how sure it may be.
        predictor: The config of its predictors; the default is a quick form of 'improved'.
        memory: Whether an architecture that was trained keeps its loss: for tables and stand-alone training, where
            training it again says nothing new; not for shared weights.
        detrend: Whether the median loss of each generation is taken off before the referee learns.
        feasible: Which architectures are within the budget; `None` allows all.
        max_attempts: How many times a proposal outside the budget is drawn again.

    Raises:
        UserError: A number is out of range, or the space has no such encoding.
    """

    def __init__(
        self,
        space: Space,
        queries: int | None = None,
        population_size: int = 20,
        generations: int = 50,
        seed: int = 0,
        confidence: float = 0.95,
        warmup: int = 60,
        retrain: int = 60,
        duels: int = 20,
        audit: float = 0.1,
        predictor: "str | dict[str, Any] | None" = None,
        memory: bool = False,
        detrend: bool = False,
        feasible: Feasible | None = None,
        max_attempts: int = 100,
    ):
        limits = {"queries": 1 if queries is None else queries, "warmup": warmup, "retrain": retrain}
        for name, value in limits.items():
            if value < 1:
                raise UserError(f"{name} of RefereedLearning is {value!r}; it must be at least 1")
        if not 0 <= audit <= 1:
            raise UserError(f"audit of RefereedLearning is {audit!r}; it must be from 0 to 1")
        self.space, self.feasible, self.queries, self.seed, self.memory = space, feasible, queries, seed, memory
        self._learning = SlowFastLearning(space, population_size, generations, seed, False, feasible, max_attempts)
        self._warmup, self._retrain, self._audit = warmup, retrain, audit
        config = predictor_config(predictor or QUICK)
        self.referee = Referee(
            encoding_for(space, config.encoding),
            config,
            stream_seed(seed, "referee") >> 8,
            confidence,
            duels,
            population_size if detrend else 0,
        )
        self._pairs = population_size // 2
        self._vectors: list[np.ndarray] = []
        self._losses: list[float] = []
        self._known: dict[Architecture, float] = {}
        self._counts = {"fought": 0, "decided": 0, "remembered": 0, "learned_from": 0}
        self._asked: Group | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Pairs that were fought, decided by the referee, and remembered; and candidates that it learned from."""
        return dict(self._counts)

    @property
    def done(self) -> bool:
        """Whether all generations are over, or all queries spent."""
        return self._learning.done or (self.queries is not None and len(self._losses) >= self.queries)

    @property
    def total_groups(self) -> int:
        """Pairs of the whole search; fewer are asked for."""
        whole = self._learning.total_groups
        return whole if self.queries is None else min(whole, -(-self.queries // 2))

    def ranking(self) -> list[Scored]:
        """All that was trained, from the lowest loss up; diverged ones are left out."""
        order = [place for place in np.argsort(self._losses, kind="stable") if np.isfinite(self._losses[place])]
        return [
            Scored(Candidate(int(n), self._vectors[n], self.space.decode(self._vectors[n])), self._losses[n])
            for n in order
        ]

    def ask(self) -> Group:
        """The next pair that has to be fought, without whom memory knows.

        Raises:
            UserError: The search is done.
        """
        if self.done:
            raise UserError(f"the search is done after {len(self._losses)} candidates; there is nothing to ask for")
        if self._asked is None:
            duel = self._learning.ask()
            generation, index = divmod(self._counts["fought"], self._pairs)
            unknown = [candidate for candidate in duel.candidates if not self._remembers(candidate)]
            numbered = tuple(
                Candidate(2 * index + place, candidate.vector, candidate.architecture)
                for place, candidate in enumerate(unknown)
            )
            self._asked = Group(generation, index, self._pairs, duel.progress, numbered)
        return self._asked

    def tell(self, group: Group, losses: Losses) -> None:
        """Takes the losses of a pair, then lets the referee decide what follows as long as it is sure.

        Raises:
            UserError: It is not the pair that `ask` gave, or has another number of losses.
        """
        if self._asked is None or group is not self._asked or len(losses) != len(group.candidates):
            raise UserError(
                f"{len(losses)} losses were told for pair {group.index} of generation {group.generation}; one for each "
                "candidate that was asked for last is expected"
            )
        told = told_losses(losses, 1).tolist()
        duel = self._learning.ask()
        for candidate, loss in zip(group.candidates, told):
            self._vectors.append(candidate.vector)
            self._losses.append(loss)
            self._known[candidate.architecture] = loss
        complete = [self._known[candidate.architecture] for candidate in duel.candidates] if self.memory else told
        self._counts["fought"] += 1
        self._asked = None
        self._calibrate(duel, complete)
        self._learning.tell(duel, complete)
        if len(self._losses) >= max(self._warmup, self._counts["learned_from"] + self._retrain):
            self._train(len(self._losses))
        self._decide()

    def state_dict(self) -> dict[str, Any]:
        """Where the search stands; with the same arguments `load_state_dict` continues from it exactly."""
        inner = {f"{_INNER}{name}": value for name, value in self._learning.state_dict().items()}
        vectors = np.array(self._vectors).reshape(-1, len(self.space.upper))
        told = {"vectors": vectors, "losses": np.array(self._losses)}
        return {**inner, **told, **self._counts, **self.referee.calibration.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues from what `state_dict` gave; the referee's predictor is trained again."""
        self._learning.load_state_dict({name[len(_INNER) :]: v for name, v in state.items() if name.startswith(_INNER)})
        self._vectors, self._losses = list(np.asarray(state["vectors"])), np.asarray(state["losses"]).tolist()
        self._known = {self.space.decode(vector): loss for vector, loss in zip(self._vectors, self._losses)}
        self._counts = {name: int(state[name]) for name in self._counts}
        self.referee.calibration.load_state_dict(state)
        self._asked = None
        if self._counts["learned_from"]:
            self._train(self._counts["learned_from"])

    def _remembers(self, candidate: Candidate) -> bool:
        return self.memory and candidate.architecture in self._known

    def _train(self, count: int) -> None:
        self._counts["learned_from"] = count
        architectures = [self.space.decode(vector) for vector in self._vectors[:count]]
        self.referee.learn(architectures, np.array(self._losses[:count]))

    def _calibrate(self, duel: Group, losses: Sequence[float]) -> None:
        """Notes what the referee would have said of a duel that was fought."""
        said = self.referee.margin([candidate.architecture for candidate in duel.candidates])
        if said is not None and losses[0] != losses[1]:
            weight = 1 / self._audit if self.referee.sure(said[0]) and self._audit else 1.0
            self.referee.calibration.add(said[0], losses[0] < losses[1], weight)

    def _decide(self) -> None:
        """Tells the learning what need not be fought, up to the next pair that must be."""
        while not self.done:
            duel = self._learning.ask()
            if all(self._remembers(candidate) for candidate in duel.candidates):
                self._counts["remembered"] += 1
                self._learning.tell(duel, [self._known[candidate.architecture] for candidate in duel.candidates])
                continue
            said = self.referee.margin([candidate.architecture for candidate in duel.candidates])
            if said is None or not self.referee.sure(said[0]) or self._audited():
                return
            self._counts["decided"] += 1
            self._learning.tell(duel, _in_order(*said))

    def _audited(self) -> bool:
        decisions = self._counts["fought"] + self._counts["decided"]
        return bool(numpy_stream(self.seed, "audit", decisions).random() < self._audit)


def _in_order(margin: float, losses: list[float]) -> list[float]:
    """Expected losses, moved apart where they do not agree with the margin."""
    winner, loser = (0, 1) if margin > 0 else (1, 0)
    if losses[winner] >= losses[loser]:
        losses[loser] = np.nextafter(losses[winner], np.inf)
    return losses
