# The second-order DARTS cell with 48 channels under the same settings.
_base_ = "./deeplabv3_relativenas-d8_4xb2-80k_cityscapes-512x1024.py"
model = dict(
    backbone=dict(genotype="darts_v2", init_channels=48),
    decode_head=dict(in_channels=768),
    auxiliary_head=dict(in_channels=384),
)
