"""Slow-fast learning in which a referee decides the pairs that it is confident of; the others are trained."""

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
"""A predictor that trains fast, as the referee retrains it often."""


class RefereedLearning(Strategy):
    """Slow-fast learning as in the reference implementation, of which only some pairs are trained.

    Every trained pair is training data for the referee.  Groups are renumbered: a generation, in records, has as many
    trained pairs as the population has pairs.  The winner is the best of all trained candidates.

    Args:
        space: The search space.
        queries: Maximum number of candidates to train; `None` for no limit.
        population_size: Number of individuals, even.
        generations: Maximum number of generations.
        seed: Seed of all random streams.
        confidence: Least probability at which the referee decides; 1 disables it.
        warmup: Number of trained candidates before the referee's first predictor.
        retrain: Number of trained candidates between its predictors.
        duels: Number of calibration pairs before it decides.
        audit: Fraction of the pairs it is confident of that are trained nevertheless, for calibration.
        predictor: Config of its predictors; by default a fast variant of 'improved'.
        memory: Whether losses of trained architectures are reused: for tables and stand-alone training, not for shared
            weights.
        detrend: Whether to subtract the median loss of each generation before the referee learns.
        feasible: Whether an architecture is within the budget; `None` allows all.
        max_attempts: As for `SlowFastLearning`.

    Raises:
        UserError: A value is out of range, or the space does not support the encoding.
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
        """Numbers of pairs trained, decided and remembered, and of candidates that the referee learned from."""
        return dict(self._counts)

    @property
    def done(self) -> bool:
        """Whether all generations are finished, or all queries spent."""
        return self._learning.done or (self.queries is not None and len(self._losses) >= self.queries)

    @property
    def total_groups(self) -> int:
        """Upper bound of the number of trained pairs."""
        pairs = self._learning.total_groups
        return pairs if self.queries is None else min(pairs, -(-self.queries // 2))

    def ranking(self) -> list[Scored]:
        """All trained candidates by ascending loss, without diverged ones."""
        order = [index for index in np.argsort(self._losses, kind="stable") if np.isfinite(self._losses[index])]
        return [
            Scored(Candidate(int(n), self._vectors[n], self.space.decode(self._vectors[n])), self._losses[n])
            for n in order
        ]

    def ask(self) -> Group:
        """The next pair to train, without candidates whose losses are remembered.

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
                Candidate(2 * index + position, candidate.vector, candidate.architecture)
                for position, candidate in enumerate(unknown)
            )
            self._asked = Group(generation, index, self._pairs, duel.progress, numbered)
        return self._asked

    def tell(self, group: Group, losses: Losses) -> None:
        """Records the losses of a pair; then the referee decides the following pairs for as long as it is confident.

        Raises:
            UserError: The group is another one, or the number of losses is wrong.
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
        """State from which a strategy with the same arguments resumes exactly."""
        inner = {f"{_INNER}{name}": value for name, value in self._learning.state_dict().items()}
        vectors = np.array(self._vectors).reshape(-1, len(self.space.upper))
        told = {"vectors": vectors, "losses": np.array(self._losses)}
        return {**inner, **told, **self._counts, **self.referee.calibration.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`; retrains the referee's predictor."""
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
        """Adds a trained pair to the referee's calibration."""
        prediction = self.referee.margin([candidate.architecture for candidate in duel.candidates])
        if prediction is not None and losses[0] != losses[1]:
            weight = 1 / self._audit if self.referee.sure(prediction[0]) and self._audit else 1.0
            self.referee.calibration.add(prediction[0], losses[0] < losses[1], weight)

    def _decide(self) -> None:
        """Tells the losses of remembered and decided pairs, up to the next pair to train."""
        while not self.done:
            duel = self._learning.ask()
            if all(self._remembers(candidate) for candidate in duel.candidates):
                self._counts["remembered"] += 1
                self._learning.tell(duel, [self._known[candidate.architecture] for candidate in duel.candidates])
                continue
            prediction = self.referee.margin([candidate.architecture for candidate in duel.candidates])
            if prediction is None or not self.referee.sure(prediction[0]) or self._audited():
                return
            self._counts["decided"] += 1
            self._learning.tell(duel, _consistent_losses(*prediction))

    def _audited(self) -> bool:
        decisions = self._counts["fought"] + self._counts["decided"]
        return bool(numpy_stream(self.seed, "audit", decisions).random() < self._audit)


def _consistent_losses(margin: float, losses: list[float]) -> list[float]:
    """Expected losses, adjusted where their order contradicts the margin."""
    winner, loser = (0, 1) if margin > 0 else (1, 0)
    if losses[winner] >= losses[loser]:
        losses[loser] = np.nextafter(losses[winner], np.inf)
    return losses
