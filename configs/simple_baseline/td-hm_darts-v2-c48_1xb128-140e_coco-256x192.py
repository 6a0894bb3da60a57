# The second-order DARTS cell with 48 channels, as in the paper's comparison.
_base_ = "./td-hm_relativenas_1xb128-140e_coco-256x192.py"
model = dict(backbone=dict(genotype="darts_v2", init_channels=48), head=dict(in_channels=768))
