"""Chain networks, found as a whole: `Chain` as data, its JSON files, published ones, and its modules."""

from relnas_mm.chains.chain import KERNELS, OPERATIONS, Chain
from relnas_mm.chains.files import load_chain, save_chain
from relnas_mm.chains.layout import LayerPlan, chain_macs, chain_parameters, plan_chain
from relnas_mm.chains.network import ChainNetwork, ChainTrunk
from relnas_mm.chains.zoo import CHAINS

__all__ = [
    "CHAINS",
    "KERNELS",
    "OPERATIONS",
    "Chain",
    "ChainNetwork",
    "ChainTrunk",
    "LayerPlan",
    "chain_macs",
    "chain_parameters",
    "load_chain",
    "plan_chain",
    "save_chain",
]
