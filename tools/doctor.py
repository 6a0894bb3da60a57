"""Says what is installed, whether it fits together, and which command puts right what does not."""

from relnas_mm.doctor.command import main

if __name__ == "__main__":
    main()
