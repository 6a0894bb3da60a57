# Is pretraining worth it?  One cell in detection, segmentation and pose on small real data: from random weights,
# from the CIFAR-10 classifier, and from the shared weights of the search that found it.  Schedules are short, so that
# 27 trainings take about an hour on two CPU cores; mini.py has the long ones.
# CIFAR10_ROOT, VOC_ROOT, CAMVID_ROOT and COCO_ROOT name the data.
_base_ = "./mini.py"

work_dir = "work_dirs/pretraining_mini"
title = "One cell from three kinds of weights"
jobs = 2
search = dict(
    cfg_options=dict(
        train_cfg=dict(
            strategy=dict(population_size=6, generations=3),
            evaluator=dict(
                data=dict(limit=1000),
                network=dict(init_channels=16, num_cells=6),
                execution=dict(parallel_candidates=2),
            ),
        )
    )
)
tasks = dict(
    classification=dict(cfg_options=dict(train_cfg=dict(max_epochs=5), param_scheduler=dict(T_max=5))),
    detection=dict(
        cfg_options=dict(
            train_cfg=dict(max_epochs=6, val_interval=6),
            param_scheduler={"0": dict(T_max=6)},
            default_hooks=dict(checkpoint=dict(interval=6)),
        )
    ),
    segmentation=dict(
        cfg_options=dict(
            train_cfg=dict(max_iters=150, val_interval=150),
            param_scheduler={"1": dict(T_max=100, end=150)},
            default_hooks=dict(checkpoint=dict(interval=150)),
        )
    ),
    pose=dict(
        cfg_options=dict(
            train_cfg=dict(max_epochs=20, val_interval=20),
            param_scheduler={"1": dict(T_max=20)},
            default_hooks=dict(checkpoint=dict(interval=20)),
        )
    ),
)
backbones = dict(
    _delete_=True,
    classifier=dict(genotype="search", init="classification", title="from the CIFAR-10 classifier"),
    search=dict(genotype="search", init="search", title="from the shared weights of the search"),
    random=dict(genotype="search", init="random", title="from random weights"),
)
