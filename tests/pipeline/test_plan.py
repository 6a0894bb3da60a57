"""Pipeline configs: what they mean, and those that do not hold."""

import pytest
from mmengine.config import Config

from relnas_mm.errors import UserError
from relnas_mm.pipeline.plan import Job, read_plan

pytestmark = pytest.mark.mm


def test_a_plan(plan_of, home):
    plan = plan_of()
    assert [task.name for task in plan.tasks] == ["classification", "detection"]  # the order in which they run
    assert plan.seeds == (0,) and plan.jobs == 1
    assert plan.search == Job(str(home / "search.py"), {"train_cfg.seed": 3})
    assert [one.init for one in plan.backbones] == ["classification", "classification"]
    assert plan.job(plan.tasks[1], plan.backbones[0]) == Job(str(home / "detector.py"))


def test_options_and_configs_of_a_backbone(plan_of, home):
    own = dict(configs=dict(classification="classifier.py", detection="search.py"))
    options = dict(genotype="darts_v2", cfg_options=dict(detection=dict(a=dict(b=1))))
    tasks = dict(
        classification=dict(config="classifier.py", metric="m"),
        detection=dict(config="detector.py", metric="m", cfg_options={"c": 2}),
    )
    plan = plan_of(backbones=dict(other=own, darts=options), search=None, tasks=tasks)
    detection = plan.tasks[1]
    assert plan.search is None
    assert plan.job(detection, plan.backbones[0]) == Job(str(home / "search.py"))  # the task's options are not for it
    assert plan.job(detection, plan.backbones[1]) == Job(str(home / "detector.py"), {"c": 2, "a.b": 1})


def test_a_genotype_takes_the_place_of_the_search(plan_of):
    assert plan_of(genotype="relativenas").search is None


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"search": {"config": "no.py"}},
            r"search\.config of 'pipeline\.py' is 'no\.py', which exists neither here nor",
        ),
        ({"search": {"cfg_options": {}}}, r"search of 'pipeline\.py' has no config"),
        ({"search": None}, "is of the search, but the config has neither one nor a genotype"),
        ({"seeds": []}, "list of different seeds"),
        ({"seeds": [1, 1]}, "list of different seeds"),
        ({"seeds": [-1]}, "seeds of 'pipeline.py'"),
        ({"jobs": 0}, "jobs of 'pipeline.py' is 0"),
        ({"latency": 1}, "latency of 'pipeline.py' is 1"),
        ({"genotype": "nothing"}, "nothing"),
        ({"task": {}}, r"the config of 'pipeline\.py' has \['task'\]"),
        ({"tasks": {}}, "tasks of 'pipeline.py' must be a mapping"),
        ({"tasks": {"depth": {"config": "detector.py", "metric": "m"}}}, r"tasks of 'pipeline\.py' has \['depth'\]"),
        ({"tasks": {"pose": {"config": "detector.py"}}}, "tasks.pose of 'pipeline.py' has no metric"),
        (
            {"tasks": {"pose": {"config": "detector.py", "metric": "m", "cfg_options": {"a": {"b": [{"x": 1}]}}}}},
            r"^tasks\.pose\.cfg_options of 'pipeline\.py': a\.b is \{'x': 1\}; --cfg-options takes",
        ),
        ({"tasks": {"pose": {"config": "detector.py", "metric": "m", "scale": 0}}}, "scale of 'pipeline.py' is 0"),
        (
            {"tasks": {"pose": {"config": "detector.py", "metric": "m", "published": {"found": 1}}}},
            "published of 'pipeline.py' has 1",
        ),
        ({"backbones": {"a b": {"genotype": "search"}}}, r"backbones of 'pipeline\.py' has 'a b'"),
        ({"backbones": {"net": {}}}, r"no genotype, and no config for \['classification', 'detection'\]"),
        ({"backbones": {"net": {"genotype": "search", "weights": 1}}}, r"has \['weights'\]"),
        ({"backbones": {"net": {"genotype": "search", "init": "imagenet.pth"}}}, "nor a file of weights"),
        ({"backbones": {"net": {"genotype": "darts_v2", "init": "search"}}}, "its genotype must be 'search' as well"),
        (
            {"genotype": "relativenas", "backbones": {"net": {"genotype": "search", "init": "search"}}},
            "starts from the weights of the search, which genotype='relativenas' leaves out",
        ),
        ({"data": [{"layout": "voc", "rot": "x"}]}, r"data of 'pipeline\.py' has \['rot'\]"),
        ({"data": [{"layout": "coco", "root": "x/coco"}]}, "data of 'pipeline.py' needs root, and a layout"),
    ],
)
def test_plans_that_do_not_hold(plan_of, changes, message):
    with pytest.raises(UserError, match=message):
        plan_of(**changes)


def test_a_plan_that_lacks_a_part(home):
    with pytest.raises(UserError, match=r"lacks \['tasks', 'backbones'\]"):
        read_plan(Config(dict(work_dir="w")), "pipeline.py", home)
