# ResNet-50 under the same settings.
_base_ = "./deeplabv3_relativenas-d8_4xb2-80k_cityscapes-512x1024.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="ResNetV1c",
        depth=50,
        num_stages=4,
        out_indices=(0, 2, 3),
        dilations=(1, 1, 2, 4),
        strides=(1, 2, 1, 1),
        norm_cfg=dict(type="SyncBN", requires_grad=True),
        contract_dilation=True,
        init_cfg=dict(type="Pretrained", checkpoint="open-mmlab://resnet50_v1c"),
    ),
    decode_head=dict(in_channels=2048, in_index=2),
    auxiliary_head=dict(in_channels=1024, in_index=1),
)
