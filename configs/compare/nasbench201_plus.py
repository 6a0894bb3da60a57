# Slow-fast learning with a Gaussian process as referee beside the baselines: NAS-Bench-201, 300 candidates.
_base_ = "../_base_/compare/strategies.py"

table = "{{$TABULAR_ROOT:data/tabular}}/combined/nasbench201_full.csv"
plus = dict(type="BayesianSlowFastLearning")
comparison = dict(
    name="Slow-fast learning with a referee on NAS-Bench-201",
    space=dict(type="NASBench201Space"),
    tasks={
        "CIFAR-10": dict(type="TabularEvaluator", table=table, objective="c10_val200", report="c10_test200"),
        "CIFAR-100": dict(type="TabularEvaluator", table=table, objective="c100_val200", report="c100_test200"),
        "ImageNet16-120": dict(type="TabularEvaluator", table=table, objective="in16_val200", report="in16_test200"),
    },
    strategies={
        "RelativeNAS plus": plus,
        "plus, no referee": dict(plus, referee=False),
        "plus, no lessons": dict(plus, lesson_rate=0.0),
    },
    reference="RelativeNAS plus",
    budget=300,
)
