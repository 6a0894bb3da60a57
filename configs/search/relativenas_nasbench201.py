# RelativeNAS on NAS-Bench-201: 1,000 queries, seconds on a CPU.
# data/nasbench201.csv has the columns arch_str, c10_val200, c10_test200, …
_base_ = "../_base_/search/runtime.py"

train_cfg = dict(
    type="SearchLoop",
    space=dict(type="NASBench201Space"),
    strategy=dict(type="SlowFastLearning", population_size=20, generations=50, evaluate_last=False),
    evaluator=dict(type="TabularEvaluator", table="data/nasbench201.csv", objective="c10_val200", report="c10_test200"),
)
