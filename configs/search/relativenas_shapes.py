# The schedule of the reference implementation on the generated shapes.
# Make the data by `python tools/make_shapes.py data/shapes --layout cifar10 --splits train=50000`.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/relativenas.py"]

train_cfg = dict(evaluator=dict(data=dict(data_root="{{$SHAPES_ROOT:data/shapes}}/cifar10", num_classes=10)))
