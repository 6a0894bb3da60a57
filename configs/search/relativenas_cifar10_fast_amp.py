# relativenas_cifar10_fast.py in bfloat16, for CUDA.
_base_ = "relativenas_cifar10_fast.py"

train_cfg = dict(evaluator=dict(training=dict(autocast="bfloat16", channels_last=False, scoring_batch_size=1024)))
