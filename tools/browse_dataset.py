"""Draws training samples: `python tools/browse_dataset.py CONFIG [--split train|val|test] [--out DIR]`."""

from relnas_mm.cli.browse_dataset import main

if __name__ == "__main__":
    main()
