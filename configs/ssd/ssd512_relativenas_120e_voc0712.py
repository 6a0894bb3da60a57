# SSD512: seven grids (64, 32, 16, 8, 4, 2, 1) and anchors as with VGG-16.
_base_ = "./ssd300_relativenas_120e_voc0712.py"

input_size = 512
model = dict(
    neck=dict(
        out_channels=(184, 368, 736, 512, 256, 256, 256),
        level_strides=(2, 2, 2, 1),
        level_paddings=(1, 1, 1, 1),
        last_kernel_size=4,
    ),
    bbox_head=dict(
        in_channels=(184, 368, 736, 512, 256, 256, 256),
        anchor_generator=dict(
            input_size=input_size,
            strides=[8, 16, 32, 64, 128, 256, 512],
            basesize_ratio_range=(0.15, 0.9),
            ratios=([2], [2, 3], [2, 3], [2, 3], [2, 3], [2], [2]),
        ),
    ),
)
image_size = (input_size, input_size)
train_pipeline = [dict(s, scale=image_size) if s.type == "Resize" else s for s in _base_.train_pipeline]
test_pipeline = [dict(s, scale=image_size) if s.type == "Resize" else s for s in _base_.test_pipeline]
train_dataloader = dict(
    dataset=dict(datasets=[dict(part, pipeline=train_pipeline) for part in _base_.train_dataloader.dataset.datasets])
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
