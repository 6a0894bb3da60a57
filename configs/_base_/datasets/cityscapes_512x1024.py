# mmseg's Cityscapes with file checks; CITYSCAPES_ROOT names the folder of leftImg8bit and gtFine.
_base_ = "mmseg::_base_/datasets/cityscapes.py"

dataset = dict(type="CheckedCityscapesDataset", data_root="{{$CITYSCAPES_ROOT:data/cityscapes/}}")
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = val_dataloader
