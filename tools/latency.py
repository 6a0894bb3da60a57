"""Measures a latency table: `python tools/latency.py CONFIG --out FILE.json [--runtime torch|onnxruntime|openvino]`."""

from relnas_mm.cli.latency import main

if __name__ == "__main__":
    main()
