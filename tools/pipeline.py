"""Runs a pipeline: `python tools/pipeline.py configs/pipeline/quickstart.py [--work-dir DIR]`."""

from relnas_mm.cli.pipeline import main

if __name__ == "__main__":
    main()
