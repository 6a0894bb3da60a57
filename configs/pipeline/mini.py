# The whole way on real images that a CPU can handle: a part of CIFAR-10 for search and classifier, a part of VOC 2007,
# CamVid, and a part of COCO keypoints; every backbone under the same recipe, three seeds each.  Hours on two CPU cores.
# CIFAR10_ROOT, VOC_ROOT, CAMVID_ROOT and COCO_ROOT name the data.
work_dir = "work_dirs/pipeline_mini"
title = "A cell searched on CIFAR-10, in small detectors, segmentors and pose estimators"
seeds = [0, 1, 2]
search = dict(config="configs/search/relativenas_cifar10-mini.py")
tasks = dict(
    classification=dict(
        config="configs/cifar/relativenas-c16l6_1xb64-12e_cifar10-mini-64x64.py",
        metric="accuracy/top1",
        unit="top-1 accuracy, %",
    ),
    detection=dict(
        config="configs/ssdlite/ssdlite320_relativenas-c16l6_20e_voc-mini.py",
        metric="pascal_voc/mAP",
        unit="mAP, %",
        scale=100,
    ),
    segmentation=dict(
        config="configs/deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_camvid-mini.py",
        metric="mIoU",
        unit="mIoU, %",
    ),
    pose=dict(
        config="configs/simple_baseline/td-hm_relativenas-c16l6_1xb16-100e_coco-mini-256x192.py",
        metric="coco/AP",
        unit="AP, %",
        scale=100,
    ),
)
backbones = dict(
    found=dict(genotype="search", title="the cell that was searched"),
    relativenas=dict(genotype="relativenas", title="the published cell of RelativeNAS"),
    darts=dict(genotype="darts_v2", title="the published cell of DARTS (V2)"),
    random=dict(genotype="random", title="random cells of the same size, another for each seed"),
    resnet18=dict(
        title="ResNet-18 of a quarter of its width",
        configs=dict(
            classification="configs/cifar/r18-w0.25_1xb64-12e_cifar10-mini-64x64.py",
            detection="configs/ssdlite/ssdlite320_r18-w0.25_20e_voc-mini.py",
            segmentation="configs/deeplabv3plus/deeplabv3plus_r18-w0.25-d16_1xb8-600i_camvid-mini.py",
            pose="configs/simple_baseline/td-hm_r18-w0.25_1xb16-100e_coco-mini-256x192.py",
        ),
    ),
)
