# The cell of an SSDLite on generated scenes, minutes on two CPU cores.
# Make the data by `python tools/make_shapes.py data/shapes --layout voc`.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    strategy=dict(population_size=6, generations=3),
    evaluator=dict(
        tasks=dict(
            detection=dict(
                config="relnas_mm::ssdlite/ssdlite160_relativenas-c16l6_4e_shapes-voc.py",
                cfg_options=dict(train_dataloader=dict(batch_size=8, dataset=dict(indices=400))),
            )
        )
    ),
)
