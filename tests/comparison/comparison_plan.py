"""A comparison small enough for tests: a made-up table of NAS-Bench-Macro's shape."""

import itertools

STRATEGIES = {
    "slow-fast": {"type": "SlowFastLearning", "population_size": 4, "generations": 10, "evaluate_last": False},
    "evolution": {"type": "RegularizedEvolution", "population_size": 10, "tournament_size": 5},
    "random": {"type": "RandomSearch"},
}


def write_table(path, best="2"):
    """A table of codes in which one digit helps, and costs."""
    codes = ["".join(code) for code in itertools.product("012", repeat=8)]
    rows = (f"{i},{c},{50 + 5 * c.count(best) + i / 1e4},{40 + 5 * c.count(best)}" for i, c in enumerate(codes))
    path.write_text("index,code,val,test\n" + "\n".join(rows) + "\n")
    costs = (f"{i},{1 + c.count(best)}" for i, c in enumerate(codes))
    path.with_name("latency.csv").write_text("index,chip\n" + "\n".join(costs) + "\n")
    return path


def plan_values(table, **changes):
    """Fields of a `Plan`."""
    task = {"type": "TabularEvaluator", "table": str(table), "objective": "val", "report": "test", "key": "code"}
    return {
        "name": "made up",
        "space": {"type": "NASBenchMacroSpace"},
        "tasks": {"a": task},
        "strategies": STRATEGIES,
        "budget": 40,
        "seeds": 4,
        "reference": "slow-fast",
    } | changes
