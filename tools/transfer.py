"""`python tools/transfer.py` is `relnas-mm transfer`."""

from relnas_mm.cli.transfer import main

if __name__ == "__main__":
    main()
