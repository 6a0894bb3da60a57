"""Converts a checkpoint of RelativeNAS or DARTS: `python tools/convert_checkpoint.py SRC DST [--genotype NAME]`."""

from relnas_mm.cli.convert_checkpoint import main

if __name__ == "__main__":
    main()
