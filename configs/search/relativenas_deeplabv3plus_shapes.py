# The cell of a DeepLabV3+ on generated scenes, minutes on two CPU cores.
# Make the data by `python tools/make_shapes.py data/shapes --layout cityscapes`.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    strategy=dict(population_size=6, generations=3),
    evaluator=dict(
        tasks=dict(
            segmentation=dict(
                config="relnas_mm::deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes.py",
                cfg_options=dict(train_dataloader=dict(batch_size=8, dataset=dict(indices=200))),
            )
        )
    ),
)
