# ReNAS and others on NAS-Bench-201 with the budget of its publication: 424 samples and ten more, 20 seeds.
# Searched by validation accuracy after 200 epochs, reported is test accuracy.
_base_ = "nasbench201.py"

comparison = dict(
    name="ReNAS on NAS-Bench-201",
    strategies={
        "RelativeNAS": dict(type="SlowFastLearning", population=20, generations=50, evaluate_last=False),
        "regularized evolution": dict(type="RegularizedEvolution", population=50, tournament=10),
        "local search": dict(type="LocalSearch"),
        "random search": dict(type="RandomSearch"),
        "ReNAS": dict(type="ReNAS", samples=424, predictor="released"),
        "ReNAS, improved": dict(type="ReNAS", samples=424, predictor="improved"),
        "ReNAS, improved, 10 rounds": dict(type="ReNAS", samples=134, top_k=30, predictor="improved"),
    },
    reference="ReNAS, improved",
    budget=434,
    seeds=20,
)
