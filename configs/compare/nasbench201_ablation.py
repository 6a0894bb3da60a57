# Ablation of slow-fast learning: 1,000 candidates of NAS-Bench-201, 100 seeds, one option changed at a time.
reference = dict(type="SlowFastLearning", population_size=20, generations=50, evaluate_last=False)
tabular = dict(type="TabularEvaluator", table="{{$TABULAR_ROOT:data/tabular}}/combined/nasbench201_full.csv")
comparison = dict(
    name="Slow-fast learning, one option changed at a time, on NAS-Bench-201",
    space=dict(type="NASBench201Space"),
    tasks={
        "CIFAR-10": dict(objective="c10_val200", report="c10_test200", **tabular),
        "CIFAR-100": dict(objective="c100_val200", report="c100_test200", **tabular),
        "ImageNet16-120": dict(objective="in16_val200", report="in16_test200", **tabular),
    },
    strategies={
        "reference rule": reference,
        "pairing: fixed": dict(pairing="fixed", **reference),
        "pairing: ranked": dict(pairing="ranked", **reference),
        "direction: towards the slow learner": dict(direction="slow", **reference),
        "direction: random": dict(direction="coin", **reference),
        "direction: towards the best learner": dict(direction="best", **reference),
        "r1 = 0 (no velocity)": dict(r1=(0.0, 0.0), **reference),
        "r2 = 1 (full step)": dict(r2=(1.0, 1.0), **reference),
        "r2 up to 2 (overshoot)": dict(r2=(0.0, 2.0), **reference),
        "population 10": dict(reference, population_size=10, generations=100),
        "population 40": dict(reference, population_size=40, generations=25),
        "population 100": dict(reference, population_size=100, generations=10),
    },
    reference="reference rule",
    budget=1000,
    seeds=100,
)
