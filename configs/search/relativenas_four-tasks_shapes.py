# One cell for four tasks on generated data, compared by the sum of ranks; minutes on two CPU cores.
# Make the data by `python tools/make_shapes.py data/shapes`.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    strategy=dict(population_size=6, generations=3),
    evaluator=dict(
        tasks=dict(
            classification=dict(
                config="relnas_mm::imagenet/relativenas-c16l6_1xb32-5e_shapes.py",
                cfg_options=dict(train_dataloader=dict(batch_size=8, dataset=dict(indices=300))),
            ),
            detection=dict(
                config="relnas_mm::ssdlite/ssdlite160_relativenas-c16l6_4e_shapes-voc.py",
                cfg_options=dict(train_dataloader=dict(batch_size=8, dataset=dict(indices=200))),
            ),
            segmentation=dict(
                config="relnas_mm::deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes.py",
                cfg_options=dict(train_dataloader=dict(batch_size=8, dataset=dict(indices=100))),
            ),
            pose=dict(
                config="relnas_mm::simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py",
                cfg_options=dict(train_dataloader=dict(batch_size=8, dataset=dict(indices=200))),
            ),
        )
    ),
    objectives=["detection/loss", "segmentation/loss", "pose/loss"],
    compare="rank_sum",
)
