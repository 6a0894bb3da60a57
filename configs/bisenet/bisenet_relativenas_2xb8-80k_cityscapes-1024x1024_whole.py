# Tested on whole images instead of windows.
_base_ = "./bisenet_relativenas_2xb8-80k_cityscapes-1024x1024.py"
model = dict(test_cfg=dict(_delete_=True, mode="whole"))
