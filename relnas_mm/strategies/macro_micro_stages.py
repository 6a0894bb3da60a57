"""The four stages of the global search (Siddiqui et al., 2025): depth, width, operations, kernel sizes.

A greedy search written as one coroutine: it yields the next network to train, receives the score, and accepts or
rejects.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from relnas_mm.architectures import Chain
from relnas_mm.errors import UserError
from relnas_mm.networks.chain_plan import CHAIN_OPERATIONS
from relnas_mm.spaces.macro_micro import MacroMicroSpace
from relnas_mm.strategies.significance import fewest_values, significantly_higher

STAGES = ("depth", "width", "operations", "kernels")

ROUNDING = 1e-5
"""Tolerance of margins, as accuracies in the reference implementation are single-precision numbers."""


@dataclass(frozen=True)
class Rules:
    """Acceptance rules and training lengths; the defaults are the constants of the reference implementation.

    Accuracies are in percent, margins in percentage points.

    Args:
        first_epochs: Epochs of the shallowest network; each additional layer adds one.
        depth_gain: Least gain in accuracy for which a deeper network is accepted.
        depth_loss: Largest loss of accuracy of a deeper network that does not count as a failure.
        patience: Number of failures since the last accepted network that are tolerated; the next ends the stage.
        saturated: Least accuracy at which no deeper network is tried.
        saturated_training: Training accuracy above which no deeper network is tried.
        width_step: Channels removed at each step of the width stage.
        width_epochs: Epochs added at each step of the width stage.
        micro_epochs: Epochs in the operation and kernel stages.
        slack: Number of parameters by which a network of these stages may exceed the one that they start from.
        epochs_scale: Factor of the epochs in the depth and width stages, for reduced searches; the result is rounded
            up.
        repeats: Maximum number of training runs of each of two networks per decision in the operation and kernel
            stages.  With 1, as in the reference implementation, the higher accuracy wins; otherwise the new network
            must be significantly better.
        level: Significance level of that test.

    Raises:
        UserError: A value is out of range.
    """

    first_epochs: int = 10
    depth_gain: float = 0.10
    depth_loss: float = 0.05
    patience: int = 2
    saturated: float = 99.9
    saturated_training: float = 99.5
    width_step: int = 2
    width_epochs: int = 2
    micro_epochs: int = 2
    slack: int = 10_000
    epochs_scale: float = 1.0
    repeats: int = 1
    level: float = 0.05

    def __post_init__(self) -> None:
        for name in ("first_epochs", "width_step", "micro_epochs", "repeats"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} of the global search is {getattr(self, name)!r}; it must be at least 1")
        for name in ("patience", "width_epochs", "slack", "depth_gain", "depth_loss"):
            if getattr(self, name) < 0:
                raise UserError(f"{name} of the global search is {getattr(self, name)!r}; it must be at least 0")
        if not 0 < self.level < 1 or not self.epochs_scale > 0:
            raise UserError(
                f"level of the global search is {self.level!r} and epochs_scale {self.epochs_scale!r}; "
                "required: 0 < level < 1 and 0 < epochs_scale"
            )
        if 1 < self.repeats < (fewest := fewest_values(self.level)):
            raise UserError(
                f"repeats of the global search is {self.repeats!r}; at the level {self.level!r} nothing is significant "
                f"below {fewest} trainings of each network"
            )

    def scaled(self, epochs: int) -> int:
        """Epochs times `epochs_scale`, rounded up, at least 1."""
        return max(1, -int(-epochs * self.epochs_scale // 1))


@dataclass(frozen=True)
class Trial:
    """A network to train from scratch."""

    stage: str
    chain: Chain
    epochs: int


@dataclass(frozen=True)
class Score:
    """Result of a trial: validation and training accuracy in percent; the latter is NaN if unknown."""

    accuracy: float
    training: float


Walk = Generator[Trial, Score, None]


class Stages:
    """The greedy search and its state.

    Args:
        space: Bounds of depth, width and parameters.
        rules: Acceptance rules and training lengths.
        allows: Whether a network is within the budget.

    Attributes:
        kept: The last accepted network; `None` before the first score.
        accuracies: Its accuracies; several with `Rules.repeats` above 1.
        epochs: Epochs, unscaled, of the last trial of the depth or width stage.
        failures: Number of failures since the last accepted network.
        macro: Result of the first two stages; `None` before they are finished.
        macro_epochs: Epochs, unscaled, of that network.
    """

    def __init__(self, space: MacroMicroSpace, rules: Rules, allows: Callable[[Chain], bool]):
        self.space, self.rules, self._allows = space, rules, allows
        self.kept: Chain | None = None
        self.accuracies: list[float] = []
        self.epochs, self.failures = rules.first_epochs, 0
        self.macro: Chain | None = None
        self.macro_epochs = 0

    @property
    def accuracy(self) -> float:
        """Mean accuracy of the last accepted network."""
        return sum(self.accuracies) / len(self.accuracies)

    def walk(self) -> Walk:
        """Runs all four stages."""
        chain = yield from self._depth()
        chain = yield from self._width(chain)
        self.macro = chain
        chain = yield from self._micro("operations", chain)
        yield from self._micro("kernels", chain)

    def first(self) -> Chain:
        """The shallowest network, at the largest width within the budget."""
        (depth, _), (_, width) = self.space.depths, self.space.widths
        while not self._allows(chain := self.space.uniform(depth, width)):
            width -= 1
            if width < 1:
                raise UserError(f"no network of {depth} layers is within the budget; widen its limits")
        return chain

    def _depth(self) -> Generator[Trial, Score, Chain]:
        rules, chain = self.rules, self.first()
        kept, score = chain, (yield self._trial("depth", chain))
        self._keep(chain, score.accuracy)
        while self.accuracy < rules.saturated and not score.training > rules.saturated_training:
            if chain.depth == self.space.depths[1]:
                break
            chain = self.space.uniform(chain.depth + 1, chain.width)
            if not self._allows(chain):
                break
            self.epochs += 1
            trained = yield self._trial("depth", chain)
            if trained.accuracy >= self.accuracy + rules.depth_gain - ROUNDING:
                kept, score = chain, trained
                self._keep(chain, score.accuracy)
            elif trained.accuracy < self.accuracy - rules.depth_loss - ROUNDING and self._failed():
                break
        return kept

    def _width(self, kept: Chain) -> Generator[Trial, Score, Chain]:
        rules, width, self.failures = self.rules, kept.width, 0
        while (width := width - rules.width_step) >= self.space.widths[0]:
            self.epochs += rules.width_epochs
            chain = kept.with_width(width)
            trained = yield self._trial("width", chain)
            if trained.accuracy >= self.accuracy:
                kept = chain
                self._keep(chain, trained.accuracy)
            elif self._failed():
                break
        return kept

    def _micro(self, stage: str, start: Chain) -> Generator[Trial, Score, Chain]:
        """Tries a dense convolution or a larger kernel in each layer, at a width of about equal parameters."""
        if stage == "operations":
            score = yield self._trial(stage, start)
            self.kept, self.accuracies = start, [score.accuracy]
        kept = start
        limit = self.space.parameters(start) + self.rules.slack
        changes: list[tuple[str | None, int | None]] = [(CHAIN_OPERATIONS[1], None)]
        if stage == "kernels":
            changes = [(None, kernel) for kernel in self.space.kernels[1:]]
        for index in range(start.depth):
            for operation, kernel in changes:
                changed = kept.with_width(start.width).with_layer(index, operation, kernel)
                chain = self._narrowed(changed, limit)
                accuracies = yield from self._trials(stage, chain)
                if accuracies:
                    kept, self.kept, self.accuracies = chain, chain, accuracies
        return kept

    def _trials(self, stage: str, chain: Chain) -> Generator[Trial, Score, list[float]]:
        """Trains a network; returns its accuracies if it is accepted, else an empty list."""
        assert self.kept is not None
        accuracies = [(yield self._trial(stage, chain)).accuracy]
        if self.rules.repeats == 1:
            return accuracies if accuracies[0] > self.accuracy else []
        while sum(accuracies) / len(accuracies) > self.accuracy:
            if significantly_higher(accuracies, self.accuracies, self.rules.level):
                return accuracies
            if len(accuracies) >= self.rules.repeats:
                break
            accuracies.append((yield self._trial(stage, chain)).accuracy)
            if len(self.accuracies) < len(accuracies):
                self.accuracies.append((yield self._trial(stage, self.kept)).accuracy)
        return []

    def _narrowed(self, chain: Chain, limit: int) -> Chain:
        """Reduces the width until the chain has at most `limit` parameters and is within the budget."""
        while self.space.parameters(chain) > limit or not self._allows(chain):
            if chain.width == 1:
                raise UserError(f"no width brings the network {chain} to {limit:,} parameters; widen the budget")
            chain = chain.with_width(chain.width - 1)
        return chain

    def _trial(self, stage: str, chain: Chain) -> Trial:
        macro = stage in STAGES[:2]
        return Trial(stage, chain, self.rules.scaled(self.epochs) if macro else self.rules.micro_epochs)

    def _keep(self, chain: Chain, accuracy: float) -> None:
        self.kept, self.accuracies, self.failures, self.macro_epochs = chain, [accuracy], 0, self.epochs

    def _failed(self) -> bool:
        """Counts a failure; returns whether patience is exhausted."""
        self.failures += 1
        return self.failures > self.rules.patience
