"""The results of a pipeline as a small JSON file, from which the documentation is written."""

from pathlib import Path
from typing import Any

from relnas_mm.files import write_json
from relnas_mm.pipeline.report.stages import stages
from relnas_mm.pipeline.results import DONE, Results


def write_record(results: Results, path: Path, command: str) -> None:
    """Writes scores, costs and durations with their provenance.

    Args:
        results: The results.
        path: The JSON file.
        command: Command that reproduces the results.

    Raises:
        UserError: The file cannot be written.
    """
    write_json(path, {**record(results), "command": command}, f"the record {str(path)!r}")


def record(results: Results) -> dict[str, Any]:
    """The content of the record: `scores` by task and backbone as a list in the order of the seeds."""
    return {
        **results.provenance,
        "seeds": list(results.seeds),
        "seconds": {stage.name: round(stage.seconds, 1) for stage in stages(results.steps)},
        "wall_seconds": results.wall_seconds,
        "complete": all(step.state == DONE for step in results.steps),
        "units": {task.name: task.unit for task in results.tasks},
        "scores": {
            task.name: {
                backbone.name: [
                    score.value
                    for score in results.scores
                    if (score.task, score.backbone) == (task.name, backbone.name)
                ]
                for backbone in results.backbones
            }
            for task in results.tasks
        },
        "backbones": {
            backbone.name: {
                "title": backbone.title,
                "init": backbone.init,
                "genotypes": {str(seed): one.hash for seed, one in backbone.architectures.items()},
                "params": {task: cost.params for task, cost in backbone.costs.items()},
                "macs": {task: cost.macs for task, cost in backbone.costs.items()},
                "latency": {task: cost.latency for task, cost in backbone.costs.items()},
            }
            for backbone in results.backbones
        },
    }
