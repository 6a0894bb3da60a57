# Is pretraining worth it?  The quickstart's classifier and three transfers on generated data, from random weights, from
# the classifier, and from the shared weights of the search, which has the transfers' channels and cells here; three
# seeds, about half an hour on two CPU cores.
_base_ = "./quickstart.py"

work_dir = "work_dirs/pretraining_shapes"
title = "One cell from three kinds of weights, generated data"
seeds = [0, 1, 2]
search = dict(cfg_options=dict(train_cfg=dict(evaluator=dict(network=dict(init_channels=16, num_cells=6)))))
backbones = dict(
    _delete_=True,
    classifier=dict(genotype="search", init="classification", title="from the classifier"),
    search=dict(genotype="search", init="search", title="from the shared weights of the search"),
    random=dict(genotype="search", init="random", title="from random weights"),
)
