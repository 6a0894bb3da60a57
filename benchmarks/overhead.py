"""What the package itself costs beside training: its import, asking and telling, reading a table.

    python benchmarks/overhead.py [--table data/tabular/combined/nasbench201_full.csv]

Prints processor seconds, the median of some repetitions each.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from relnas_mm.evaluators.tabular.tables import read_columns
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import SlowFastLearning

REPEATS = 5
IMPORT = """
import time, torch
start = time.process_time()
import relnas_mm
print(time.process_time() - start)
"""


def import_after_torch() -> float:
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    return float(done.stdout)


def ask_and_tell() -> float:
    """One group of a population of 1,000."""
    strategy, seconds = SlowFastLearning(CellSpace(), 1000, 2), []
    while not strategy.done:
        seconds.append(spent(lambda: strategy.tell(strategy.ask(), (1.0, 2.0))))
    return statistics.mean(seconds)


def move_a_generation() -> float:
    """The last group of a generation of 100,000, after which all of them move."""
    strategy = SlowFastLearning(CellSpace(), 100_000, 1, evaluate_last=False)
    strategy.population.losses[:] = np.random.default_rng(0).random(100_000)
    strategy._index = 49_999
    group = strategy.ask()
    return spent(lambda: strategy.tell(group, (1.0, 2.0)))


def spent(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", help="a table of NAS-Bench-201 to read")
    table = parser.parse_args().table
    rows = {
        "import relnas_mm after torch": import_after_torch,
        "ask and tell, population of 1,000": ask_and_tell,
        "a generation of 100,000 moves": move_a_generation,
    }
    if table:
        rows["read a table of NAS-Bench-201"] = lambda: spent(
            lambda: read_columns(table, ("c10_val200", "c10_test200"))
        )
    for name, measure in rows.items():
        print(f"{name:36} {1e3 * statistics.median(measure() for _ in range(REPEATS)):10.2f} ms")


if __name__ == "__main__":
    main()
