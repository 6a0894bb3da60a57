"""An architecture as data: `Genotype`, its JSON files, the published cells, pictures of cells."""

from relnas_mm.genotype.drawing import draw_genotype
from relnas_mm.genotype.files import load_genotype, save_genotype
from relnas_mm.genotype.genotype import OPERATIONS, Edge, Genotype
from relnas_mm.genotype.zoo import ZOO

__all__ = ["OPERATIONS", "ZOO", "Edge", "Genotype", "draw_genotype", "load_genotype", "save_genotype"]
