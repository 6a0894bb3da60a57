# DeepLabV3 on a cell backbone of stride 8.
_base_ = "mmseg::_base_/models/deeplabv3_r50-d8.py"

norm_cfg = dict(type="SyncBN", requires_grad=True)
model = dict(
    pretrained=None,
    backbone=dict(
        _delete_=True,
        type="CellBackbone",
        genotype="relativenas",
        init_channels=46,
        num_cells=14,
        out_indices=(1, 2),
        output_stride=8,
        norm_cfg=norm_cfg,
    ),
    decode_head=dict(in_channels=736, in_index=1),
    auxiliary_head=dict(in_channels=368, in_index=0),
)
