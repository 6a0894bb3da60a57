"""What a network of any mm config costs: parameters, multiply-adds, latency; and its graph as ONNX."""
