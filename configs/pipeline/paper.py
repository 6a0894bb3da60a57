# The full protocol of the paper: search on CIFAR-10, ImageNet classifiers, SSDLite on VOC, BiSeNet on Cityscapes,
# SimpleBaseline on COCO keypoints, beside the published cells, a random cell and MobileNetV2.
#   one GPU:    relnas-mm pipeline relnas_mm::pipeline/paper.py
#   eight GPUs: relnas-mm pipeline relnas_mm::pipeline/paper.py --launcher pytorch --gpus 8
#   eight GPUs, eight steps at a time: relnas-mm pipeline relnas_mm::pipeline/paper.py --jobs 8
# CIFAR10_ROOT, IMAGENET_ROOT, VOC_ROOT, CITYSCAPES_ROOT and COCO_ROOT name the data.
work_dir = "work_dirs/pipeline_paper"
title = "RelativeNAS: search, classifiers and three transfers"
seeds = [0, 1, 2]
search = dict(config="configs/search/relativenas_cifar10.py")


tasks = dict(
    classification=dict(
        config="configs/imagenet/relativenas-c46l14_8xb128-250e_imagenet.py",
        metric="accuracy/top1",
        unit="top-1 accuracy, %",
    ),
    detection=dict(
        config="configs/ssdlite/ssdlite320_relativenas_200e_voc0712.py",
        metric="pascal_voc/mAP",
        unit="mAP, %",
        scale=100,
        published=dict(
            relativenas=dict(value=73.1, source="abstract of arXiv 2009.06193"),
            darts=dict(value=71.2, source="EEEA-Net (arXiv 2108.06156), tables 6 to 8"),
            mobilenetv2=dict(value=69.4, source="EEEA-Net (arXiv 2108.06156), tables 6 to 8"),
        ),
    ),
    segmentation=dict(
        config="configs/bisenet/bisenet_relativenas_2xb8-80k_cityscapes-1024x1024.py",
        metric="mIoU",
        unit="mIoU, %",
        backbone="model.backbone.backbone",
        published=dict(
            relativenas=dict(value=78.7, source="abstract of arXiv 2009.06193"),
            darts=dict(value=77.5, source="EEEA-Net (arXiv 2108.06156), tables 6 to 8"),
            mobilenetv2=dict(value=77.1, source="EEEA-Net (arXiv 2108.06156), tables 6 to 8"),
        ),
    ),
    pose=dict(
        config="configs/simple_baseline/td-hm_relativenas_1xb128-140e_coco-256x192.py",
        metric="coco/AP",
        unit="AP, %",
        scale=100,
        published=dict(
            relativenas=dict(value=68.5, source="abstract of arXiv 2009.06193"),
            darts=dict(value=66.9, source="EEEA-Net (arXiv 2108.06156), tables 6 to 8"),
            mobilenetv2=dict(value=64.9, source="EEEA-Net (arXiv 2108.06156), tables 6 to 8"),
        ),
    ),
)
backbones = dict(
    found=dict(genotype="search", title="the cell that was searched"),
    relativenas=dict(genotype="relativenas", title="the published cell of RelativeNAS"),
    darts=dict(
        genotype="darts_v2",
        title="the published cell of DARTS (V2), 48 channels",
        configs=dict(
            classification="configs/imagenet/darts-v2-c48l14_8xb128-250e_imagenet.py",
            detection="configs/ssdlite/ssdlite320_darts-v2-c48_200e_voc0712.py",
            segmentation="configs/bisenet/bisenet_darts-v2-c48_2xb8-80k_cityscapes-1024x1024.py",
            pose="configs/simple_baseline/td-hm_darts-v2-c48_1xb128-140e_coco-256x192.py",
        ),
    ),
    random=dict(genotype="random", title="random cells of the same size, another for each seed"),
    mobilenetv2=dict(
        title="MobileNetV2 with OpenMMLab's ImageNet weights",
        init="config",
        configs=dict(
            detection="configs/ssdlite/ssdlite320_mobilenetv2_200e_voc0712.py",
            segmentation="configs/bisenet/bisenet_mobilenetv2_2xb8-80k_cityscapes-1024x1024.py",
            pose="configs/simple_baseline/td-hm_mobilenetv2_1xb128-140e_coco-256x192.py",
        ),
    ),
)
