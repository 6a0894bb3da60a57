"""Stand-in for xtcocotools (coco, cocoeval, mask), based on pycocotools.

xtcocotools adds to pycocotools: per-dataset sigmas, datasets without areas, the parts of COCO-WholeBody, and
CrowdPose's splits.  Here each evaluation first converts the annotations to plain person keypoints; then pycocotools'
own matching, accumulation and summary run unchanged.
"""

# The type stubs of pycocotools lack private attributes, and fields other than COCO's.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportMissingModuleSource=false

import copy
import json
import warnings
from itertools import chain
from typing import Any

import numpy as np
from pycocotools import coco, cocoeval
from pycocotools.cocoeval import Params

__all__ = ["COCO", "COCOeval", "Params"]

PARTS = {
    "keypoints_foot": ("foot_kpts",),
    "keypoints_face": ("face_kpts",),
    "keypoints_lefthand": ("lefthand_kpts",),
    "keypoints_righthand": ("righthand_kpts",),
    "keypoints_wholebody": ("keypoints", "foot_kpts", "face_kpts", "lefthand_kpts", "righthand_kpts"),
}
CROWD = (("easy", 0.2), ("medium", 0.8), ("hard", float("inf")))  # upper bounds of crowdIndex
AREA_OF_BOX = 0.53  # xtcocotools' estimate for datasets without areas


class COCO(coco.COCO):
    """pycocotools' COCO with keypoint subsets, data in memory, missing iscrowd, and empty results."""

    def __init__(
        self,
        annotation_file: str | None = None,
        test_index: list[int] | None = None,
        ann_data: dict[str, Any] | None = None,
    ):
        super().__init__()
        self.anno_file, self.test_index = [annotation_file], test_index
        if annotation_file is None:
            return
        if ann_data is None:
            with open(annotation_file) as file:
                ann_data = json.load(file)
        assert isinstance(ann_data, dict), f"annotation file format {type(ann_data)} not supported"
        self.dataset = ann_data
        self.createIndex()
        for ann in ann_data.get("annotations", ()):
            if test_index is not None:
                ann["keypoints"] = np.reshape(ann["keypoints"], (-1, 3))[test_index].ravel().tolist()
            ann.setdefault("iscrowd", False)

    def loadRes(self, resFile: Any, resData: Any = None) -> coco.COCO:
        """Loads results from a file or a list, which may be empty."""
        if len(self.anno_file) == 1:
            self.anno_file.append(resFile)
        results = resFile if resData is None else resData
        if isinstance(results, str):
            with open(results) as file:
                results = json.load(file)
        if len(results):
            return super().loadRes(results)
        empty = COCO()
        empty.dataset = {"images": list(self.dataset["images"]), "annotations": []}
        empty.createIndex()
        return empty


class COCOeval(cocoeval.COCOeval):
    """pycocotools' COCOeval for `keypoints`, `keypoints_crowd` and the parts of COCO-WholeBody."""

    def __init__(
        self,
        cocoGt: Any = None,
        cocoDt: Any = None,
        iouType: str = "keypoints",
        sigmas: Any = None,
        use_area: bool = True,
    ):
        self.kind, self.use_area = iouType, use_area
        self.person = "keypoints" in iouType
        super().__init__(cocoGt, cocoDt, "keypoints" if self.person else iouType)
        if self.person and sigmas is not None:
            self.params.kpt_oks_sigmas = np.asarray(sigmas)
        self.sigmas = self.params.kpt_oks_sigmas if self.person else sigmas
        self.anno_file = getattr(cocoGt, "anno_file", None)

    def _prepare(self) -> None:
        if not self.person:
            super()._prepare()
            return
        parts = PARTS.get(self.kind, ("keypoints",))
        self._gts.clear()
        self._dts.clear()
        # ids start at 1, as pycocotools uses 0 for 'unmatched'
        for number, gt in enumerate(self._annotations(self.cocoGt), 1):
            self._gts[gt["image_id"], gt["category_id"]].append(self._truth(gt, parts, number))
        key = self.kind.split("_")[-1] + "_score" if self.kind in PARTS else "score"
        missing = False
        for number, dt in enumerate(self._annotations(self.cocoDt), 1):
            keypoints = list(chain.from_iterable(dt[part] for part in parts))
            if not np.any(np.asarray(keypoints[2::3]) > 0):
                continue  # a detection without any keypoint
            missing = missing or key not in dt
            dt = dict(dt, keypoints=keypoints, score=dt.get(key, dt["score"]), id=number)
            self._dts[dt["image_id"], dt["category_id"]].append(dt)
        if missing:
            warnings.warn(f"'{key}' not found, use 'score' instead.", stacklevel=3)
        self.evalImgs, self.eval = [], {}

    def _annotations(self, source: coco.COCO) -> list[dict[str, Any]]:
        """Annotations of the evaluated images and categories."""
        p = self.params
        categories = {"catIds": p.catIds} if p.useCats else {}
        return source.loadAnns(source.getAnnIds(imgIds=p.imgIds, **categories))

    def _truth(self, gt: dict[str, Any], parts: tuple[str, ...], number: int) -> dict[str, Any]:
        """Converts an annotation to a plain person."""
        gt = dict(gt, keypoints=list(chain.from_iterable(gt[part] for part in parts)), id=number)
        gt["num_keypoints"] = int(np.count_nonzero(np.asarray(gt["keypoints"][2::3]) > 0))
        gt["ignore"] = bool(gt.get("iscrowd")) or gt["num_keypoints"] == 0
        if not self.use_area or "area" not in gt:
            gt["area"] = gt["bbox"][2] * gt["bbox"][3] * AREA_OF_BOX
        return gt

    def summarize(self) -> None:
        """Prints and stores the statistics; those of CrowdPose end with easy, medium and hard."""
        super().summarize()
        if self.kind == "keypoints_crowd":
            self.stats = np.append(self.stats[[0, 1, 2, 5, 6, 7]], self._by_crowding())

    def _by_crowding(self) -> list[float]:
        """AP of the easy, medium and hard images of CrowdPose."""
        scores, lower = [], -float("inf")
        for name, upper in CROWD:
            part = copy.copy(self)
            part.params = copy.deepcopy(self.params)
            part._gts, part._dts = type(self._gts)(list), type(self._dts)(list)
            part.params.imgIds = [
                image["id"] for image in self.cocoGt.dataset["images"] if lower <= image["crowdIndex"] < upper
            ]
            lower = upper
            part.evaluate()
            part.accumulate()
            scores.append(round(float(np.mean(part.eval["precision"][:, :, :, 0, :])), 4))
            print(f" Average Precision  (AP) @[ type={name:>6s} ] = {scores[-1]:0.3f}")
        return scores
