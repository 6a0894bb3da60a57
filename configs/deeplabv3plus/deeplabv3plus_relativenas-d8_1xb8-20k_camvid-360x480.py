# CamVid at full size.
_base_ = [
    "../_base_/models/deeplabv3plus_cell.py",
    "../_base_/datasets/camvid.py",
    "../_base_/segmentor_runtime.py",
    "../_base_/schedules/camvid_20k.py",
]
model = dict(
    data_preprocessor=dict(size=(360, 480)), decode_head=dict(num_classes=11), auxiliary_head=dict(num_classes=11)
)
auto_scale_lr = dict(enable=False, base_batch_size=8)
