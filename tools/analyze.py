"""Measures a network: `python tools/analyze.py CONFIG [--shape H W] [--batch N …] [--out FILE.json|.md]`."""

from relnas_mm.cli.analyze import main

if __name__ == "__main__":
    main()
