"""Parts of a data set whose random augmentation depends on the address of a sample only."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from relnas_mm.seeding import seeded, stream_seed


class SeededPart(Dataset[Any]):
    """Samples of a data set, each of which draws from a stream of its own, whatever process loads it.

    Args:
        dataset: A data set of an mm package.
        indices: The samples of this part.
        seed: Seed of this pass over the part.
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | np.ndarray, seed: int):
        self.dataset, self.indices, self.seed = dataset, indices, seed

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> Any:
        index = int(self.indices[position])
        with seeded(stream_seed(self.seed, "sample", candidate=index)):
            return self.dataset[index]
