"""Loading of label maps with validation of ids and size.  Requires mmseg."""

from typing import Any

from mmengine import fileio
from mmengine.registry import TRANSFORMS
from mmseg.datasets.transforms import LoadAnnotations

from relnas_mm.datasets.segmentation.label_maps import check_label_map, lookup_table, read_label_map
from relnas_mm.errors import UserError

STEPS = ("LoadAnnotations", "mmseg.LoadAnnotations")


@TRANSFORMS.register_module()
class LoadCheckedSegAnnotations(LoadAnnotations):
    """mmseg's `LoadAnnotations` with validation.

    The data sets of this package substitute it for mmseg's (`with_checks`); configs keep `LoadAnnotations`, which
    mmseg's inference looks for by name.

    Args:
        num_classes: Number of classes of the data set.
        ignore_index: Id of ignored pixels.
        **kwargs: As for mmseg's `LoadAnnotations`.
    """

    def __init__(self, num_classes: int, ignore_index: int = 255, **kwargs: Any):
        super().__init__(**kwargs)
        self.num_classes, self.ignore_index = num_classes, ignore_index

    def _load_seg_map(self, results: dict) -> None:
        path = results["seg_map_path"]
        try:
            content = fileio.get(path, backend_args=self.backend_args)
        except FileNotFoundError:
            raise UserError(f"the label map {path!r} of {results.get('img_path')!r} does not exist") from None
        shape = results.get("ori_shape")
        size = None if shape is None else (shape[1], shape[0])
        ids = read_label_map(content, path, size, results.get("img_path"))
        reduce_zero_label = results["reduce_zero_label"] if self.reduce_zero_label is None else self.reduce_zero_label
        table = lookup_table(reduce_zero_label, results.get("label_map"))
        check_label_map(ids, table, self.num_classes, self.ignore_index, path)
        results["gt_seg_map"] = table[ids]
        results["seg_fields"].append("gt_seg_map")


def with_checks(pipeline: Any, num_classes: int, ignore_index: int) -> Any:
    """Replaces every `LoadAnnotations` of a pipeline by `LoadCheckedSegAnnotations`, including nested ones."""
    if isinstance(pipeline, (list, tuple)):
        return [with_checks(step, num_classes, ignore_index) for step in pipeline]
    if not isinstance(pipeline, dict):
        return pipeline
    if pipeline.get("type") in (*STEPS, LoadAnnotations):
        checks = {"type": LoadCheckedSegAnnotations, "num_classes": num_classes, "ignore_index": ignore_index}
        return {**pipeline, **checks}
    return {
        key: with_checks(value, num_classes, ignore_index) if key == "transforms" else value
        for key, value in pipeline.items()
    }
