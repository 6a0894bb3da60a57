# A detector for a CPU: 16 channels, 6 cells.
_base_ = "./ssdlite320_relativenas_20e_voc-mini.py"
model = dict(
    backbone=dict(init_channels=16, num_cells=6),
    neck=dict(in_channels=(128, 256)),
    bbox_head=dict(in_channels=(128, 256, 512, 256, 256, 64)),
)
# Training from scratch on few images: small batches and AdamW.
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type="AdamW", lr=1e-3, weight_decay=0.05), clip_grad=dict(max_norm=10)
)
auto_scale_lr = dict(base_batch_size=16)
