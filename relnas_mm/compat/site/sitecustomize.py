"""Runs `startup.py` in a program that `relnas-mm run` starts and in its child processes, and then its namesake."""

import importlib.machinery
import importlib.util
import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))


def _run(spec):
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_run(importlib.util.spec_from_file_location("_relnas_mm_startup", os.path.join(_here, "..", "startup.py")))
_run(
    importlib.machinery.PathFinder.find_spec(
        "sitecustomize", [path for path in sys.path if os.path.abspath(path) != _here]
    )
)
