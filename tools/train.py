"""Trains a model: `python tools/train.py CONFIG [--work-dir DIR] [--amp] [--resume] [--cfg-options KEY=VALUE …]`."""

from relnas_mm.cli.train import main

if __name__ == "__main__":
    main()
