# DeepLabV3+ with the published RelativeNAS cell at an output stride of 8.
_base_ = [
    "../_base_/models/deeplabv3plus_cell.py",
    "../_base_/datasets/cityscapes_512x1024.py",
    "../_base_/segmentor_runtime.py",
    "../_base_/schedules/segmentor_80k.py",
]
model = dict(data_preprocessor=dict(size=(512, 1024)))
auto_scale_lr = dict(enable=False, base_batch_size=8)
