# BiSeNet of the RelativeNAS paper: two paths, three heads, online hard example mining, leaky ReLU.
norm_cfg = dict(type="SyncBN", requires_grad=True)
act_cfg = dict(type="LeakyReLU", negative_slope=0.01)
loss = dict(type="OHEMCrossEntropy", threshold=0.7, min_fraction=1 / 16, loss_weight=1.0)
head = dict(
    type="BiSeNetHead", num_classes=19, norm_cfg=norm_cfg, act_cfg=act_cfg, align_corners=True, loss_decode=loss
)

model = dict(
    type="WindowScoresEncoderDecoder",
    data_preprocessor=dict(
        type="SegDataPreProcessor",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
    ),
    backbone=dict(
        type="BiSeNetPaths",
        backbone=dict(
            type="CellBackbone",
            genotype="relativenas",
            init_channels=46,
            num_cells=14,
            out_indices=(1, 2),
            norm_cfg=dict(type="BN", requires_grad=True),
        ),
        in_channels=(368, 736),
        norm_cfg=norm_cfg,
        act_cfg=act_cfg,
    ),
    decode_head=dict(head, in_channels=256, channels=256, in_index=0),
    auxiliary_head=[
        dict(head, in_channels=128, channels=64, in_index=1),
        # of stride 16
        dict(head, in_channels=128, channels=64, in_index=2),
    ],
    train_cfg=dict(),
    test_cfg=dict(mode="slide", crop_size=(1024, 1024), stride=(854, 854), window_scores="logits"),
)
