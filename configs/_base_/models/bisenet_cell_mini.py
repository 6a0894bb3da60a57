# A BiSeNet for a CPU: 16 channels, 6 cells, paths of half the width.
_base_ = "./bisenet_cell.py"

norm_cfg = dict(type="BN", requires_grad=True)
model = dict(
    backbone=dict(
        backbone=dict(init_channels=16, num_cells=6),
        in_channels=(128, 256),
        context_channels=64,
        spatial_channels=(16, 32, 32, 64),
        out_channels=128,
        norm_cfg=norm_cfg,
    ),
    decode_head=dict(in_channels=128, channels=64, norm_cfg=norm_cfg),
    auxiliary_head=[dict(head, in_channels=64, channels=32, norm_cfg=norm_cfg) for head in _base_.model.auxiliary_head],
    test_cfg=dict(_delete_=True, mode="whole"),
)
