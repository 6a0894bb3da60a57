# The cell of a SimpleBaseline on a part of COCO keypoints (COCO_ROOT), hours on two CPU cores.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    strategy=dict(population_size=10, generations=10),
    evaluator=dict(
        tasks=dict(
            pose=dict(config="relnas_mm::simple_baseline/td-hm_relativenas-c16l6_1xb16-100e_coco-mini-256x192.py")
        )
    ),
)
