# ResNet-18 of a quarter of its width, under the same settings.
_base_ = "./td-hm_relativenas-c16l6_1xb16-100e_coco-mini-256x192.py"
model = dict(
    backbone=dict(_delete_=True, type="ResNet", depth=18, stem_channels=16, base_channels=16, out_indices=(3,)),
    head=dict(in_channels=128),
)
