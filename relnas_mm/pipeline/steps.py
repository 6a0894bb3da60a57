"""The steps of a pipeline as a graph: each is one call of a command-line tool."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relnas_mm.architectures import GENOTYPES
from relnas_mm.cfg_options import format_options
from relnas_mm.engine.resume import newest_first, newest_whole
from relnas_mm.errors import UserError
from relnas_mm.models.checkpoints.files import damage
from relnas_mm.pipeline.plan import CLASSIFICATION, CONFIG, RANDOM, SEARCH, BackbonePlan, Job, PipelinePlan, TaskPlan

AUTO_SCALE_LR = "--auto-scale-lr"
DISTRIBUTED = ("search", "train", "test")
"""Tools that `tools/dist_*.sh` and `tools/slurm_*.sh` start in several processes."""
WEIGHTS = "backbone.pth"
METRICS = "metrics.json"
PICTURES = "pictures"
COST = "cost.json"
SHOWN_IMAGES = 8
"""Test images on which predictions are drawn."""


@dataclass(frozen=True)
class TrainedIn:
    """The checkpoint that a training leaves: the best one, or else the last one.

    Args:
        folder: Work_dir of the training.
    """

    folder: Path

    def find(self) -> Path:
        """Its path.

        Raises:
            UserError: There is none.
        """
        for best in newest_first(self.folder.glob("best_*.pth")):
            if not damage(best):
                return best
        if last := newest_whole(self.folder, lambda _: None):
            return Path(last)
        raise UserError(f"the training in {str(self.folder)!r} left no checkpoint; set default_hooks.checkpoint")

    def __str__(self) -> str:
        return str(self.folder / "best_*.pth")


Value = Any
"""A value of an option: plain, or a `TrainedIn`, which stands for a path that is known later."""


@dataclass(frozen=True)
class Step:
    """One call of a tool.

    Args:
        name: Unique, such as 'detection.found.0.train'.
        tool: Name of the tool in `tools/`, without suffix.
        folder: Folder that the step alone writes; the tool's work_dir if it takes one.
        needs: Names of the steps that must be done before.
        job: Config and options; `None` for tools without a config.
        arguments: Other arguments.
        output: File of which later steps read the content, if any.
        resumes: Whether the tool takes `--resume`.
        work_dir: Whether the tool takes `--work-dir`.
        options: Further options of the config, which the pipeline sets.
        alone: Whether nothing else may run meanwhile, as it measures time.
    """

    name: str
    tool: str
    folder: Path
    needs: tuple[str, ...] = ()
    job: Job | None = None
    arguments: tuple[Any, ...] = ()
    output: Path | None = None
    resumes: bool = False
    work_dir: bool = True
    options: dict[str, Value] = field(default_factory=dict)
    alone: bool = False

    @property
    def stage(self) -> str:
        """First part of the name: data, search, random, weights, or a task."""
        return self.name.split(".")[0]

    def words(self, resume: bool = False, found: bool = True) -> list[str]:
        """Arguments of the tool, positional ones first.

        Args:
            resume: Whether to resume what an interrupted try has left, if the tool can.
            found: Whether checkpoints of earlier steps are looked up; otherwise a pattern stands for their names.

        Raises:
            UserError: A checkpoint of an earlier step is missing.
        """
        arguments = [str(_resolved(argument, found)) for argument in self.arguments]
        words = [*([self.job.config] if self.job else []), *arguments]
        if resume and self.resumes:
            words.append("--resume")
        if self.work_dir:
            words += ["--work-dir", str(self.folder)]
        options = {**(self.job.options if self.job else {}), **self.options}
        if options:
            resolved = {key: _resolved(value, found) for key, value in options.items()}
            words += ["--cfg-options", *format_options(resolved)]
        return words


def _resolved(value: Value, found: bool) -> Any:
    if isinstance(value, TrainedIn):
        return str(value.find() if found else value)
    return str(value) if isinstance(value, Path) else value


def steps_of(plan: PipelinePlan) -> tuple[Step, ...]:
    """The steps of a pipeline in an order in which they can run."""
    return tuple(_Graph(plan).steps())


@dataclass(frozen=True)
class _Graph:
    plan: PipelinePlan
    base_batch_sizes: dict[str, int | None] = field(default_factory=dict)

    def steps(self) -> Iterator[Step]:
        data = list(self.data())
        yield from data
        names = tuple(step.name for step in data)
        if self.plan.search:
            yield Step(
                "search", "search", self.search, names, self.plan.search, output=self.found_genotype, resumes=True
            )
        if any(one.genotype == RANDOM for one in self.plan.backbones):
            yield from (self.random(seed) for seed in self.plan.seeds)
        yield from (
            self.weights(backbone, seed)
            for backbone in self.plan.backbones
            if backbone.init == SEARCH
            for seed in self.plan.seeds
        )
        for task in self.plan.tasks:
            for seed in self.plan.seeds:
                for backbone in self.backbones(task):
                    yield from self.training(task, backbone, seed, names)
            for backbone in self.backbones(task):
                yield self.cost(task, backbone)

    def backbones(self, task: TaskPlan) -> list[BackbonePlan]:
        return [backbone for backbone in self.plan.backbones if self.plan.takes_part(task, backbone)]

    @property
    def search(self) -> Path:
        return self.plan.work_dir / "search"

    @property
    def found_genotype(self) -> Path:
        return self.search / "genotype.json"

    def data(self) -> Iterator[Step]:
        for number, entry in enumerate(self.plan.data):
            layouts = [one["layout"] for one in self.plan.data]
            name = f"data.{entry['layout']}" + (f"-{number}" if layouts.count(entry["layout"]) > 1 else "")
            arguments: list[Any] = [Path(entry["root"]).parent, "--layout", entry["layout"]]
            if Path(entry["root"]).name != entry["layout"]:
                raise UserError(
                    f"data of {self.plan.source!r} has the root {entry['root']!r}; its last part must be the layout, "
                    f"{entry['layout']!r}"
                )
            if entry.get("splits"):
                arguments += ["--splits", *(f"{key}={count}" for key, count in entry["splits"].items())]
            size = entry.get("image_size")
            if size is not None:
                arguments += ["--image-size", *(size if isinstance(size, (list, tuple)) else [size])]
            for key in ("seed", "difficulty"):
                if key in entry:
                    arguments += [f"--{key}", entry[key]]
            yield Step(name, "make_shapes", Path(entry["root"]), arguments=tuple(arguments), work_dir=False)

    def genotype(self, backbone: BackbonePlan, seed: int) -> "str | Path | None":
        """Name or file of a backbone's genotype."""
        if backbone.genotype == SEARCH:
            return self.found_genotype if self.plan.search else self.plan.genotype
        return self.random(seed).output if backbone.genotype == RANDOM else backbone.genotype

    def needs_of_genotype(self, backbone: BackbonePlan, seed: int) -> tuple[str, ...]:
        if backbone.genotype == SEARCH and self.plan.search:
            return ("search",)
        return (f"random.{seed}",) if backbone.genotype == RANDOM else ()

    def random(self, seed: int) -> Step:
        """A random cell with as many parameters as the cell of the first backbone that has one, in its first task."""
        first = next((one for one in self.plan.backbones if one.genotype not in (None, RANDOM)), None)
        like = self.genotype(first, seed) if first else next(iter(GENOTYPES))
        needs = self.needs_of_genotype(first, seed) if first else ()
        folder = self.plan.work_dir / RANDOM / str(seed)
        output = folder / "genotype.json"
        arguments = (output, "--like", like, "--seed", seed)
        return Step(f"random.{seed}", "sample", folder, needs, arguments=arguments, output=output, work_dir=False)

    def weights(self, backbone: BackbonePlan, seed: int) -> Step:
        folder = self.plan.work_dir / "weights" / backbone.name / str(seed)
        output = folder / WEIGHTS
        arguments = (self.search, output, "--stem", "imagenet", "--seed", seed)
        return Step(
            f"weights.{backbone.name}.{seed}",
            "convert_checkpoint",
            folder,
            ("search",),
            arguments=arguments,
            output=output,
            work_dir=False,
        )

    def folder(self, task: TaskPlan, backbone: BackbonePlan, seed: int) -> Path:
        return self.plan.work_dir / task.name / backbone.name / str(seed)

    def options(self, task: TaskPlan, backbone: BackbonePlan, seed: int) -> dict[str, Value]:
        """Genotype of the backbone in a task's config."""
        genotype = self.genotype(backbone, seed)
        if genotype is None:
            return {}
        path = Path(genotype)
        return {f"{task.backbone}.genotype": str(path.resolve()) if path.suffix == ".json" else str(genotype)}

    def initial_weights(self, task: TaskPlan, backbone: BackbonePlan, seed: int) -> tuple[dict[str, Value], list[str]]:
        """Options that load weights into the backbone before training, and the steps that make them."""
        if backbone.init == CONFIG or task.name == CLASSIFICATION:
            return {}, []
        if backbone.init == RANDOM:
            return {f"{task.backbone}.init_cfg": None}, []
        needs: list[str] = []
        options: dict[str, Value] = {"type": "Pretrained"}
        if backbone.init == CLASSIFICATION:
            classification = next(one for one in self.plan.tasks if one.name == CLASSIFICATION)
            options["checkpoint"] = TrainedIn(self.folder(classification, backbone, seed) / "train")
            options["prefix"] = "backbone."
            needs = [f"{CLASSIFICATION}.{backbone.name}.{seed}.train"]
        elif backbone.init == SEARCH:
            step = self.weights(backbone, seed)
            options["checkpoint"], needs = str(step.output), [step.name]
        else:
            options["checkpoint"] = backbone.init
        return {f"{task.backbone}.init_cfg.{key}": value for key, value in options.items()}, needs

    def training(self, task: TaskPlan, backbone: BackbonePlan, seed: int, data: tuple[str, ...]) -> Iterator[Step]:
        name = f"{task.name}.{backbone.name}.{seed}"
        folder = self.folder(task, backbone, seed)
        job = self.plan.job(task, backbone)
        cell = {**self.options(task, backbone, seed), "randomness.seed": seed}
        weights, made = self.initial_weights(task, backbone, seed)
        needs = (*data, *self.needs_of_genotype(backbone, seed), *made)
        train = Step(
            f"{name}.train",
            "train",
            folder / "train",
            needs,
            job,
            # the learning rate of a recipe for another number of GPUs
            (AUTO_SCALE_LR,) if self.scales_lr(job) else (),
            resumes=True,
            options={**cell, **weights},
        )
        yield train
        arguments = (TrainedIn(train.folder), "--out", folder / "test" / METRICS)
        if task.name != CLASSIFICATION:
            arguments += ("--show-dir", folder / "test" / PICTURES, "--show-images", SHOWN_IMAGES)
        yield Step(f"{name}.test", "test", folder / "test", (train.name,), job, arguments, options=cell)

    def scales_lr(self, job: Job) -> bool:
        """Whether a config says for which total batch size its learning rate is."""
        if job.config not in self.base_batch_sizes:
            base = job.read().get("auto_scale_lr", {}).get("base_batch_size")
            self.base_batch_sizes[job.config] = base
        return self.base_batch_sizes[job.config] is not None

    def cost(self, task: TaskPlan, backbone: BackbonePlan) -> Step:
        seed = self.plan.seeds[0]
        folder = self.plan.work_dir / task.name / backbone.name / "cost"
        return Step(
            f"{task.name}.{backbone.name}.cost",
            "analyze",
            folder,
            self.needs_of_genotype(backbone, seed),
            self.plan.job(task, backbone),
            ("--out", folder / COST, *(() if self.plan.latency else ("--repeats", "0"))),
            options=self.options(task, backbone, seed),
            work_dir=False,
            alone=self.plan.latency,
        )
