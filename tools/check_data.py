"""Checks the data of a config: `python tools/check_data.py CONFIG [--checkpoint FILE] [--out DIR]`."""

from relnas_mm.cli.check_data import main

if __name__ == "__main__":
    main()
