"""`python -m relnas_mm.doctor`."""

from relnas_mm.doctor.command import main

main()
