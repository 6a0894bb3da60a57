"""Architectures as data: families such as `Genotype`, `Chain` and `NASBench201Cell`, their files, zoo and pictures."""

from relnas_mm.architectures.base import Architecture
from relnas_mm.architectures.chain import Chain
from relnas_mm.architectures.files import load_architecture, load_chain, load_genotype, save_genotype
from relnas_mm.architectures.genotype import OPERATIONS, Genotype
from relnas_mm.architectures.nasbench201 import NASBench201Cell
from relnas_mm.architectures.tabular import BenchmarkArchitecture
from relnas_mm.architectures.zoo import CHAINS, GENOTYPES, list_chains, list_genotypes
from relnas_mm.networks.plan import Edge

__all__ = [
    "CHAINS",
    "GENOTYPES",
    "OPERATIONS",
    "Architecture",
    "BenchmarkArchitecture",
    "Chain",
    "Edge",
    "Genotype",
    "NASBench201Cell",
    "list_chains",
    "list_genotypes",
    "load_architecture",
    "load_chain",
    "load_genotype",
    "save_genotype",
]
