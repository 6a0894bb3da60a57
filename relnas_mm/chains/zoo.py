"""The networks of the authors' ten logged searches, as trained finally (Siddiqui et al., 2025; released logs)."""

from collections.abc import Sequence

from relnas_mm.chains.chain import Chain


def _published(depth: int, width: int, dense: Sequence[int] = (), wide: Sequence[int] = ()) -> Chain:
    chain = Chain.uniform(depth, width)
    for place in dense:
        chain = chain.with_layer(place, operation="conv")
    for place in wide:
        chain = chain.with_layer(place, kernel=5)
    return chain


CHAINS: dict[str, Chain] = {
    "macro_micro_cifar10_t": _published(26, 46, dense=(0, 2), wide=(13, 17)),
    "macro_micro_cifar10_m": _published(21, 102, dense=(0, 1, 5, 8, 13)),
    "macro_micro_cifar100_t": _published(21, 56, wide=(3,)),
    "macro_micro_cifar100_m": _published(21, 118, dense=(1, 12), wide=(7,)),
    "macro_micro_emnist_t": _published(17, 50, dense=(1, 4, 5), wide=(11, 13)),
    "macro_micro_emnist_m": _published(21, 106, dense=(0, 3, 10)),
    "macro_micro_fashionmnist_t": _published(18, 54, dense=(1, 5, 9), wide=(8,)),
    "macro_micro_fashionmnist_m": _published(16, 120, dense=(1, 2, 4, 8, 11, 15), wide=(6, 12)),
    "macro_micro_kmnist_t": _published(18, 50, dense=(2, 10), wide=(17,)),
    "macro_micro_kmnist_m": _published(24, 120, dense=(0, 1)),
}
"""By name: the data set, and 't' (searched from 64 channels down) or 'm' (from 128)."""
