# MobileNetV2 of about the same size, under the same settings.
_base_ = "./td-hm_relativenas-c16l6_1xb16-100e_coco-mini-256x192.py"
model = dict(
    backbone=dict(_delete_=True, type="MobileNetV2", widen_factor=0.35, out_indices=(6,)),
    head=dict(in_channels=112),
)
