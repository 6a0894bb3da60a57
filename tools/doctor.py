"""Diagnoses the installation, and suggests a command for each problem."""

from relnas_mm.cli.doctor import main

if __name__ == "__main__":
    main()
