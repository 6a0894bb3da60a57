# MobileNetV2 of about the same size, under the same settings.
_base_ = "./ssdlite320_relativenas-c16l6_20e_voc-mini.py"
model = dict(
    backbone=dict(_delete_=True, type="MobileNetV2", widen_factor=0.35, out_indices=(4, 6)),
    neck=dict(in_channels=(32, 112)),
    bbox_head=dict(in_channels=(32, 112, 512, 256, 256, 64)),
)
