"""ReNAS (Xu et al., CVPR 2021): predictor-based search with a ranking loss."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.predictors import Predictor, encoding_for, predictor_config, save_predictor
from relnas_mm.seeding import stream_seed
from relnas_mm.spaces import Space
from relnas_mm.strategies.distinct import DistinctStrategy
from relnas_mm.strategies.labels import scores_of
from relnas_mm.strategies.pool import Pool


class ReNAS(DistinctStrategy):
    """Evaluates random architectures, then in each round those that a predictor, trained on all before, ranks highest.

    With `queries = samples + top_k` it is the published procedure: one predictor, whose top ten are evaluated.  More
    queries add rounds, each with a new predictor.

    Args:
        space: The search space.
        queries: Number of candidates to evaluate, above `samples`.
        samples: Number of random architectures, distinct if `max_attempts` allows, to train the first predictor on.
        top_k: Number of candidates per round.
        predictor: A config by name ('reference', 'improved', …) or by its fields (`predictor_config`).
        calls: Number of architectures that evolution evaluates by the predictor, in spaces too large to enumerate.
        population_size: Population size of that evolution.
        detrend: Whether to subtract the median loss of each generation before a predictor learns: for shared weights,
            whose losses fall during the search.
        save_to: Folder for the predictors, saved as `predictor_N` after N candidates; `None` saves none.
        **options: Options of `SequentialStrategy`, with a single objective.

    Raises:
        UserError: A value is out of range, or the space does not support the encoding.
    """

    def __init__(
        self,
        space: Space,
        queries: int,
        samples: int = 424,
        top_k: int = 10,
        predictor: "str | dict[str, Any]" = "reference",
        calls: int = 2000,
        population_size: int = 100,
        detrend: bool = False,
        save_to: str | None = None,
        **options: Any,
    ):
        super().__init__(space, queries, **options)
        if not 2 <= samples < queries:
            raise UserError(
                f"samples of ReNAS is {samples!r} and queries {queries!r}; required: 2 <= samples < queries"
            )
        for name, value in (("top_k", top_k), ("calls", calls), ("population_size", population_size)):
            if value < 1:
                raise UserError(f"{name} of ReNAS is {value!r}; it must be at least 1")
        self.samples, self.top_k, self.config = samples, top_k, predictor_config(predictor)
        self.encoding = encoding_for(space, self.config.encoding)
        self.predictor: Predictor | None = None
        """The last predictor trained in this process."""
        self._pool = Pool(space, self.feasible, calls, population_size, self._max_attempts)
        self._detrended, self._save_to = self._generation_size if detrend else 0, save_to
        self._planned = np.empty((0, len(space.upper)))

    def state_dict(self) -> dict[str, Any]:
        """As `SequentialStrategy.state_dict`, with the remaining vectors of the round."""
        return {**super().state_dict(), "planned": self._planned.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""
        super().load_state_dict(state)
        self._planned = np.asarray(state["planned"], dtype=np.float64).reshape(-1, len(self.space.upper))

    def _first_fitting(self, number: int) -> np.ndarray:
        if self._told < self.samples:
            return super()._first_fitting(number)
        if not len(self._planned):
            self._planned = self._round()
        return self._planned[0] if len(self._planned) else super()._first_fitting(number)

    def _propose(self, rng: np.random.Generator) -> np.ndarray:
        return self.space.sample(rng, 1)[0]

    def _learn(self) -> None:
        super()._learn()
        self._planned = self._planned[1:]

    def _round(self) -> np.ndarray:
        architectures = [self.space.decode(vector) for vector in self.vectors]
        seed = stream_seed(self.seed, "round", self._told)
        predictor = Predictor(self.encoding, self.config, seed)
        self.predictor = predictor.fit(architectures, scores_of(self.losses, self._detrended))
        if self._save_to is not None:
            save_predictor(predictor, f"{self._save_to}/predictor_{self._told}")
        wanted = min(self.top_k, self.queries - self._told)
        return self._pool.best(predictor, wanted, self._seen.__contains__, seed)
