"""Random cells, alone or with the cost of another one."""

from collections.abc import Callable

from relnas_mm.architectures import Genotype
from relnas_mm.errors import UserError
from relnas_mm.search.budget import Budget
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import CellSpace

TOLERANCE = 0.05
MAX_SAMPLES = 5_000


def sample_like(
    like: Genotype | None, seed: int, tolerance: float = TOLERANCE
) -> tuple[Genotype, dict[str, float], int]:
    """Samples the search space of RelativeNAS uniformly until a cell costs as much as another one.

    Args:
        like: The other cell; `None` accepts the first sample.
        seed: Seed of the samples.
        tolerance: Largest relative difference of parameters and of multiply-adds, both of the network that is retrained
            on CIFAR-10, from 0 to 1.

    Returns:
        The cell, its `params` and `macs`, and the number of samples.

    Raises:
        UserError: `tolerance` is out of range, or none of 5,000 samples is within it.
    """
    if not 0 <= tolerance <= 1:
        raise UserError(f"the tolerance is {tolerance!r}; it must be from 0 to 1")
    costs = Budget()
    limits = {}
    for key, value in (costs.costs(like) if like else {}).items():
        limits |= {f"min_{key}": value * (1 - tolerance), f"max_{key}": value * (1 + tolerance)}
    budget = Budget(**limits)
    genotype, count = first_sample(
        lambda cells: budget.allows(cells) and cells != like,
        seed,
        f"within {tolerance:.0%} of the parameters and multiply-adds of the given one; raise the tolerance",
    )
    return genotype, budget.costs(genotype), count


def first_sample(fits: Callable[[Genotype], bool], seed: int, wanted: str) -> tuple[Genotype, int]:
    """The first of uniform samples of the search space of RelativeNAS that fits.

    Args:
        fits: Whether a cell fits.
        seed: Seed of the samples.
        wanted: How the error message goes on after "none of 5,000 random cells is".

    Returns:
        The cell and the number of samples.

    Raises:
        UserError: None of 5,000 samples fits.
    """
    space, random = CellSpace(), numpy_stream(seed, "sample")
    for count in range(1, MAX_SAMPLES + 1):
        if fits(genotype := space.decode(space.sample(random, 1)[0])):
            return genotype, count
    raise UserError(f"none of {MAX_SAMPLES} random cells is {wanted}")
