# SimpleBaseline of the RelativeNAS paper on a cell backbone: the stride-32 feature map, three deconvolutions, one
# heatmap per joint.  The reference implementation's differing choices are in
# ../../simple_baseline/td-hm-reference_….py.
# Set the codec of the data set as decoder: `model = dict(head=dict(decoder=_base_.codec))`.
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)

model = dict(
    type="TopdownPoseEstimator",
    data_preprocessor=dict(
        type="PoseDataPreprocessor",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type="CellBackbone",
        genotype="relativenas",
        init_channels=46,
        num_cells=14,
        stem="imagenet",
        out_indices=(2,),
    ),
    head=dict(
        type="HeatmapHead",
        in_channels=736,
        out_channels=17,
        deconv_out_channels=(256, 256, 256),
        deconv_kernel_sizes=(4, 4, 4),
        # half the squared error, as in the reference implementation
        loss=dict(type="KeypointMSELoss", use_target_weight=True, loss_weight=0.5),
    ),
    test_cfg=dict(flip_test=True, flip_mode="heatmap", shift_heatmap=True),
)
