# mmdet's VOC 2007 + 2012 (trainval repeated three times, 1000x600 at most) with file checks; VOC_ROOT names VOCdevkit.
_base_ = "mmdet::_base_/datasets/voc0712.py"

dataset_type = "CheckedVOCDataset"
data_root = "{{$VOC_ROOT:data/VOCdevkit/}}"
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            datasets=[
                dict(part, type=dataset_type, data_root=data_root)
                for part in _base_.train_dataloader.dataset.dataset.datasets
            ]
        )
    )
)
val_dataloader = dict(dataset=dict(type=dataset_type, data_root=data_root))
test_dataloader = val_dataloader
