# RTMPose's head on the same feature map: SimCC classification of coordinates, with attention over the joints.
_base_ = "./td-hm_relativenas_1xb128-140e_coco-256x192.py"
codec = dict(type="SimCCLabel", input_size=(192, 256), sigma=(4.9, 5.66), simcc_split_ratio=2.0, normalize=False)
model = dict(
    head=dict(
        _delete_=True,
        type="RTMCCHead",
        in_channels=736,
        out_channels=17,
        input_size=codec["input_size"],
        in_featuremap_size=(6, 8),
        simcc_split_ratio=codec["simcc_split_ratio"],
        final_layer_kernel_size=7,
        gau_cfg=dict(
            hidden_dims=256,
            s=128,
            expansion_factor=2,
            dropout_rate=0.0,
            drop_path=0.0,
            act_fn="SiLU",
            use_rel_bias=False,
            pos_enc=False,
        ),
        loss=dict(type="KLDiscretLoss", use_target_weight=True, beta=10.0, label_softmax=True),
        decoder=codec,
    ),
    test_cfg=dict(_delete_=True, flip_test=True),
)
train_pipeline = [
    dict(type="LoadImage"),
    dict(type="GetBBoxCenterScale", padding=1.25),
    dict(type="RandomFlip", direction="horizontal", prob=0.5),
    dict(type="RandomScaleRotation", scale_factor=0.3, rotate_factor=40, rotate_prob=0.6),
    dict(type="TopdownAffine", input_size=codec["input_size"]),
    dict(type="GenerateTarget", encoder=codec),
    dict(type="PackPoseInputs"),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
