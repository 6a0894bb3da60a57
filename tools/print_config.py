"""Prints a complete config: `python tools/print_config.py CONFIG [--out FILE.py] [--cfg-options KEY=VALUE …]`."""

from relnas_mm.cli.print_config import main

if __name__ == "__main__":
    main()
