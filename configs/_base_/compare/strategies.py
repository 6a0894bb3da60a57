# Who is compared.  Regularized evolution and local search take their budget from the comparison.
comparison = dict(
    strategies={
        "RelativeNAS": dict(type="SlowFastLearning", population=20, generations=50, evaluate_last=False),
        "regularized evolution": dict(type="RegularizedEvolution", population=50, tournament=10),
        "local search": dict(type="LocalSearch"),
        "random search": dict(type="RandomSearch"),
    },
    reference="RelativeNAS",
    seeds=100,
)
