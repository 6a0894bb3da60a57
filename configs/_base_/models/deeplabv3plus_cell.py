# DeepLabV3+ on a cell backbone of stride 8: the stride-4 feature map of the stem is the low-level feature.
_base_ = "mmseg::_base_/models/deeplabv3plus_r50-d8.py"

norm_cfg = dict(type="SyncBN", requires_grad=True)
model = dict(
    pretrained=None,
    backbone=dict(
        _delete_=True,
        type="CellBackbone",
        genotype="relativenas",
        init_channels=46,
        num_cells=14,
        out_indices=("stem", 1, 2),
        output_stride=8,
        norm_cfg=norm_cfg,
    ),
    decode_head=dict(in_channels=736, in_index=2, c1_in_channels=46),
    auxiliary_head=dict(in_channels=368, in_index=1),
)
