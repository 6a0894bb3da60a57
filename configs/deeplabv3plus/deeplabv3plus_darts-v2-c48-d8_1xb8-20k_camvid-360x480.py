# The second-order DARTS cell with 48 channels on CamVid, under the same settings.
_base_ = "./deeplabv3plus_relativenas-d8_1xb8-20k_camvid-360x480.py"
model = dict(
    backbone=dict(genotype="darts_v2", init_channels=48),
    decode_head=dict(in_channels=768, c1_in_channels=48),
    auxiliary_head=dict(in_channels=384),
)
