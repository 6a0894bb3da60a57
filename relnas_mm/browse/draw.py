"""Pictures of samples of any mm data set, by the visualizer of its package."""

import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS, VISUALIZERS, init_default_scope
from mmengine.runner import set_random_seed
from PIL import Image, ImageDraw
from torch import Tensor

from relnas_mm.datasets.classification import ArrayDataset
from relnas_mm.errors import UserError
from relnas_mm.progress import with_progress

VISUALIZER_TYPES = {"mmdet": "DetLocalVisualizer", "mmseg": "SegLocalVisualizer", "mmpose": "PoseLocalVisualizer"}
LEAST_SIDE = 128
"""Least size, in pixels, to which images of classification data are enlarged, so that labels are legible."""

Draw = Callable[[Any, np.ndarray, str], Image.Image]
"""Draws an mm data sample on an RGB image, with a name for the picture."""


def drawn_samples(config: Config, split: str, number: int, seed: int = 0) -> Iterator[tuple[str, Image.Image]]:
    """Yields pictures of the first samples of a split, with names of index and file.

    Args:
        config: A config of mmdet, mmseg, mmpose, or of classification.
        split: 'train', 'val' or 'test'.
        number: Maximum number of samples.
        seed: Seed of the augmentation.

    Raises:
        UserError: The config has no such data, or the samples are of an unknown kind.
    """
    loader = config.get(f"{split}_dataloader")
    if not loader:
        raise UserError(f"the config has no {split}_dataloader")
    scope = config.get("default_scope", "mmengine")
    init_default_scope(scope)
    _keep_transformed_keypoints(loader.dataset)
    dataset = DATASETS.build(loader.dataset)
    draw = None if scope not in VISUALIZER_TYPES else _drawer(config, scope, dataset)
    set_random_seed(seed)
    count = min(number, len(dataset))
    for index in with_progress(range(count), count, f"samples of {split}"):
        sample = dataset[index]
        known = isinstance(sample, Mapping) and isinstance(sample.get("inputs"), Tensor) and "data_samples" in sample
        if not known:
            raise UserError(f"the samples of {split}_dataloader hold no image in 'inputs', or no 'data_samples'")
        truth = sample["data_samples"]
        if draw is None:
            picture, label = _labelled(dataset, sample["inputs"], truth)
            yield f"{index:04d}_{label}", picture
        else:
            stem = Path(truth.metainfo.get("img_path") or "image").stem
            image = _aligned(_rgb(sample["inputs"]), truth, dataset)
            yield f"{index:04d}_{stem}", draw(truth, image, stem)


_NUMBERS = itertools.count()
"""Names of visualizers: by a name that was used before, mmengine gives the earlier one, whatever its settings."""


def _drawer(config: Config, scope: str, dataset: Any) -> Draw:
    """Builds the config's visualizer without its backends, and returns a function that draws by it."""
    settings = {"type": VISUALIZER_TYPES[scope], **(config.get("visualizer") or {}), "vis_backends": None}
    visualizer: Any = VISUALIZERS.build({**settings, "name": f"browse_{next(_NUMBERS)}"})
    if scope == "mmpose":
        visualizer.set_dataset_meta(dataset.metainfo)
    else:
        visualizer.dataset_meta = dataset.metainfo

    def draw(truth: Any, image: np.ndarray, name: str) -> Image.Image:
        with tempfile.TemporaryDirectory() as folder:  # a file is the one output that all three support
            out = Path(folder, "picture.png")
            visualizer.add_datasample(name, image, _plain(truth), draw_gt=True, draw_pred=False, out_file=str(out))
            return Image.open(out).convert("RGB")

    return draw


def _plain(truth: Any) -> Any:
    """Converts boxes and masks to the types that mmdet's visualizer supports."""
    instances: Any = truth.get("gt_instances") or {}
    if hasattr(instances.get("bboxes"), "tensor"):
        instances.bboxes = instances.bboxes.tensor
    if hasattr(instances.get("masks"), "to_ndarray"):
        instances.masks = instances.masks.to_ndarray().astype(bool)
    return truth


def _rgb(inputs: Tensor) -> np.ndarray:
    """Converts an image of mm's pipelines, (3, h, w) in BGR up to 255, to RGB bytes, (h, w, 3)."""
    image = inputs.permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(image.clip(0, 255).astype(np.uint8)[..., ::-1])


def _aligned(image: np.ndarray, truth: Any, dataset: Any) -> np.ndarray:
    """Resizes the image to the coordinates of its annotations, which test pipelines load after scaling the image."""
    while not hasattr(dataset, "pipeline"):
        dataset = dataset.datasets[0] if hasattr(dataset, "datasets") else dataset.dataset
    steps = [type(step).__name__ for step in dataset.pipeline.transforms]
    before = steps[: steps.index("LoadAnnotations")] if "LoadAnnotations" in steps else []
    if all(step.startswith("Load") for step in before):
        return image
    height, width = truth.metainfo["ori_shape"][:2]
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def _keep_transformed_keypoints(dataset: Any) -> None:
    """Configures mmpose's packing step to keep the augmented keypoints."""
    if isinstance(dataset, (list, tuple)):
        for part in dataset:
            _keep_transformed_keypoints(part)
    elif isinstance(dataset, dict):
        for step in dataset.get("pipeline") or ():
            if step.get("type") == "PackPoseInputs":
                step["pack_transformed"] = True
        for key in ("dataset", "datasets"):
            _keep_transformed_keypoints(dataset.get(key))


def _labelled(dataset: Any, inputs: Tensor, label: Tensor) -> tuple[Image.Image, str]:
    """Draws the class name below an image of a classification data set."""
    name = dataset.metainfo["classes"][int(label)]
    if isinstance(dataset, ArrayDataset):
        mean, std = (inputs.new_tensor(part).view(-1, 1, 1) for part in (dataset.data.mean, dataset.data.std))
        inputs = ((inputs * std + mean) * 255).round()
    values = inputs.cpu().numpy().clip(0, 255).astype(np.uint8)
    image = Image.fromarray(values.transpose(1, 2, 0) if len(values) == 3 else values[0]).convert("RGB")
    factor = -(-LEAST_SIDE // min(image.size))
    image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    picture = Image.new("RGB", (image.width, image.height + 14), "white")
    picture.paste(image)
    ImageDraw.Draw(picture).text((2, image.height + 1), name, fill="black")
    return picture, name
