# SSDLite-320 of the RelativeNAS paper on a cell backbone: 20x20 and 10x10 feature maps, and four inverted residuals
# down to 5, 3, 2 and 1.  The reference implementation's differing choices are in
# ../../ssdlite/ssdlite320-reference_relativenas_200e_voc0712.py.
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)

model = dict(
    type="SingleStageDetector",
    data_preprocessor=dict(
        type="DetDataPreprocessor",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=1,
    ),
    backbone=dict(
        type="CellBackbone",
        genotype="relativenas",
        init_channels=46,
        num_cells=14,
        stem="imagenet",
        out_indices=(1, 2),
    ),
    neck=dict(
        type="SSDLiteExtras",
        in_channels=(368, 736),
        out_channels=(512, 256, 256, 64),
        ratios=(0.2, 0.25, 0.5, 0.25),
    ),
    bbox_head=dict(
        type="SSDLiteHead",
        num_classes=20,
        in_channels=(368, 736, 512, 256, 256, 64),
        background="last",
        # ClampedSSDAnchorGenerator clips the 38 sides that exceed the image.
        anchor_generator=dict(
            type="SSDAnchorGenerator",
            input_size=320,
            scale_major=False,
            strides=[16, 32, 64, 100, 150, 300],
            ratios=[[2, 3]] * 6,
            min_sizes=[60, 105, 150, 195, 240, 285],
            max_sizes=[105, 150, 195, 240, 285, 330],
        ),
        bbox_coder=dict(
            type="DeltaXYWHBBoxCoder",
            target_means=[0.0, 0.0, 0.0, 0.0],
            target_stds=[0.1, 0.1, 0.2, 0.2],
            clip_border=True,
        ),
    ),
    train_cfg=dict(
        assigner=dict(
            type="MaxIoUAssigner",
            pos_iou_thr=0.5,
            neg_iou_thr=0.5,
            min_pos_iou=0.0,
            ignore_iof_thr=-1,
            gt_max_assign_all=False,
        ),
        sampler=dict(type="PseudoSampler"),
        smoothl1_beta=1.0,
        allowed_border=-1,
        pos_weight=-1,
        neg_pos_ratio=3,
        debug=False,
    ),
    test_cfg=dict(
        score_thr=0.01,
        candidates_per_class=200,
        # NMS per class, without class offsets, under which boxes outside the image could overlap
        nms=dict(type="nms", iou_threshold=0.45, split_thr=0),
        min_bbox_size=0,
        # no limit per level and over all classes
        nms_pre=1_000_000,
        max_per_img=None,
    ),
)
