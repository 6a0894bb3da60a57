# The second-order DARTS cell with 48 channels, as in the paper's comparison.
_base_ = "./bisenet_relativenas_2xb8-80k_cityscapes-1024x1024.py"
model = dict(backbone=dict(backbone=dict(genotype="darts_v2", init_channels=48), in_channels=(384, 768)))
