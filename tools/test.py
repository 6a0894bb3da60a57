"""Evaluates a checkpoint: `python tools/test.py CONFIG CHECKPOINT [--show-dir DIR] [--cfg-options KEY=VALUE …]`."""

from relnas_mm.cli.test import main

if __name__ == "__main__":
    main()
