"""Pipeline configs, validated before anything runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from relnas_mm.architectures import load_genotype
from relnas_mm.cfg_options import format_options
from relnas_mm.datasets.shapes import LAYOUTS
from relnas_mm.errors import UserError
from relnas_mm.launch import config_with_options
from relnas_mm.packaged import config_path
from relnas_mm.pipeline.results import Published
from relnas_mm.seeding import check_seed

CLASSIFICATION = "classification"
TASKS = (CLASSIFICATION, "detection", "segmentation", "pose")
PAGES = {task: f"docs/{task}.md" for task in TASKS} | {"search": "docs/search.md"}
"""Page of the documentation that says where the data of a task comes from."""
SEARCH, RANDOM, CONFIG = "search", "random", "config"
INITS = (CLASSIFICATION, SEARCH, RANDOM, CONFIG)
KEYS = {"work_dir", "title", "seeds", "data", "search", "genotype", "tasks", "backbones", "jobs", "latency"}
NEEDED = ("work_dir", "tasks", "backbones")
DATA_KEYS = {"layout", "root", "splits", "seed", "image_size", "difficulty"}
SEARCH_KEYS = {"config", "cfg_options"}
TASK_KEYS = {"config", "cfg_options", "metric", "unit", "scale", "backbone", "published"}
BACKBONE_KEYS = {"title", "genotype", "init", "configs", "cfg_options"}


@dataclass(frozen=True)
class Job:
    """A config with overrides.

    Args:
        config: Its path, or `package::path`.
        options: Overrides with dotted keys, as in `--cfg-options`.
    """

    config: str
    options: dict[str, Any] = field(default_factory=dict)

    def read(self) -> Config:
        """The merged config.

        Raises:
            UserError: It cannot be read, or an option does not fit it.
        """
        return config_with_options(self.config, dict(self.options))


@dataclass(frozen=True)
class TaskPlan:
    """One task.

    Args:
        name: One of `TASKS`.
        job: Config of its model.
        metric: Key of the evaluator's metrics that decides.
        unit: Unit of the scores in reports.
        scale: Factor from the evaluator's value to this unit.
        backbone: Dotted key of the backbone in the config.
        published: Published figures by backbone.
    """

    name: str
    job: Job
    metric: str
    unit: str
    scale: float
    backbone: str
    published: dict[str, Published]


@dataclass(frozen=True)
class BackbonePlan:
    """One compared backbone.

    Args:
        name: Its key in the config.
        title: What it is.
        genotype: `search`, `random`, a name or file of a genotype; `None` for networks without cells.
        init: Where its weights come from: `classification`, `search`, `random`, `config` (what the task's config says),
            or a file.
        configs: Configs by task that replace those of the tasks.
        options: Overrides by task.
    """

    name: str
    title: str
    genotype: str | None
    init: str
    configs: dict[str, str]
    options: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class PipelinePlan:
    """A validated pipeline config.

    Args:
        source: Path of the config.
        title: Title of the report.
        work_dir: Folder for all results.
        seeds: Seeds of the trainings.
        data: Data sets of shapes to generate, as arguments of `generate_shapes`.
        search: The search; `None` if no backbone needs one.
        genotype: Name or file that takes the place of the search's result.
        tasks: Tasks in the order in which they run.
        backbones: Compared backbones; the report is about the first one.
        jobs: Number of steps that run at the same time.
        latency: Whether the latency of each network is measured, with nothing else running.
    """

    source: str
    title: str
    work_dir: Path
    seeds: tuple[int, ...]
    data: tuple[dict[str, Any], ...]
    search: Job | None
    genotype: str | None
    tasks: tuple[TaskPlan, ...]
    backbones: tuple[BackbonePlan, ...]
    jobs: int = 1
    latency: bool = True

    def takes_part(self, task: TaskPlan, backbone: BackbonePlan) -> bool:
        """Whether a backbone is trained for a task: a classifier only if the other tasks start from its weights."""
        return backbone.init == CLASSIFICATION if task.name == CLASSIFICATION else True

    def job(self, task: TaskPlan, backbone: BackbonePlan) -> Job:
        """Config and overrides of a task with a backbone, without genotype, seed and weights."""
        config = backbone.configs.get(task.name, task.job.config)
        options = task.job.options if task.name not in backbone.configs else {}
        return Job(config, {**options, **backbone.options.get(task.name, {})})


def read_plan(config: Config, source: str, home: Path) -> PipelinePlan:
    """Validates a pipeline config.

    Args:
        config: The config.
        source: Its path, for error messages.
        home: Folder to which config paths are relative if they are not found from the working directory.

    Raises:
        UserError: A key is missing or unknown, a value is out of range, or a config does not exist.
    """
    reader = _Reader(config.to_dict(), source, home)
    return reader.plan()


@dataclass
class _Reader:
    """Reads the parts of one config."""

    config: dict[str, Any]
    source: str
    home: Path

    def plan(self) -> PipelinePlan:
        config = self.config
        if missing := [key for key in NEEDED if key not in config]:
            raise UserError(f"the pipeline config {self.source!r} lacks {missing}; it takes {sorted(KEYS)}")
        self.check_keys(config, KEYS, "")
        seeds = tuple(config.get("seeds", [0]))
        for seed in seeds:
            check_seed(seed, f"seeds of {self.source!r}")
        if not seeds or len(set(seeds)) < len(seeds):
            raise UserError(f"seeds of {self.source!r} is {list(seeds)}; it must be a list of different seeds")
        tasks = tuple(self.task(name, entry) for name, entry in self.entries("tasks", TASKS))
        names = {task.name for task in tasks}
        backbones = tuple(self.backbone(name, entry, names) for name, entry in self.entries("backbones"))
        genotype = config.get("genotype")
        if genotype is not None:
            load_genotype(genotype)  # names the file and its fault
        jobs = config.get("jobs", 1)
        if type(jobs) is not int or jobs < 1:
            raise UserError(f"jobs of {self.source!r} is {jobs!r}; it must be an integer from 1 on")
        latency = config.get("latency", True)
        if not isinstance(latency, bool):
            raise UserError(f"latency of {self.source!r} is {latency!r}; it must be True or False")
        searching = genotype is None and any(SEARCH in (one.genotype, one.init) for one in backbones)
        if searching and not config.get("search"):
            raise UserError(
                f"a backbone of {self.source!r} is of the search, but the config has neither one nor a genotype"
            )
        if genotype is not None and (users := [one.name for one in backbones if one.init == SEARCH]):
            raise UserError(
                f"backbone {users[0]!r} of {self.source!r} starts from the weights of the search, which genotype="
                f"{genotype!r} leaves out; set its init to {RANDOM!r}, {CLASSIFICATION!r} or a file"
            )
        return PipelinePlan(
            source=self.source,
            title=str(config.get("title", "A searched cell in real tasks")),
            work_dir=Path(config["work_dir"]),
            seeds=seeds,
            data=tuple(self.data(entry) for entry in config.get("data", [])),
            search=self.job("search", config["search"], SEARCH_KEYS) if searching else None,
            genotype=genotype,
            tasks=tasks,
            backbones=backbones,
            jobs=jobs,
            latency=latency,
        )

    def entries(self, key: str, allowed: tuple[str, ...] = ()) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Named mappings of a part, in the order of `allowed` if given."""
        part = self.config[key]
        if not isinstance(part, Mapping) or not part or not all(isinstance(entry, Mapping) for entry in part.values()):
            raise UserError(f"{key} of {self.source!r} must be a mapping of names to mappings, with at least one")
        if allowed and (unknown := sorted(set(part) - set(allowed))):
            raise UserError(f"{key} of {self.source!r} has {unknown}; allowed are {list(allowed)}")
        for name in part:
            if not isinstance(name, str) or not name.replace("_", "a").replace("-", "a").isalnum():
                raise UserError(f"{key} of {self.source!r} has {name!r}; names are letters, digits, '-' and '_'")
        yield from ((name, part[name]) for name in (allowed or part) if name in part)

    def check_keys(self, entry: Mapping[str, Any], allowed: set[str], where: str) -> None:
        if unknown := sorted(set(entry) - allowed):
            raise UserError(f"{where or 'the config'} of {self.source!r} has {unknown}; it takes {sorted(allowed)}")

    def data(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        self.check_keys(entry, DATA_KEYS, "data")
        if entry.get("layout") not in LAYOUTS or "root" not in entry:
            raise UserError(f"data of {self.source!r} needs root, and a layout of {list(LAYOUTS)}: {dict(entry)}")
        return dict(entry)

    def job(self, where: str, entry: Mapping[str, Any], allowed: set[str]) -> Job:
        self.check_keys(entry, allowed, where)
        if not isinstance(entry.get("config"), str):
            raise UserError(f"{where} of {self.source!r} has no config")
        return Job(self.path(entry["config"], f"{where}.config"), self.options(entry.get("cfg_options", {}), where))

    def path(self, config: str, where: str) -> str:
        """The path of a config: from the working directory, from `home`, or of a package."""
        if "::" in config:
            config_path(config)
            return config
        for path in (Path(config).expanduser(), self.home / config):
            if path.is_file():
                return str(path)
        raise UserError(
            f"{where} of {self.source!r} is {config!r}, which exists neither here nor in {str(self.home)!r}"
        )

    def options(self, options: Any, where: str) -> dict[str, Any]:
        if not isinstance(options, Mapping):
            raise UserError(f"{where}.cfg_options of {self.source!r} is {options!r}; it must be a mapping")
        dotted = dict(_dotted(options))
        try:
            format_options(dotted)
        except UserError as error:
            raise UserError(f"{where}.cfg_options of {self.source!r}: {error}") from None
        return dotted

    def task(self, name: str, entry: Mapping[str, Any]) -> TaskPlan:
        where = f"tasks.{name}"
        if not isinstance(entry.get("metric"), str):
            raise UserError(
                f"{where} of {self.source!r} has no metric, the key of the evaluator's metrics that decides"
            )
        scale = entry.get("scale", 1)
        if not isinstance(scale, (int, float)) or not 0 < scale < float("inf"):
            raise UserError(f"{where}.scale of {self.source!r} is {scale!r}; it must be a positive number")
        return TaskPlan(
            name,
            self.job(where, entry, TASK_KEYS),
            entry["metric"],
            str(entry.get("unit", entry["metric"])),
            float(scale),
            str(entry.get("backbone", "model.backbone")),
            {key: self.published(value, where) for key, value in entry.get("published", {}).items()},
        )

    def published(self, entry: Any, where: str) -> Published:
        if isinstance(entry, Mapping) and entry.keys() == {"value", "source"}:
            return Published(float(entry["value"]), str(entry["source"]))
        raise UserError(f"{where}.published of {self.source!r} has {entry!r}; it takes dict(value=…, source='…')")

    def backbone(self, name: str, entry: Mapping[str, Any], tasks: set[str]) -> BackbonePlan:
        where = f"backbones.{name}"
        self.check_keys(entry, BACKBONE_KEYS, where)
        genotype, configs = entry.get("genotype"), dict(entry.get("configs", {}))
        init = entry.get("init", CLASSIFICATION if CLASSIFICATION in tasks else RANDOM)
        needed = tasks if init == CLASSIFICATION else tasks - {CLASSIFICATION}
        if genotype is None and (missing := sorted(needed - configs.keys())):
            raise UserError(f"{where} of {self.source!r} has no genotype, and no config for {missing}")
        if unknown := sorted((configs.keys() | entry.get("cfg_options", {}).keys()) - tasks):
            raise UserError(f"{where} of {self.source!r} has settings for {unknown}; the tasks are {sorted(tasks)}")
        if genotype not in (None, SEARCH, RANDOM):
            load_genotype(genotype)
        if not isinstance(init, str):
            raise UserError(f"{where}.init of {self.source!r} is {init!r}; it must be text")
        if init not in INITS and not Path(init).expanduser().is_file():
            raise UserError(
                f"{where}.init of {self.source!r} is {init!r}, neither one of {INITS} nor a file of weights"
            )
        if init == CLASSIFICATION and CLASSIFICATION not in tasks:
            raise UserError(f"{where}.init of {self.source!r} is {init!r}, which is not among the tasks")
        if init == SEARCH and genotype != SEARCH:
            raise UserError(f"{where}.init of {self.source!r} is {init!r}, so its genotype must be {SEARCH!r} as well")
        return BackbonePlan(
            name,
            str(entry.get("title", name)),
            genotype,
            init,
            {task: self.path(config, f"{where}.configs.{task}") for task, config in configs.items()},
            {task: self.options(options, where) for task, options in entry.get("cfg_options", {}).items()},
        )


def _dotted(options: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields nested settings with dotted keys."""
    for key, value in options.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
