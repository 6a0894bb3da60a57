# mmseg's VOC 2012 with the SBD label maps, with file checks; VOC_ROOT names the folder of VOC2012.
_base_ = "mmseg::_base_/datasets/pascal_voc12_aug.py"

dataset = dict(type="CheckedPascalVOCDataset", data_root="{{$VOC_ROOT:data/VOCdevkit/}}VOC2012")
train_dataloader = dict(
    dataset=dict(datasets=[dict(part, **dataset) for part in _base_.train_dataloader.dataset.datasets])
)
val_dataloader = dict(dataset=dataset)
test_dataloader = val_dataloader
