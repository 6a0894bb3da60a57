"""Image classification data for mm configs: arrays on the device, and folders of images."""

from relnas_mm.datasets.classification.array_dataset import ArrayDataset, ArraySampler
from relnas_mm.datasets.classification.image_folder import ImageFolder
from relnas_mm.datasets.classification.transforms import LoadRGBImage, PackClassificationInputs

__all__ = ["ArrayDataset", "ArraySampler", "ImageFolder", "LoadRGBImage", "PackClassificationInputs"]
