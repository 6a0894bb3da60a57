"""Says what is installed, whether it fits together, and which command puts right what does not.

`python tools/doctor.py` or `python -m relnas_mm.doctor`.  Packages are imported in a child process, so that none
of them can take the doctor down; the doctor itself needs nothing but Python.
"""

from relnas_mm.doctor.examine import examine
from relnas_mm.doctor.facts import Facts, Package, Problem, Report

__all__ = ["Facts", "Package", "Problem", "Report", "examine"]
