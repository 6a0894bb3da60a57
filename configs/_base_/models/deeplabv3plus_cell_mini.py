# A DeepLabV3+ for a CPU: 16 channels, 6 cells, a head of 64 channels, output stride 16.
_base_ = "./deeplabv3plus_cell.py"

norm_cfg = dict(type="BN", requires_grad=True)
model = dict(
    backbone=dict(init_channels=16, num_cells=6, output_stride=16, norm_cfg=norm_cfg),
    decode_head=dict(
        in_channels=256, channels=64, dilations=(1, 3, 6, 9), c1_in_channels=16, c1_channels=16, norm_cfg=norm_cfg
    ),
    auxiliary_head=dict(in_channels=128, channels=32, norm_cfg=norm_cfg),
)
