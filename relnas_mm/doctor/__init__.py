"""Checks the installed packages and the machine, and suggests a command for each problem.

Run it by `relnas-mm doctor`.  Packages are imported in a child process, so none
of them can crash the doctor, which itself needs the standard library only.
"""

from relnas_mm.doctor.examine import examine
from relnas_mm.doctor.facts import Facts, Package, Problem, Report

__all__ = ["Facts", "Package", "Problem", "Report", "examine"]
