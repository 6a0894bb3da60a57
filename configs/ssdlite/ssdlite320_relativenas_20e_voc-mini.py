# The paper's detector on a part of VOC 2007: train.txt for training, val.txt for validation, test.txt for testing.
_base_ = "./ssdlite320_relativenas_200e_voc0712.py"

max_epochs = 20
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
param_scheduler = [dict(type="CosineAnnealingLR", by_epoch=True, T_max=max_epochs, eta_min=0)]
train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        _delete_=True,
        **dict(_base_.train_dataloader.dataset.datasets[0], ann_file="VOC2007/ImageSets/Main/train.txt"),
    ),
)
val_dataloader = dict(num_workers=2, dataset=dict(ann_file="VOC2007/ImageSets/Main/val.txt"))
test_dataloader = dict(num_workers=2)
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(interval=5))
# Depthwise convolutions on CPUs are fastest in channels_last.
custom_hooks = [*_base_.custom_hooks, dict(type="ChannelsLastHook")]
