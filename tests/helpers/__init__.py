"""What test files share: processes and tools, tiny data sets, parts of mm configs, searches with made-up losses."""

from helpers.datasets import write_cifar10
from helpers.processes import (
    ROOT,
    StartedTool,
    called,
    children,
    free_port,
    fresh,
    in_child,
    run_as_user,
    run_in_two_processes,
    run_tool,
    shell,
)

__all__ = [
    "ROOT",
    "StartedTool",
    "called",
    "children",
    "free_port",
    "fresh",
    "in_child",
    "run_as_user",
    "run_in_two_processes",
    "run_tool",
    "shell",
    "write_cifar10",
]
