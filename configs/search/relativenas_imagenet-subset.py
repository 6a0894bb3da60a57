# The reference search on some classes of ImageNet, scaled to 32x32.  data/imagenet-subset holds train/CLASS/*.JPEG.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/relativenas.py"]

train_cfg = dict(
    evaluator=dict(data=dict(type="folder", data_root="{{$IMAGENET_SUBSET_ROOT:data/imagenet-subset}}", size=32))
)
