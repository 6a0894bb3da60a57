"""Makes a table of the official file of NAS-Bench-101, for TabularEvaluator and for benchmarks/renas_table.py.

`python benchmarks/renas_nasbench101.py nasbench_only108.tfrecord data/tabular/nasbench101.csv`
The table has the columns cell, hash, params, val108, test108, …; its key is `cell`, the objective `val108`.
"""

import argparse
from pathlib import Path

from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.evaluators.tabular.nasbench101_file import EPOCHS, read_trainings, table_lines
from relnas_mm.files import write_atomically


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="nasbench_only108.tfrecord or nasbench_full.tfrecord")
    parser.add_argument("table", type=Path, help="CSV file to write")
    args = parser.parse_args()
    lines = list(table_lines(read_trainings(args.file, EPOCHS)))
    try:
        args.table.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(args.table, "\n".join(lines) + "\n")
    except OSError as error:
        raise UserError(f"the table {str(args.table)!r} cannot be written: {error.strerror or error}") from None
    print(f"{len(lines) - 1} cells in {args.table}")


if __name__ == "__main__":
    main()
