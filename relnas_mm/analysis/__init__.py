"""Parameters, multiply-adds and latency of the model in any mm config, and its export to ONNX."""
