"""Draws architectures: `python tools/draw_genotype.py ARCHITECTURE … [--out cells.svg]`."""

from relnas_mm.cli.draw import main

if __name__ == "__main__":
    main()
