"""Samples a random cell: `python tools/sample.py OUT.json [--seed N] [--like GENOTYPE]`."""

from relnas_mm.cli.sample import main

if __name__ == "__main__":
    main()
