"""`python -m relnas_mm`, the same as `relnas-mm`."""

from relnas_mm.cli.main import main

main()
