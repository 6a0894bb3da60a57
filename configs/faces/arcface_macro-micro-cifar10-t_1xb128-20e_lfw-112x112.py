# Face verification on a chain network: ArcFace on aligned 112x112 faces, tested on the pairs of LFW.
# FACES_ROOT/train holds a folder for each person; LFW_ROOT holds LFW's folders and its pairs.txt.
_base_ = ["../_base_/default_runtime.py"]

max_epochs = 20
model = dict(
    type="ArcFaceRecognizer",
    backbone=dict(
        type="ChainBackbone",
        chain="macro_micro_cifar10_t",
        stem="imagenet",
        out_indices=(2,),
        output_stride=16,  # 7x7 feature map
    ),
    num_classes=10572,  # training identities
    embedding=512,
    scale=64.0,
    margin=0.5,
)
train_pipeline = [
    dict(type="LoadRGBImage"),
    dict(type="torchvision/Resize", size=(112, 112)),
    dict(type="torchvision/RandomHorizontalFlip"),
    dict(type="PackClassificationInputs"),
]
test_pipeline = [
    dict(type="LoadRGBImage"),
    dict(type="torchvision/Resize", size=(112, 112)),
    dict(type="PackClassificationInputs"),
]
train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,  # batch normalization of the embedding
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(
        type="ImageFolder",
        data_root="{{$FACES_ROOT:data/faces}}",
        split="train",
        num_classes=10572,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="FacePairs", data_root="{{$LFW_ROOT:data/lfw}}", pairs_file="pairs.txt", pipeline=test_pipeline),
)
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type="Verification", folds=10)
test_evaluator = [dict(type="Verification", folds=10)]
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=max_epochs, val_interval=1)
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=5e-4),
    clip_grad=dict(max_norm=5),
)
param_scheduler = dict(type="MultiStepLR", by_epoch=True, milestones=[10, 15, 18], gamma=0.1)
# pairs have no classes, so the hook that checks their number is omitted
default_hooks = dict(
    _delete_=True,
    logger=dict(type="LoggerHook", interval=100),
    checkpoint=dict(
        type="CheckpointHook", interval=1, max_keep_ckpts=2, save_best="verification/accuracy", rule="greater"
    ),
    training_curve=dict(type="TrainingCurveHook", metric="verification/accuracy"),
)
