# VOC 2012 with the SBD label maps.
_base_ = [
    "../_base_/models/deeplabv3plus_cell.py",
    "../_base_/datasets/voc12aug_512x512.py",
    "../_base_/segmentor_runtime.py",
    "../_base_/schedules/segmentor_80k.py",
]
model = dict(
    data_preprocessor=dict(size=(512, 512)), decode_head=dict(num_classes=21), auxiliary_head=dict(num_classes=21)
)
auto_scale_lr = dict(enable=False, base_batch_size=16)
