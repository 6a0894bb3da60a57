# AdamW with a short warm-up and one cosine decay: for small pose estimators trained from scratch on a CPU.
_base_ = "../pose_runtime.py"

max_epochs = 12
train_cfg = dict(max_epochs=max_epochs, val_interval=3)
optim_wrapper = dict(
    type="OptimWrapper", optimizer=dict(type="AdamW", lr=2e-3, weight_decay=0.05), clip_grad=dict(max_norm=10)
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(type="CosineAnnealingLR", by_epoch=True, T_max=max_epochs, eta_min=0, convert_to_iter_based=True),
]
auto_scale_lr = dict(enable=False, base_batch_size=32)
