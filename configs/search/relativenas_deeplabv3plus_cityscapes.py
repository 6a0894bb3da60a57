# The cell of a DeepLabV3+ on Cityscapes, for GPUs.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    evaluator=dict(
        tasks=dict(
            segmentation=dict(
                config="relnas_mm::deeplabv3plus/deeplabv3plus_relativenas-d16_4xb2-80k_cityscapes-512x1024.py"
            )
        )
    ),
)
