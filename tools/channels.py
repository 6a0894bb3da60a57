"""`python tools/channels.py` is `relnas-mm channels`."""

from relnas_mm.cli.channels import main

if __name__ == "__main__":
    main()
