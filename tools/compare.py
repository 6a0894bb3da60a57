"""Compares strategies: `python tools/compare.py CONFIG… [--work-dir DIR] [--seeds N] [--workers N] [--record FILE]`."""

from relnas_mm.cli.compare import main

if __name__ == "__main__":
    main()
