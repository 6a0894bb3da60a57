"""Searches for a cell: `python tools/search.py CONFIG [--work-dir DIR] [--resume] [--cfg-options KEY=VALUE …]`."""

from relnas_mm.cli.search import main

if __name__ == "__main__":
    main()
