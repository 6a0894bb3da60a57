# The whole pipeline on generated data: search a cell, train and test a detector with it; minutes on two CPU cores.
work_dir = "work_dirs/quickstart"
data = [
    dict(
        layout="cifar10",
        root="{{$SHAPES_ROOT:data/shapes}}/cifar10",
        splits=dict(train=2000, test=200),
        seed=0,
        difficulty=0.3,
    ),
    dict(
        layout="voc",
        root="{{$SHAPES_ROOT:data/shapes}}/voc",
        splits=dict(train=3000, val=100, test=100),
        seed=0,
        difficulty=0.3,
    ),
]
search = dict(config="configs/search/relativenas_shapes_quick.py")
train = dict(config="configs/ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py")
metric = "pascal_voc/mAP"
