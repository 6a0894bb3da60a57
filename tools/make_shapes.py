"""Generates the shapes data sets, one folder per layout: ROOT/voc, ROOT/cifar10, …"""

from relnas_mm.cli.make_shapes import main

if __name__ == "__main__":
    main()
