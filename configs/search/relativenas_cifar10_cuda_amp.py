# relativenas_cifar10_cuda.py in bfloat16.
_base_ = "relativenas_cifar10_cuda.py"

train_cfg = dict(evaluator=dict(training=dict(eval_batch_size=1024), execution=dict(autocast="bfloat16")))
