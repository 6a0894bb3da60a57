# Strategies to compare.  The comparison sets the budget of regularized evolution and local search.
comparison = dict(
    strategies={
        "RelativeNAS": dict(type="SlowFastLearning", population_size=20, generations=50, evaluate_last=False),
        "regularized evolution": dict(type="RegularizedEvolution", population_size=50, tournament_size=10),
        "local search": dict(type="LocalSearch"),
        "random search": dict(type="RandomSearch"),
    },
    reference="RelativeNAS",
    seeds=100,
)
