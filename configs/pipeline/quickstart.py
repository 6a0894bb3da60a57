# The whole way on generated data, in minutes on two CPU cores: search a cell, train it as a classifier, transfer it to
# detection, segmentation and pose, and do the same with a random cell of the same size.
work_dir = "work_dirs/quickstart"
title = "Quickstart: a searched cell and a random cell on generated shapes"
jobs = 2
latency = False  # it would be measured with nothing else running, which takes minutes
seeds = [0]

data = [
    dict(
        layout="image_folder",
        root="{{$SHAPES_ROOT:data/shapes}}/image_folder",
        splits=dict(train=1400, val=300),
        difficulty=0.0,
    ),
    dict(
        layout="voc",
        root="{{$SHAPES_ROOT:data/shapes}}/voc",
        splits=dict(train=700, val=60, test=100),
        difficulty=0.0,
    ),
    dict(
        layout="cityscapes",
        root="{{$SHAPES_ROOT:data/shapes}}/cityscapes",
        splits=dict(train=400, val=20),
        difficulty=0.0,
    ),
    dict(
        layout="coco_keypoints",
        root="{{$SHAPES_ROOT:data/shapes}}/coco_keypoints",
        splits=dict(train=600, val=60),
        difficulty=0.0,
    ),
]
search = dict(config="configs/search/relativenas_shapes_folder.py")
tasks = dict(
    classification=dict(
        config="configs/imagenet/relativenas-c16l6_1xb32-5e_shapes.py",
        metric="accuracy/top1",
        unit="top-1 accuracy, %",
        # small batches and gentle augmentation learn more from so few images
        cfg_options=dict(
            train_cfg=dict(max_epochs=6),
            param_scheduler={"1": dict(T_max=6)},
            auto_scale_lr=dict(base_batch_size=8),
            train_dataloader=dict(
                batch_size=8,
                dataset=dict(
                    pipeline={
                        "1": dict(scale=(0.7, 1.0)),
                        "3": dict(brightness=0.1, contrast=0.1, saturation=0.1, hue=0.02),
                    }
                ),
            ),
        ),
    ),
    detection=dict(
        config="configs/ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py",
        metric="pascal_voc/mAP",
        unit="mAP, %",
        scale=100,
        cfg_options=dict(train_dataloader=dict(batch_size=8), auto_scale_lr=dict(base_batch_size=8)),
    ),
    segmentation=dict(
        config="configs/bisenet/bisenet_relativenas-c16l6_1xb8-600i_shapes.py",
        metric="mIoU",
        unit="mIoU, %",
        backbone="model.backbone.backbone",
        cfg_options=dict(
            train_cfg=dict(max_iters=260, val_interval=260),
            optim_wrapper=dict(optimizer=dict(lr=4e-3)),
            param_scheduler={"1": dict(T_max=210, end=260)},
            default_hooks=dict(checkpoint=dict(interval=260)),
        ),
    ),
    pose=dict(
        config="configs/simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py",
        metric="coco/AP",
        unit="AP, %",
        scale=100,
        cfg_options=dict(train_cfg=dict(max_epochs=5), param_scheduler={"1": dict(T_max=5)}),
    ),
)
backbones = dict(
    found=dict(genotype="search", title="the cell that was searched"),
    random=dict(genotype="random", title="a random cell of the same size"),
)
