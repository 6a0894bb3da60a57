"""Records, summaries, fronts, plots and the replay page."""

import json
import math
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relnas_mm.architectures import BenchmarkArchitecture, Genotype
from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation, Evaluator
from relnas_mm.search.budget import Budget
from relnas_mm.search.overview import MOST_GENERATIONS, _shown, write_overview
from relnas_mm.search.pareto import front_of, pareto_front
from relnas_mm.search.progress import Progress
from relnas_mm.search.records import Records, candidate_records
from relnas_mm.search.summary import generation_line, generation_record
from relnas_mm.search.winner import choose_winner
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import Scored, SlowFastLearning

pytestmark = pytest.mark.unit
SPACE = CellSpace()


def searched(folder, loss=lambda candidate: float(candidate.vector[0]), budget=None):
    """Records of a small search whose loss is a function of the candidate."""
    records, strategy = Records(folder / "records.jsonl"), SlowFastLearning(SPACE, 4, 2)
    while not strategy.done:
        group = strategy.ask()
        evaluations = [Evaluation(loss(c), {"accuracy": 50.0, "seconds": 1.0}) for c in group.candidates]
        strategy.tell(group, [e.loss for e in evaluations])
        records.append(*candidate_records(group, evaluations, budget))
        if group.last:
            records.append(generation_record(records.newest_generation(), SPACE.upper))
    return records, strategy


def test_a_line_for_each_candidate_and_generation(tmp_path):
    records, _ = searched(tmp_path)
    lines = [json.loads(line) for line in records.path.read_text().splitlines()]
    assert [line["type"] for line in lines] == (["candidate"] * 4 + ["generation"]) * 3
    candidate, generation = lines[0], lines[4]
    Genotype.from_dict(candidate["architecture"])
    assert len(candidate["vector"]) == 32
    fast = [line["loss"] for line in lines[:4] if line["rank"] == 0]
    assert generation["fast_loss"] == pytest.approx(np.mean(fast)) and len(fast) == 2
    assert generation["slow_loss"] > generation["fast_loss"] >= generation["best_loss"]
    assert generation["seconds"] == 4.0 and generation["diverged"] == 0 and generation["diversity"] > 0
    assert "best" in generation_line(generation)


def test_a_diverged_candidate_is_recorded_as_null(tmp_path):
    records, strategy = searched(tmp_path, lambda c: math.nan if c.number == 0 else float(c.number))
    assert "NaN" not in records.path.read_text()
    assert [line["diverged"] for line in records.of_type("generation")] == [1, 1, 1]
    assert all(line["loss"] is None for line in records.of_type("candidate") if line["number"] == 0)
    assert strategy.best.loss == 1.0
    write_overview(records, tmp_path)


def test_cutting_forgets_what_a_checkpoint_does_not_know(tmp_path):
    records, _ = searched(tmp_path)
    content = records.path.read_bytes()
    length = content.index(b"\n") + 1
    records.path.write_bytes(content + b'{"half a li')
    again = Records(records.path)
    again.cut(length)
    assert records.path.read_bytes() == content[:length] and len(again.of_type("candidate")) == 1
    with pytest.raises(UserError, match="at the checkpoint"):
        again.cut(length + 1)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9) | st.just(math.inf)), max_size=12))
def test_the_front_is_what_no_point_beats(points):
    costs, losses = np.array(points, dtype=float).reshape(-1, 2).T
    front = pareto_front(costs, losses).tolist()

    def beaten(i):
        return any(
            costs[j] <= costs[i] and losses[j] <= losses[i] and (costs[j], losses[j]) != (costs[i], losses[i])
            for j in range(len(points))
        )

    expected = {(costs[i], losses[i]) for i in range(len(points)) if np.isfinite(losses[i]) and not beaten(i)}
    assert {(costs[i], losses[i]) for i in front} == expected and len(front) == len(expected)
    assert sorted(costs[front]) == list(costs[front])


