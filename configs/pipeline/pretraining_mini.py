# Is pretraining worth it?  One cell in detection, segmentation and pose on small real data: from random weights,
# from the CIFAR-10 classifier, and from the shared weights of the search that found it.
# CIFAR10_ROOT, VOC_ROOT, CAMVID_ROOT and COCO_ROOT name the data.
_base_ = "./mini.py"

work_dir = "work_dirs/pretraining_mini"
title = "One cell from three kinds of weights"
search = dict(cfg_options=dict(train_cfg=dict(evaluator=dict(network=dict(init_channels=16, num_cells=6)))))
backbones = dict(
    _delete_=True,
    classifier=dict(genotype="search", init="classification", title="from the CIFAR-10 classifier"),
    search=dict(genotype="search", init="search", title="from the shared weights of the search"),
    random=dict(genotype="search", init="random", title="from random weights"),
)
