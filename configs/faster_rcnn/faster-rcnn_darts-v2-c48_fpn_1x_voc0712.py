# The second-order DARTS cell with 48 channels, as in the paper's comparison.
_base_ = "./faster-rcnn_relativenas_fpn_1x_voc0712.py"
model = dict(
    backbone=dict(genotype="darts_v2", init_channels=48, init_cfg=dict(checkpoint="checkpoints/darts-v2_imagenet.pth")),
    neck=dict(in_channels=[48, 192, 384, 768]),
)
