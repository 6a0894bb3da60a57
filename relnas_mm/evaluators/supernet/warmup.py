"""Training of the shared weights before a search, by uniform sampling (Guo et al., ECCV 2020)."""

from collections.abc import Callable, Iterable

from torch import Tensor

from relnas_mm.progress import progress_bar
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies import Candidate

Batch = tuple[Tensor, Tensor]


def warm_up(
    tensors: dict[str, Tensor],
    space: Space,
    train: Callable[[Candidate, Batch], dict[str, Tensor]],
    batches: Iterable[Batch],
    steps: int,
    seed: int,
) -> None:
    """Trains the shared weights: each batch trains another random architecture.

    Args:
        tensors: The shared weights by name; they are replaced.
        space: Space of the architectures.
        train: Trains a candidate on a batch, from the shared weights, and returns its weights by their shared names.
        batches: Images and labels.
        steps: Number of batches, for the progress bar.
        seed: Seed of the run.
    """
    rng = numpy_stream(seed, "warm-up")
    with progress_bar("warm-up of the shared weights", steps) as advance:
        for batch in batches:
            vector = space.sample(rng, 1)[0]
            tensors |= train(Candidate(0, vector, space.decode(vector)), batch)
            advance(1)
