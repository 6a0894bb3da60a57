# RelativeNAS and the baselines on the three sets of NAS-Bench-201: 1,000 candidates, 100 seeds.
# Searched by validation accuracy after 200 epochs, reported by test accuracy.
_base_ = "../_base_/compare/strategies.py"

table = "{{$TABULAR_ROOT:data/tabular}}/combined/nasbench201_full.csv"
comparison = dict(
    name="NAS-Bench-201",
    space=dict(type="NASBench201Space"),
    tasks={
        "CIFAR-10": dict(type="TabularEvaluator", table=table, objective="c10_val200", report="c10_test200"),
        "CIFAR-100": dict(type="TabularEvaluator", table=table, objective="c100_val200", report="c100_test200"),
        "ImageNet16-120": dict(type="TabularEvaluator", table=table, objective="in16_val200", report="in16_test200"),
    },
    budget=1000,
)
