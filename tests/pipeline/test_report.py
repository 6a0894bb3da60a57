"""Reports of pipelines: what they conclude, what they do not, and that they show anything that results may hold."""

import csv
import html
import io
import itertools
import math
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from statistics import mean, stdev

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from page_checks import checked
from PIL import Image
from pipeline_results import METRICS, results_of, write_log, write_pictures

from relnas_mm.architectures import GENOTYPES
from relnas_mm.errors import UserError
from relnas_mm.pipeline.durations import duration_text
from relnas_mm.pipeline.report import write_reports
from relnas_mm.pipeline.report.csv_table import COLUMNS
from relnas_mm.pipeline.report.formats import (
    count_text,
    difference_text,
    latency_text,
    macs_text,
    p_text,
    value_text,
)
from relnas_mm.pipeline.report.samples import Sample, gaps
from relnas_mm.pipeline.report.tables import scores_table
from relnas_mm.pipeline.report.verdict import caveats, duels, headline
from relnas_mm.pipeline.results import BLOCKED, DONE, FAILED, NO_DATA, OPEN, Published, Results, StepResult
from relnas_mm.plots.embed import small_data_uri

pytestmark = pytest.mark.unit

EVIL = "<script>alert(1)</script>"
QUOTED = '"><img src=x onerror=alert(1)>'
LONG = "a_very_long_name" * 40
HOSTILE = (
    EVIL,
    QUOTED,
    LONG,
    "two\nlines | and a bar",
    "=1+1",
    "$x_$",
    "_hidden",
    "it's `code` *bold* [x](y)",
    "日本語\t‮",
)

FIVE = {"found": [41.0, 41.5, 42.0, 41.2, 41.8], "darts": [40.0, 40.4, 40.9, 40.1, 40.6]}


def read(folder: Path, name: str = "report.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


def rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(read_raw(folder / "scores.csv"))))


