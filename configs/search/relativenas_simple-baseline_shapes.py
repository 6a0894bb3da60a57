# The cell of a SimpleBaseline on generated figures, minutes on two CPU cores.
# Make the data by `python tools/make_shapes.py data/shapes --layout coco_keypoints`.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    strategy=dict(population_size=6, generations=3),
    evaluator=dict(
        tasks=dict(
            pose=dict(
                config="relnas_mm::simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py",
                cfg_options=dict(train_dataloader=dict(batch_size=8, dataset=dict(indices=400))),
            )
        )
    ),
)
