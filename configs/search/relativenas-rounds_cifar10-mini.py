# relativenas_cifar10-mini.py with the pairs of a generation trained from the same shared weights and merged in order,
# for up to eight processes: tools/dist_search.sh.
_base_ = "relativenas_cifar10-mini.py"

train_cfg = dict(evaluator=dict(write_back=4))
