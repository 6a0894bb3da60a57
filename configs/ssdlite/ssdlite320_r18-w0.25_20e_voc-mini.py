# ResNet-18 of a quarter of its width, under the same settings.
_base_ = "./ssdlite320_relativenas-c16l6_20e_voc-mini.py"
model = dict(
    backbone=dict(_delete_=True, type="ResNet", depth=18, stem_channels=16, base_channels=16, out_indices=(2, 3)),
    neck=dict(in_channels=(64, 128)),
    bbox_head=dict(in_channels=(64, 128, 512, 256, 256, 64)),
)
