# Retraining on ImageNet as in the reference implementation.  Learning rate: warm-up from 0.1 to 0.5 over epochs 0-4,
# linear decay 0.5 (245 - e) / 245 over epochs 5-244, and 0.5 (250 - e) / 1225 over the last five.
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=250, val_interval=1)
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="SGD", lr=0.5, momentum=0.9, weight_decay=3e-5))
param_scheduler = [
    dict(type="LinearLR", by_epoch=True, begin=0, end=5, start_factor=0.2, end_factor=1.0),
    dict(type="LinearLR", by_epoch=True, begin=5, end=245, start_factor=240 / 245, end_factor=1 / 245),
    # factors multiply the learning rate that the previous scheduler left
    dict(type="LinearLR", by_epoch=True, begin=245, end=250, start_factor=1.0, end_factor=0.2),
]
auto_scale_lr = dict(enable=False, base_batch_size=1024)
