"""xtcocotools' classes on pycocotools: perfect and empty results, in every kind of evaluation."""

import json
import pickle

import numpy as np
import pytest

pytest.importorskip("pycocotools")
pytestmark = [pytest.mark.mm, pytest.mark.filterwarnings("ignore")]

POINTS = [10.0, 10.0, 2, 40.0, 40.0, 2]
TRUTH = {
    "images": [{"id": 1, "width": 99, "height": 99, "crowdIndex": 0.1}],
    "categories": [{"id": 1, "name": "x"}],
    "info": {},
    "annotations": [
        {
            "id": 0,
            "image_id": 1,
            "category_id": 1,
            "bbox": [0, 0, 50, 50],
            "keypoints": POINTS,
            "foot_kpts": POINTS,
            "num_keypoints": 2,
            "area": 2000.0,
        }
    ],
}
FOUND = [{"image_id": 1, "category_id": 1, "keypoints": POINTS, "foot_kpts": POINTS, "score": 0.9}]


@pytest.mark.parametrize("kind,length", [("keypoints", 10), ("keypoints_crowd", 9), ("keypoints_foot", 10)])
@pytest.mark.parametrize("found,score", [(FOUND, 1.0), ([], 0.0)])
def test_keypoint_evaluation(kind, length, found, score, tmp_path):
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    (tmp_path / "truth.json").write_text(json.dumps(TRUTH))
    (tmp_path / "found.json").write_text(json.dumps(found))
    coco = COCO(str(tmp_path / "truth.json"))
    results = coco.loadRes(str(tmp_path / "found.json"))
    evaluation = COCOeval(coco, results, kind, np.array([0.05, 0.05]), use_area=False)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert len(evaluation.stats) == length and evaluation.stats[0] == pytest.approx(score)


def test_data_in_memory_keypoint_subset_and_pickle():
    from xtcocotools.coco import COCO

    coco = COCO("truth.json", test_index=[1], ann_data=json.loads(json.dumps(TRUTH)))
    assert coco.anns[0]["keypoints"] == [40.0, 40.0, 2.0] and coco.anns[0]["iscrowd"] is False
    assert pickle.loads(pickle.dumps(coco)).anns == coco.anns


def test_masks_are_those_of_pycocotools():
    from pycocotools import mask as real
    from xtcocotools import mask

    square = np.asfortranarray(np.eye(3, dtype=np.uint8))
    assert mask.encode(square) == real.encode(square)
