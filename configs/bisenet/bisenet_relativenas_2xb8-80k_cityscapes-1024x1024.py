# The RelativeNAS paper's segmentor: BiSeNet on the published cell, trained and tested on crops of 1024x1024.
_base_ = [
    "../_base_/models/bisenet_cell.py",
    "../_base_/datasets/cityscapes_bisenet.py",
    "../_base_/segmentor_runtime.py",
    "../_base_/schedules/bisenet_80k.py",
]
model = dict(data_preprocessor=dict(size=(1024, 1024)))
env_cfg = dict(cudnn_benchmark=True)
auto_scale_lr = dict(enable=False, base_batch_size=16)
