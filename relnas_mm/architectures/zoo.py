"""Published architectures.

Cells: RelativeNAS, searched on CIFAR-10 and on CIFAR-100, from the reference implementation (Tan et al., TNNLS 2021);
DARTS V1 and V2 from Liu et al., ICLR 2019; NASNet-A from Zoph et al., CVPR 2018, and AmoebaNet-A from Real et al., AAAI
2019, both as in the DARTS code.  Chains: Siddiqui et al., 2025.
"""

from collections.abc import Sequence

from relnas_mm.architectures.chain import Chain
from relnas_mm.architectures.genotype import Genotype
from relnas_mm.networks.plan import Edge

_SHORT = {
    "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
    "sep7": "sep_conv_7x7",
    "dil3": "dil_conv_3x3",
    "dil5": "dil_conv_5x5",
    "max": "max_pool_3x3",
    "avg": "avg_pool_3x3",
    "skip": "skip_connect",
    "conv7": "conv_7x1_1x7",
}


def _cell(text: str) -> tuple[Edge, ...]:
    """Parses edges such as 'sep3 0  dil5 1', operations and input nodes in turn."""
    words = text.split()
    return tuple((_SHORT[op], int(node)) for op, node in zip(words[::2], words[1::2]))


GENOTYPES: dict[str, Genotype] = {
    "relativenas": Genotype(
        normal=_cell("sep3 0 dil5 1  sep3 1 sep3 1  sep3 1 sep5 1  skip 0 sep3 0"),
        reduce=_cell("avg 1 max 1  dil5 1 max 1  avg 3 skip 1  dil5 3 sep3 1"),
    ),
    "relativenas_cifar100": Genotype(
        normal=_cell("dil5 1 skip 0  sep3 1 sep5 2  sep3 1 max 0  sep5 1 dil5 3"),
        reduce=_cell("max 0 skip 1  sep3 0 sep5 0  dil5 2 dil3 2  sep3 3 sep3 4"),
    ),
    "darts_v1": Genotype(
        normal=_cell("sep3 1 sep3 0  skip 0 sep3 1  skip 0 sep3 1  sep3 0 skip 2"),
        reduce=_cell("max 0 max 1  skip 2 max 0  max 0 skip 2  skip 2 avg 0"),
    ),
    "darts_v2": Genotype(
        normal=_cell("sep3 0 sep3 1  sep3 0 sep3 1  sep3 1 skip 0  skip 0 dil3 2"),
        reduce=_cell("max 0 max 1  skip 2 max 1  max 0 skip 2  skip 2 max 1"),
    ),
    "nasnet": Genotype(
        normal=_cell("sep5 1 sep3 0  sep5 0 sep3 0  avg 1 skip 0  avg 0 avg 0  sep3 1 skip 1"),
        reduce=_cell("sep5 1 sep7 0  max 1 sep7 0  avg 1 sep5 0  skip 3 avg 2  sep3 2 max 1"),
        concat=(2, 3, 4, 5, 6),
        reduce_concat=(4, 5, 6),
    ),
    "amoebanet": Genotype(
        normal=_cell("avg 0 max 1  sep3 0 sep5 2  sep3 0 avg 3  sep3 1 skip 1  skip 0 avg 1"),
        reduce=_cell("avg 0 sep3 1  max 0 sep7 2  sep7 0 avg 1  max 0 max 1  conv7 0 sep3 5"),
        concat=(4, 5, 6),
        reduce_concat=(3, 4, 6),
    ),
}
"""Published genotypes by name."""


def _chain(depth: int, width: int, dense: Sequence[int] = (), kernel5: Sequence[int] = ()) -> Chain:
    """A uniform chain with dense convolutions, and with kernels of size 5, in some layers."""
    chain = Chain.uniform(depth, width)
    for index in dense:
        chain = chain.with_layer(index, operation="conv")
    for index in kernel5:
        chain = chain.with_layer(index, kernel=5)
    return chain


CHAINS: dict[str, Chain] = {
    "macro_micro_cifar10_t": _chain(26, 46, dense=(0, 2), kernel5=(13, 17)),
    "macro_micro_cifar10_m": _chain(21, 102, dense=(0, 1, 5, 8, 13)),
    "macro_micro_cifar100_t": _chain(21, 56, kernel5=(3,)),
    "macro_micro_cifar100_m": _chain(21, 118, dense=(1, 12), kernel5=(7,)),
    "macro_micro_emnist_t": _chain(17, 50, dense=(1, 4, 5), kernel5=(11, 13)),
    "macro_micro_emnist_m": _chain(21, 106, dense=(0, 3, 10)),
    "macro_micro_fashionmnist_t": _chain(18, 54, dense=(1, 5, 9), kernel5=(8,)),
    "macro_micro_fashionmnist_m": _chain(16, 120, dense=(1, 2, 4, 8, 11, 15), kernel5=(6, 12)),
    "macro_micro_kmnist_t": _chain(18, 50, dense=(2, 10), kernel5=(17,)),
    "macro_micro_kmnist_m": _chain(24, 120, dense=(0, 1)),
}
"""Published chains by name: data set, and 't' (searched downwards from 64 channels) or 'm' (from 128)."""


def list_genotypes() -> list[str]:
    """Names of the published cells, which `load_genotype` and `CellBackbone(genotype=…)` accept."""
    return list(GENOTYPES)


def list_chains() -> list[str]:
    """Names of the published chain networks, which `load_chain` and `ChainBackbone(chain=…)` accept."""
    return list(CHAINS)
