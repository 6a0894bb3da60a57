# Multi-scale and flip testing, for tools/test.py only.
_base_ = "./bisenet_relativenas_2xb8-80k_cityscapes-1024x1024.py"
model = dict(_delete_=True, type="SegTTAModel", module=_base_.model)
test_dataloader = dict(dataset=dict(pipeline=_base_.tta_pipeline))
