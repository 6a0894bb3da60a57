"""Exports a network to ONNX: `python tools/export_onnx.py CONFIG CHECKPOINT OUT.onnx [--backbone-only] …`."""

from relnas_mm.cli.export_onnx import main

if __name__ == "__main__":
    main()