def test_overview_and_replay_page(tmp_path):
    budget = Budget({"init_channels": 4, "num_cells": 5})
    records, strategy = searched(tmp_path, budget=budget)
    write_overview(records, tmp_path)
    for name in ("search_curve.png", "pareto.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    front = json.loads((tmp_path / "pareto.json").read_text())
    assert set(front) == {"params", "macs"}
    assert front["params"] == front_of([c for c in records.of_type("candidate") if c["generation"] == 2], "params")
    page = (tmp_path / "replay.html").read_text()
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")  # nothing is loaded from elsewhere
    data = json.loads(re.search(r"const DATA = (.*);\n", page).group(1))
    assert len(data["candidates"]) == 12 and len(data["generations"]) == 3
    assert all(len(candidate["place"]) == 2 for candidate in data["candidates"])
    path = strategy.best.candidate.architecture.save_to(tmp_path, {"loss": 1.0})
    assert path.name == "genotype.json" and (tmp_path / "cells.svg").exists() and (tmp_path / "cells.png").exists()
    assert BenchmarkArchitecture("|a~0|").save_to(tmp_path).name == "architecture.json"


def test_text_from_records_cannot_end_the_script(tmp_path):
    records, _ = searched(tmp_path)
    first, *others = records.path.read_text().splitlines(keepends=True)
    changed = json.dumps({**json.loads(first), "architecture": "</script><b>"}) + "\n"
    records.path.write_text(changed + "".join(others))
    write_overview(records, tmp_path)
    assert (tmp_path / "replay.html").read_text().count("</script>") == 1


class Plain(Evaluator):
    """Cannot rescore."""

    def evaluate(self, groups, upcoming=()):
        raise NotImplementedError


class Precise(Plain):
    """Scores again by another rule."""

    def rescore(self, candidate):
        return Evaluation(math.nan if candidate.number == 0 else -float(candidate.number))


def test_the_winner(tmp_path):
    _, strategy = searched(tmp_path, lambda c: float(c.number))
    assert choose_winner(strategy, Plain()).candidate.number == 0
    assert choose_winner(strategy, Precise(), rerank=3).candidate.number == 2
    assert choose_winner(strategy, Precise(), rerank=99).loss == -3
    with pytest.raises(UserError, match="Plain cannot rescore"):
        choose_winner(strategy, Plain(), rerank=2)
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError, match="no candidate has a finite loss"):
        choose_winner(searched(tmp_path / "other", lambda c: math.inf)[1], Plain())
    assert isinstance(strategy.best, Scored)


def test_budget():
    genotype = SPACE.decode(SPACE.upper * 0.99)
    costs = Budget({"init_channels": 4, "num_cells": 5}).costs(genotype)
    network = {"init_channels": 4, "num_cells": 5}
    assert Budget(network, max_params=costs["params"], min_macs=costs["macs"]).allows(genotype)
    assert not Budget(network, max_params=costs["params"] - 1).allows(genotype)
    assert not Budget(network, min_macs=costs["macs"] + 1).allows(genotype)
    assert Budget(network, max_latency=1e6).allows(genotype) and not Budget(network, max_latency=0.0).allows(genotype)
    with pytest.raises(UserError, match="max_flops"):
        Budget(max_flops=1)
    with pytest.raises(UserError, match="excludes everything"):
        Budget(min_params=2, max_params=1)
    with pytest.raises(UserError, match="network of the budget is {'cells': 3}: .*unexpected keyword"):
        Budget({"cells": 3})
    imagenet = Budget({"init_channels": 4, "num_cells": 5, "stem": "imagenet", "image_size": 32}, max_latency=1e6)
    assert imagenet.allows(genotype) and imagenet.costs(genotype)["macs"] < costs["macs"]


def test_eta():
    progress = Progress(10)
    assert progress.eta == "unknown"
    progress.advance(60.0)
    progress.advance(120.0)
    assert progress.eta == "0:12:00"


@pytest.mark.parametrize("count, shown", [(1, 1), (400, 400), (401, 201), (5000, 385)])
def test_so_many_generations_are_drawn_evenly_and_with_the_last(count, shown):
    numbers = sorted(_shown(range(count)))
    assert len(numbers) == shown <= MOST_GENERATIONS and numbers[-1] == count - 1
    assert len({after - before for before, after in pairwise(numbers)}) <= 1


def test_records_hold_the_newest_generation_only(tmp_path):
    records, _ = searched(tmp_path)
    assert [line["generation"] for line in records.newest_generation()] == [2] * 4
    again = Records(records.path)
    again.cut(records.path.stat().st_size)
    assert again.newest_generation() == records.newest_generation()
    assert len(records.of_type("candidate")) == 12
