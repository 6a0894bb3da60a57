# A small SSD for 160x160 images: cell stages at strides 8, 16, 32 and one more convolutional level at 64.
_base_ = "./ssd300_cell.py"

input_size = 160
model = dict(
    backbone=dict(init_channels=16, num_cells=6),
    neck=dict(in_channels=(64, 128, 256), out_channels=(64, 128, 256, 128), level_strides=(2,), level_paddings=(1,)),
    bbox_head=dict(
        in_channels=(64, 128, 256, 128),
        anchor_generator=dict(
            _delete_=True,
            type="SSDAnchorGenerator",
            scale_major=False,
            input_size=input_size,
            strides=[8, 16, 32, 64],
            min_sizes=[16, 32, 64, 104],
            max_sizes=[32, 64, 104, 144],
            ratios=[[2], [2], [2], [2]],
        ),
    ),
)
