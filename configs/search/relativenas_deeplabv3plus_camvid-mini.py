# The cell of a DeepLabV3+ on CamVid, 120x160 (CAMVID_ROOT), hours on two CPU cores.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    strategy=dict(population_size=10, generations=10),
    evaluator=dict(
        tasks=dict(
            segmentation=dict(
                config="relnas_mm::deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_camvid-mini.py"
            )
        )
    ),
)
