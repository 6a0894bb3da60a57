"""Positions, velocities and losses of a population."""

from collections.abc import Mapping
from typing import Any

import numpy as np

_STATE = ("positions", "velocities", "losses", "last_positions", "last_losses")


class Population:
    """Arrays with one row per individual.

    Args:
        positions: Initial vectors, shape (n, d).
        objectives: Number of losses per individual; losses have shape (n, objectives) if it is above 1.

    Attributes:
        positions: Current positions, (n, d).
        velocities: Current velocities, (n, d).
        losses: Losses in the current generation, (n,): NaN where unknown, infinite where diverged.
        last_positions: Positions in the last complete generation, (n, d).
        last_losses: Losses in the last complete generation, (n,); NaN before the first is complete.
    """

    def __init__(self, positions: np.ndarray, objectives: int = 1):
        self.positions = positions
        self.velocities = np.zeros_like(positions)
        self.losses = np.full(len(positions) if objectives == 1 else (len(positions), objectives), np.nan)
        self.last_positions = positions
        self.last_losses = self.losses.copy()

    @property
    def scored(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions and losses of the last complete generation, or of the current one before the first is complete."""
        if np.isnan(self.last_losses).all():
            return self.positions, self.losses
        return self.last_positions, self.last_losses

    def close_generation(self) -> None:
        """Stores the current positions and losses as the last generation, and resets the losses."""
        self.last_positions, self.last_losses = self.positions.copy(), self.losses
        self.losses = np.full_like(self.losses, np.nan)

    def state_dict(self) -> dict[str, Any]:
        """Copies of all arrays."""
        return {name: getattr(self, name).copy() for name in _STATE}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""
        for name in _STATE:
            setattr(self, name, np.array(state[name], dtype=np.float64))
