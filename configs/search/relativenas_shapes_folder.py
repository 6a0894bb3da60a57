# A small search on the generated images that the classifier is trained on, scaled to 32x32: minutes on two CPU cores.
# Make the data by `python tools/make_shapes.py data/shapes --layout image_folder`.
_base_ = "./relativenas_shapes_quick.py"

train_cfg = dict(
    strategy=dict(generations=2),
    evaluator=dict(
        data=dict(type="folder", data_root="{{$SHAPES_ROOT:data/shapes}}/image_folder", limit=1400, size=32),
        execution=dict(parallel_candidates=2),
    ),
)
