# Tested with sliding windows of the training crop size.
_base_ = "./deeplabv3plus_relativenas-d8_4xb2-80k_cityscapes-512x1024.py"
model = dict(test_cfg=dict(mode="slide", crop_size=(512, 1024), stride=(384, 768)))
