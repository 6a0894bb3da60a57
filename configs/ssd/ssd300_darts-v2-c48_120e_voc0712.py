# The second-order DARTS cell with 48 channels, as in the paper's comparison.
_base_ = "./ssd300_relativenas_120e_voc0712.py"
model = dict(
    backbone=dict(genotype="darts_v2", init_channels=48),
    neck=dict(in_channels=(192, 384, 768), out_channels=(192, 384, 768, 512, 256, 256)),
    bbox_head=dict(in_channels=(192, 384, 768, 512, 256, 256)),
)