def read_raw(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def sound_page(folder: Path):
    checks = checked(read(folder))
    assert checks.problems == []
    return checks


def exact_p(first, second) -> float:
    """Two-sided p-value of the rank sum without ties, by counting all divisions."""
    values = sorted([*first, *second])
    ranks = {value: rank for rank, value in enumerate(values)}
    middle = len(first) * (len(values) - 1) / 2
    distances = [abs(sum(some) - middle) for some in itertools.combinations(range(len(values)), len(first))]
    own = abs(sum(ranks[value] for value in first) - middle)
    return sum(distance >= own for distance in distances) / len(distances)


def test_five_seeds_and_one_baseline(tmp_path):
    found, darts = FIVE["found"], FIVE["darts"]
    results = results_of(tmp_path, {"detection": FIVE})
    assert write_reports(results) == [tmp_path / name for name in ("report.html", "report.md", "scores.csv")]
    (duel,) = duels(results)
    assert duel.p == pytest.approx(exact_p(found, darts)) and duel.p == pytest.approx(2 / 252)
    assert duel.difference == pytest.approx(1.1) and duel.conclusion == "better"
    assert duel.spread == pytest.approx(math.sqrt(stdev(found) ** 2 + stdev(darts) ** 2))
    text = " ".join(sound_page(tmp_path).text.split())
    assert (
        "Of 1 tested comparison, found is significantly better in 1. Its mean is higher in 1 of 1 comparison." in text
    )
    assert (
        f"{mean(found):.2f} ± {stdev(found):.2f} (5)" in text and f"{mean(darts):.2f} ± {stdev(darts):.2f} (5)" in text
    )
    markdown = read(tmp_path, "report.md")
    assert f"| {mean(found):.2f} ± {stdev(found):.2f} (5) |" in markdown and "| better | +1.10 ±" in markdown
    assert "corrected by Holm over the only test" in text


def test_holm_over_all_tests_of_the_page(tmp_path):
    others = {"darts": FIVE["darts"], "random": [39.0, 41.9, 38.0, 41.1, 40.2]}
    results = results_of(tmp_path, {"detection": {"found": FIVE["found"], **others}, "pose": FIVE})
    found = duels(results)
    raw = [exact_p(FIVE["found"], other) for other in (others["darts"], others["random"])]
    values = {(duel.task.name, duel.rival.name): duel for duel in found}
    assert values["detection", "darts"].p == pytest.approx(3 * 2 / 252)
    assert values["pose", "darts"].p == pytest.approx(3 * 2 / 252)
    assert values["detection", "random"].p == pytest.approx(raw[1])  # the largest of three is not multiplied
    assert values["detection", "random"].conclusion == "not significant"
    assert ("pose", "random") not in values  # it takes no part


def test_a_backbone_that_takes_no_part_is_neither_compared_nor_missing(tmp_path):
    """A classifier is trained only if other tasks start from its weights; what has no value yet is another matter."""
    scores = {"classification": {"found": [40.0]}, "pose": {"found": [1.0], "random": [None]}}
    results = results_of(tmp_path, scores, changed={("pose", "random", 0): (OPEN, "")})
    found = duels(results)
    assert [(duel.task.name, duel.rival.name, duel.conclusion) for duel in found] == [("pose", "random", "no value")]
    assert [(gap.task, gap.backbone) for gap in gaps(results)] == [("pose", "random")]
    assert [row.cells[:2] for row in scores_table(results).rows] == [
        ("classification", "found"),
        ("pose", "found"),
        ("pose", "random"),
    ]
    assert headline(found, "found").endswith("Still without a value: 1 comparison.")


def test_so_many_tests_of_so_few_seeds_that_none_can_be_significant(tmp_path):
    apart = {"found": [5.0, 6.0, 7.0, 8.0], "darts": [1.0, 2.0, 3.0, 4.0]}
    found = duels(results_of(tmp_path, {"detection": apart, "pose": apart}))
    assert [duel.conclusion for duel in found] == ["not significant"] * 2
    assert found[0].p == pytest.approx(2 * 2 / 70)
    assert any("can be below 0.057" in line and "5 seeds on both sides are enough" in line for line in caveats(found))
    assert "neither significantly better nor worse; with so few seeds" in headline(found, "found")


def test_a_worse_cell(tmp_path):
    results = results_of(tmp_path, {"detection": {"found": FIVE["darts"], "darts": FIVE["found"]}})
    write_reports(results)
    assert duels(results)[0].conclusion == "worse" and '<td class="bad">worse</td>' in read(tmp_path)
    assert "−1.10 ±" in sound_page(tmp_path).text


def test_significance_without_a_direction(tmp_path):
    """One run that fails turns the difference of means, but not that of ranks."""
    results = results_of(tmp_path, {"pose": {"found": [50.0] * 7 + [0.0], "darts": [48.0 + i / 9 for i in range(8)]}})
    (duel,) = duels(results)
    assert duel.p is not None and duel.difference is not None and duel.difference < 0
    assert duel.conclusion == "not significant"


@pytest.mark.parametrize("seeds", [2, 3])
def test_too_few_seeds_for_a_test(tmp_path, seeds):
    apart = {"found": [5.0, 6.0, 7.0][:seeds], "darts": [1.0, 2.0, 3.0][:seeds]}
    write_reports(results_of(tmp_path, {"detection": apart}))
    text = sound_page(tmp_path).text
    least = 2 / math.comb(2 * seeds, seeds)
    assert f"{seeds} seeds: too few for a test; its smallest possible p-value is {least:.2g}." in text
    assert (
        "a test needs 4 seeds on both sides" in text
        and "The mean of found is higher in 1 of 1 comparison, which may be chance." in text
    )
    assert "significantly better" not in text and ">better<" not in read(tmp_path) and "±" in text


def test_one_seed(tmp_path):
    write_reports(results_of(tmp_path, {"detection": {"found": [41.0], "darts": [40.0]}}))
    text = sound_page(tmp_path).text
    assert "One run, no spread" in text and "41.00 (1)" in text and "+1.00" in text
    assert "±" not in text.replace("mean ± standard deviation", "").replace("mean ± std", "")


def test_unequal_numbers_of_seeds(tmp_path):
    values = {"found": [5.0, 6.0, 7.0, 8.0, 9.0], "darts": [1.0, 2.0, 3.0, None, None], "random": [1.0, 2.0]}
    results = results_of(tmp_path, {"detection": values})
    darts, random = duels(results)
    assert darts.sizes == (5, 3) and darts.p == pytest.approx(2 / 56)  # 3 against 5 is enough
    assert random.sizes == (5, 2) and random.p == pytest.approx(2 * 2 / 42) if random.p else random.p is None
    write_reports(results)
    assert "5 against 2 seeds: too few for a test" in sound_page(tmp_path).text


def test_what_is_missing_and_why(tmp_path):
    log = "Traceback\n  torch.OutOfMemoryError <gpu 0>"
    changed = {
        ("detection", "found", 1): (FAILED, f"the training ended with exit code 1\n{log}"),
        ("detection", "darts", 0): (BLOCKED, "the search is not done"),
        ("detection", "darts", 1): (BLOCKED, "the search is not done"),
        ("pose", "found", 0): (NO_DATA, "there is no data/coco"),
        ("pose", "found", 1): (OPEN, ""),
    }
    values = {"found": [41.0, 42.0], "darts": [40.0, math.nan]}
    results = results_of(tmp_path, {"detection": values, "pose": values}, changed)
    write_reports(results)
    checks, markdown = sound_page(tmp_path), read(tmp_path, "report.md")
    text = " ".join(checks.text.split())
    for words in (
        "detection, found: failed, seed 1: the training ended with exit code 1",
        "detection, darts: blocked, seeds 0, 1: the search is not done",
        "pose, found: no data, seed 0: there is no data/coco",
        "pose, found: not started, seed 1",
        "pose, darts: no value, seed 1: the test gave nan",
        "3 of 8 trainings are done, 1 failed, 2 blocked, 1 no data, 1 not started",
    ):
        assert words in text, words
    assert log in checks.text and log in markdown
    assert "41.00 (1)" in text and "Still without a value: 2 comparisons." in text
    assert "blocked, seeds 0, 1: the search is not done" in markdown


def test_nothing_at_all(tmp_path):
    empty = Results("Empty", tmp_path, "", (), (), (), (), (), None, {})
    write_reports(empty)
    assert "There is nothing to compare" in sound_page(tmp_path).text and rows(tmp_path) == []


def test_published_beside_reproduced(tmp_path):
    published = {"detection": {"darts": Published(41.4, "Table V"), "elsewhere": Published(60.0, EVIL)}}
    write_reports(results_of(tmp_path, {"detection": FIVE}, published=published))
    sound_page(tmp_path)
    line = f"| detection | darts | 41.40 | 40.40 ± {stdev(FIVE['darts']):.2f} (5) | −1.00 | mAP in % | Table V |"
    assert line in read(tmp_path, "report.md")
    assert "| detection | elsewhere | 60.00 | – | – |" in read(tmp_path, "report.md")


def test_costs_and_times(tmp_path):
    write_reports(results_of(tmp_path, {"classification": FIVE}))
    markdown = read(tmp_path, "report.md")
    assert "| classification | found | 548,472 | 0.02 G | 3.21 ms | 32 × 32 | CPU, x86\\_64 |" in markdown
    assert "| classification | darts | 549,472 | 0.02 G | – | 32 × 32 | – |" in markdown
    assert "| search | 1 of 1 | 1 h 6 min |" in markdown
    assert f"| classification | 10 of 10 | {duration_text(2 * (5 * 192 + 10))} |" in markdown
    assert "| all stages | 11 of 11 |" in markdown


def test_curves_pictures_and_search(tmp_path):
    search = tmp_path / "search"
    search.mkdir()
    (search / "replay.html").write_text('<!doctype html><title>"replay" & more</title><script>let a = 1 < 2;</script>')
    Image.new("RGB", (60, 40), "white").save(search / "search_curve.png")
    write_reports(results_of(tmp_path, {"detection": FIVE, "pose": FIVE}, pictures=True, search=search))
    page, checks = read(tmp_path), sound_page(tmp_path)
    assert checks.frames == [(search / "replay.html").read_text()] and "search/replay.html" in checks.links
    assert re.search(r"script-src 'sha256-[\w+/]{43}='\">", html.unescape(page))
    assert page.count("data:image/jpeg;base64,") == 2 * 4 * 2  # tasks, images, backbones
    assert page.count("data:image/png;base64,") == 1
    assert checks.tags.count("svg") == 2 * 2 + 2 + 2 * 2  # cells, scores, metric and loss
    assert "validation mAP in %" in page and "epoch (0: untrained)" in page  # fractions in the log become percent
    assert len(page) < 5_000_000
    for link in re.findall(r"\]\(([^)]+)\)", read(tmp_path, "report.md")):
        assert (tmp_path / link).is_file(), link


def test_random_cells_differ_by_seed(tmp_path):
    results = results_of(tmp_path, {"detection": FIVE})
    found, other = results.backbones
    cells = [GENOTYPES["darts_v1"], GENOTYPES["darts_v2"], GENOTYPES["darts_v1"], *[GENOTYPES["nasnet"]] * 2]
    other = replace(other, architectures=dict(enumerate(cells)), init="random")
    write_reports(replace(results, backbones=(found, other)))
    text = sound_page(tmp_path).text
    assert "normal cell, seeds 0, 2" in text and "normal cell, seed 1" in text and "Other seeds (2)" in text
    costs = {int(row["seed"]): row["params"] for row in rows(tmp_path) if row["backbone"] == "darts"}
    assert costs == {0: "549472", 1: "", 2: "549472", 3: "", 4: ""}  # measured with the first seed's cell
    hashes = [row["genotype"] for row in rows(tmp_path) if row["backbone"] == "darts"]
    assert hashes == [cell.hash for cell in cells]


def test_architectures_without_cells(tmp_path):
    from relnas_mm.architectures import CHAINS
    from relnas_mm.architectures.tabular import BenchmarkArchitecture

    chain, row = next(iter(CHAINS.values())), BenchmarkArchitecture(f"|{EVIL}~0|")
    results = results_of(tmp_path, {"detection": {**FIVE, "third": FIVE["darts"]}})
    found, second, third = results.backbones
    second = replace(second, architectures={0: chain})
    third = replace(third, architectures={0: row})
    write_reports(replace(results, backbones=(found, second, third)))
    checks = sound_page(tmp_path)
    assert "No picture: there is no picture of" in checks.text and checks.tags.count("svg") == 2 + 1 + 1


def test_a_broken_log_and_broken_pictures(tmp_path):
    results = results_of(tmp_path, {"detection": {"found": [41.0, 42.0], "darts": [40.0, 40.0]}})
    bad, good = results.scores[0], results.scores[1]
    log = bad.train_dir / "20260101" / "vis_data" / "scalars.json"
    log.parent.mkdir(parents=True)
    log.write_text(f"{{{EVIL}")
    write_log(good.train_dir, METRICS["detection"], 41.0, 0)
    bad.pictures.mkdir(parents=True)
    (bad.pictures / f"{'x' * 60}.jpg").write_text("no image")
    write_reports(results)
    checks = sound_page(tmp_path)
    assert "A log cannot be read: found, seed 0: line 1 of the log" in checks.text
    assert "The pictures cannot be read." in checks.text and "jpeg;base64" not in read(tmp_path)


def test_hostile_names(tmp_path):
    tasks = {f"{name}{number}": {other: [1.0, 2.0] for other in HOSTILE} for number, name in enumerate(HOSTILE[:3])}
    changed = {(task, HOSTILE[0], 1): (FAILED, f"{EVIL}\n{QUOTED}\n``` `````\n# no heading") for task in tasks}
    published = {task: {EVIL: Published(1.0, QUOTED)} for task in tasks}
    results = results_of(
        tmp_path, tasks, changed, published, title=f"{EVIL} {QUOTED}", command=f"run {QUOTED} {LONG}", pictures=True
    )
    results = replace(results, provenance={EVIL: {QUOTED: [EVIL, None]}, "commit": "x\ny"})
    write_reports(results)
    page, checks, markdown = read(tmp_path), sound_page(tmp_path), read(tmp_path, "report.md")
    assert "script" not in checks.tags and "<img src=x" not in page and EVIL in checks.text and QUOTED in checks.text
    outside = re.sub(r"^(`{3,})\n.*?\n\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    assert "<script" not in outside and "<img" not in outside and "\n# no heading" not in outside
    tables = [line for line in outside.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert len(tables) > 20 and widths <= {3, 4, 6, 7, 8, 9}
    table = rows(tmp_path)
    assert {row["task"] for row in table} == set(tasks)
    assert {row["backbone"] for row in table} == {"'=1+1" if name == "=1+1" else name for name in HOSTILE}
    assert all(not value.lstrip().startswith(("=", "+", "@")) for row in table for value in row.values())


def test_no_page_loads_anything(tmp_path):
    write_reports(results_of(tmp_path, {"detection": FIVE}, pictures=True))
    page = read(tmp_path)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy and policy[1].startswith("default-src 'none'; img-src data:;") and policy[1].endswith("'none'")
    assert not re.search(r"https?://", page) and "@import" not in page


def test_texts_of_tables_and_their_guard(tmp_path):
    results = results_of(tmp_path, {"detection": FIVE})
    reasons = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\t=1", " =1", 'a "b", c\r\nd', "'quoted", "nul \0"]
    scores = [
        replace(score, state=FAILED, reason=reason, value=-3.5, seconds=None)
        for score, reason in zip(itertools.cycle(results.scores), reasons)
    ]
    scores.append(replace(results.scores[0], value=-3.25))
    write_reports(replace(results, scores=tuple(scores)))
    table = rows(tmp_path)
    guarded = [f"'{text}" for text in reasons[:6]] + [*reasons[6:8], "nul \N{REPLACEMENT CHARACTER}"]
    assert [row["reason"] for row in table] == [*guarded, ""]
    assert [row["value"] for row in table] == [""] * len(reasons) + ["-3.25"]
    assert tuple(table[0]) == COLUMNS and table[-1]["metric"] == METRICS["detection"]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="the folder of pictures"):
        write_reports(replace(results_of(tmp_path, {"detection": FIVE}), work_dir=tmp_path / "file"))


def test_large_pictures_become_small():
    image = Image.effect_noise((3000, 1200), 80).convert("RGB")
    assert len(small_data_uri(image, 60_000)) <= 60_000


@pytest.mark.parametrize(
    "text, expected",
    [
        (value_text(41.236), "41.24"),
        (value_text(-0.001), "0.00"),
        (value_text(-1.5), "−1.50"),
        (value_text(None), "–"),
        (value_text(math.nan), "–"),
        (value_text(1e30), "1e+30"),
        (difference_text(0.5), "+0.50"),
        (difference_text(0.0), "0.00"),
        (difference_text(0.001), "0.00"),
        (difference_text(-0.5), "−0.50"),
        (p_text(0.0238), "0.024"),
        (p_text(0.0001), "< 0.001"),
        (count_text(548_472), "548,472"),
        (macs_text(21_400_000), "0.02 G"),
        (macs_text(4_200_000), "4.20 M"),
        (latency_text(3.214), "3.21 ms"),
        (duration_text(192), "3 min 12 s"),
        (duration_text(59.6), "1 min 0 s"),
        (duration_text(0.44), "0.4 s"),
        (duration_text(45), "45 s"),
        (duration_text(7500), "2 h 5 min"),
        (duration_text(100_000), "1 d 3 h"),
        (duration_text(math.inf), "–"),
        (str(Sample((1.0, 2.0, 4.0))), "2.33 ± 1.53 (3)"),
        (str(Sample((1e308, 1e308))), "– (2)"),
    ],
)
def test_formats(text, expected):
    assert text == expected


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def schemes(style: str) -> list[dict[str, str]]:
    """Custom properties of the light and of the dark scheme."""
    light, dark = style.split("prefers-color-scheme: dark", 1)
    found = [dict(re.findall(r"--(\w+): (#\w{3,6})", part)) for part in (light, dark)]
    full = [{k: v if len(v) == 7 else "#" + "".join(2 * c for c in v[1:]) for k, v in some.items()} for some in found]
    return [full[0], {**full[0], **full[1]}]


def test_contrast_of_the_pages():
    for scheme in schemes(files("relnas_mm.pages").joinpath("base.html.j2").read_text()):
        for ink, paper in itertools.product(("ink", "soft", "link", "good", "bad"), ("paper", "panel")):
            assert contrast(scheme[ink], scheme[paper]) >= 4.5, (ink, paper, scheme)
    for scheme in schemes(files("relnas_mm.search").joinpath("replay.html").read_text()):
        for ink in ("ink", "soft", "fast", "slow", "best"):
            assert contrast(scheme[ink], scheme["paper"]) >= 4.5, (ink, scheme)


def test_contrast_of_the_cells():
    from relnas_mm.architectures.cell_figure import DARK
    from relnas_mm.architectures.drawing import COLOURS

    for operation, colour in COLOURS.items():
        assert contrast("#ffffff" if operation in DARK else "#222222", colour) >= 4.5, operation


names = st.text(max_size=12)
numbers = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.integers(-100, 100).map(float))
states = st.sampled_from([DONE, FAILED, BLOCKED, NO_DATA, OPEN])


@st.composite
def any_results(draw):
    """Tables of values, and states that differ from 'done'."""
    tasks = draw(st.lists(names, min_size=1, max_size=2, unique=True))
    backbones = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    seeds = draw(st.integers(1, 4))
    values = {t: {b: draw(st.lists(numbers, min_size=seeds, max_size=seeds)) for b in backbones} for t in tasks}
    keys = list(itertools.product(tasks, backbones, range(seeds)))
    changed = {key: (draw(states), draw(names)) for key in keys if draw(st.booleans())}
    left_out = draw(st.sets(st.sampled_from(keys)))
    steps = [StepResult(draw(names), draw(states), draw(names), draw(numbers), draw(names)) for _ in range(2)]
    return values, changed, left_out, steps


@given(any_results())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_mixture_of_states_and_values(tmp_path_factory, drawn):
    values, changed, left_out, steps = drawn
    folder = tmp_path_factory.mktemp("mixed")
    results = results_of(folder, values, changed)
    scores = tuple(score for score in results.scores if (score.task, score.backbone, score.seed) not in left_out)
    write_reports(replace(results, scores=scores, steps=(*results.steps, *steps)))
    sound_page(folder)
    table = rows(folder)
    assert len(table) == len(scores)
    for row, score in zip(table, scores):
        finite = score.state == DONE and score.value is not None and math.isfinite(score.value)
        assert row["value"] == (repr(score.value) if finite else "")


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8))
def test_mean_and_spread_are_those_of_the_standard_library(values):
    sample = Sample(tuple(values))
    assert sample.mean == pytest.approx(mean(values), abs=1e-6) and sample.spread == pytest.approx(
        stdev(values), abs=1e-6
    )


def test_pictures_of_one_image_follow_each_other(tmp_path):
    results = results_of(tmp_path, {"detection": FIVE})
    first = next(score for score in results.scores if score.backbone == "found")
    other = next(score for score in results.scores if score.backbone == "darts")
    write_pictures(first.pictures / "20260101" / "vis_image", 3)
    write_pictures(other.pictures / "20260102" / "vis_image", 2)
    write_reports(results)
    captions = re.findall(r"<figcaption>((?:found|darts), seed 0: \S+)</figcaption>", read(tmp_path))
    assert captions == [f"{name}, seed 0: 00{number}.jpg" for number in (0, 1) for name in ("found", "darts")]
