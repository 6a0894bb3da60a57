# The cell of the paper's SimpleBaseline on COCO keypoints, for GPUs.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    evaluator=dict(
        tasks=dict(pose=dict(config="relnas_mm::simple_baseline/td-hm_relativenas_1xb128-140e_coco-256x192.py"))
    ),
)
