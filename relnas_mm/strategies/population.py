"""The individuals of a population search: where they are, how they move, and what they scored."""

from collections.abc import Mapping
from typing import Any

import numpy as np

_STATE = ("positions", "velocities", "losses", "last_positions", "last_losses")


class Population:
    """Arrays with one row for each individual.

    Args:
        positions: Vectors, shape (n, d).
        objectives: How many losses each individual has; with several, losses are of shape (n, objectives).

    Attributes:
        positions: Where the individuals are, (n, d).
        velocities: How they moved last, (n, d).
        losses: Losses in the running generation, (n,): NaN where not told yet, infinite where diverged.
        last_positions: Where the individuals were in the last complete generation, (n, d).
        last_losses: What they scored there, (n,); NaN before there is one.
    """

    def __init__(self, positions: np.ndarray, objectives: int = 1):
        self.positions = positions
        self.velocities = np.zeros_like(positions)
        self.losses = np.full(len(positions) if objectives == 1 else (len(positions), objectives), np.nan)
        self.last_positions = positions
        self.last_losses = self.losses.copy()

    @property
    def scored(self) -> tuple[np.ndarray, np.ndarray]:
        """Vectors and losses of the last complete generation; of the running one while there is none."""
        if np.isnan(self.last_losses).all():
            return self.positions, self.losses
        return self.last_positions, self.last_losses

    def close_generation(self) -> None:
        """Keeps what was scored, and starts a generation without losses."""
        self.last_positions, self.last_losses = self.positions.copy(), self.losses
        self.losses = np.full_like(self.losses, np.nan)

    def state_dict(self) -> dict[str, Any]:
        """Copies of all arrays."""
        return {name: getattr(self, name).copy() for name in _STATE}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes what `state_dict` gave."""
        for name in _STATE:
            setattr(self, name, np.array(state[name], dtype=np.float64))
