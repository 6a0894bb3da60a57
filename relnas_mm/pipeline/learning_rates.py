"""Learning rates that differ from those of the configs, because the batch does."""

from collections.abc import Iterator, Sequence

from relnas_mm.pipeline.inputs import Inputs
from relnas_mm.pipeline.steps import AUTO_SCALE_LR, Step


def scaled_rates(steps: Sequence[Step], inputs: Inputs, gpus: int) -> Iterator[str]:
    """Yields a sentence for each task whose learning rate MMEngine scales.

    A rate is meant for `auto_scale_lr.base_batch_size` images; a config that changes the batch alone changes the rate.

    Args:
        steps: The steps to look at.
        inputs: Reads their configs.
        gpus: Number of processes of a training.
    """
    told = set()
    for step in steps:
        config = inputs.config(step) if AUTO_SCALE_LR in step.arguments else None
        base = config.auto_scale_lr.base_batch_size if config is not None else None
        batch = config.train_dataloader.batch_size if config is not None else None
        if not base or not batch or batch * gpus == base or (step.stage, batch, base) in told:
            continue
        told.add((step.stage, batch, base))
        yield (
            f"{step.stage}: the learning rate is multiplied by {batch * gpus / base:g}, as a step takes {batch} x "
            f"{gpus} images and auto_scale_lr.base_batch_size is {base}"
        )
