# Slow-fast learning whose candidates are the backbones of downstream models: 50 generations of 20 individuals, one pass
# each.  A config adds `evaluator.tasks`.
train_cfg = dict(
    type="SearchLoop",
    space=dict(type="CellSpace", rounding="ceil"),
    strategy=dict(type="SlowFastLearning", population_size=20, generations=50, evaluate_last=True),
    evaluator=dict(type="DownstreamEvaluator", write_back="group"),
)
