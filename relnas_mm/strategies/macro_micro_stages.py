"""The four stages of the global search (Siddiqui et al., 2025; released code): depth, width, operations, kernels.

A greedy walk written as one coroutine: it yields what is to be trained next, is sent the score, and keeps or drops it.
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
"""Margins are met up to this much: the accuracies of the released code are single-precision numbers."""


@dataclass(frozen=True)
class Rules:
    """When a network is kept, and for how long it is trained; the defaults are the released constants.

    Accuracies are in percent, margins in percentage points.

    Args:
        first_epochs: Epochs of the shallowest network; each layer more gets one more.
        depth_gain: By how much a deeper network must be better to be kept.
        depth_loss: By how much it may be worse without counting as a failure.
        patience: Failures since the last kept network that are let pass; the next one ends the stage.
        saturated: Accuracy from which on no deeper network is tried.
        saturated_training: Training accuracy above which no deeper network is tried.
        width_step: Channels by which a narrower network differs.
        width_epochs: Epochs that it gets more.
        micro_epochs: Epochs in the stages of operations and kernels.
        slack: Parameters by which a network of these stages may be larger than the one that they start from.
        epochs_scale: Factor on the epochs of depth and width, for searches of a reduced scale; rounded up.
        repeats: Trainings at most, of each of two networks, for a decision on an operation or a kernel.  As released it
            is 1, and the higher accuracy wins; else the new network must be better significantly.
        level: Level of that test.

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
                "needed is 0 < level < 1 and 0 < epochs_scale"
            )
        if 1 < self.repeats < (fewest := fewest_values(self.level)):
            raise UserError(
                f"repeats of the global search is {self.repeats!r}; at the level {self.level!r} nothing is significant "
                f"below {fewest} trainings of each network"
            )

    def scaled(self, epochs: int) -> int:
        """Epochs at the scale of this search, at least 1."""
        return max(1, -int(-epochs * self.epochs_scale // 1))


@dataclass(frozen=True)
class Trial:
    """A network that is to be trained from scratch."""

    stage: str
    chain: Chain
    epochs: int


@dataclass(frozen=True)
class Score:
    """What came of it: accuracies in percent; the one on training images is NaN where it is not known."""

    accuracy: float
    training: float


Walk = Generator[Trial, Score, None]


class Stages:
    """The walk, and where it stands.

    Args:
        space: Bounds of depth, width and parameters.
        rules: Constants.
        allows: Says which networks are within the limits.

    Attributes:
        kept: The network that was kept last; `None` before any was scored.
        accuracies: Its accuracies, more than one only where decisions are repeated.
        epochs: Epochs, unscaled, of the last trial of depth or width.
        failures: Failures since then.
        macro: The network that the first two stages came to; `None` until then.
        macro_epochs: Its epochs.
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
        """Mean accuracy of the network that was kept last."""
        return sum(self.accuracies) / len(self.accuracies)

    def walk(self) -> Walk:
        """All four stages."""
        chain = yield from self._depth()
        chain = yield from self._width(chain)
        self.macro = chain
        chain = yield from self._micro("operations", chain)
        yield from self._micro("kernels", chain)

    def first(self) -> Chain:
        """The shallowest network at the largest width that keeps to the limit of parameters."""
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
        """Layer after layer, a dense convolution or a larger kernel, narrowed to equal parameters; kept if better."""
        if stage == "operations":
            score = yield self._trial(stage, start)
            self.kept, self.accuracies = start, [score.accuracy]
        kept = start
        limit = self.space.parameters(start) + self.rules.slack
        changes: list[tuple[str | None, int | None]] = [(CHAIN_OPERATIONS[1], None)]
        if stage == "kernels":
            changes = [(None, kernel) for kernel in self.space.kernels[1:]]
        for place in range(start.depth):
            for operation, kernel in changes:
                changed = kept.with_width(start.width).with_layer(place, operation, kernel)
                chain = self._narrowed(changed, limit)
                accuracies = yield from self._trials(stage, chain)
                if accuracies:
                    kept, self.kept, self.accuracies = chain, chain, accuracies
        return kept

    def _trials(self, stage: str, chain: Chain) -> Generator[Trial, Score, list[float]]:
        """The accuracies of a network that is better than the one that was kept last; none if it is not."""
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
        """The chain with as many channels as the limit of parameters leaves it."""
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
        """Counts a failure; whether it was one too many."""
        self.failures += 1
        return self.failures > self.rules.patience
