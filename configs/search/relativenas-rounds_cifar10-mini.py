# relativenas_cifar10-mini.py with the pairs of a generation trained from the same weights and merged in their order, so
# that up to eight processes have work: tools/dist_search.sh.
_base_ = "relativenas_cifar10-mini.py"

train_cfg = dict(evaluator=dict(write_back=4))
