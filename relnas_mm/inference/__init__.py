"""Faster backbones for inference, with fused batch normalization, by torch or by onnxruntime."""

from relnas_mm.inference.accelerate import RUNTIMES, Runtime, accelerate
from relnas_mm.inference.deployment import Deployment
from relnas_mm.inference.fuse import fuse_backbone
from relnas_mm.inference.hook import FastBackboneHook
from relnas_mm.inference.onnx_backbone import OnnxBackbone
from relnas_mm.inference.pad import PaddedBackbone

__all__ = [
    "RUNTIMES",
    "Deployment",
    "FastBackboneHook",
    "OnnxBackbone",
    "PaddedBackbone",
    "Runtime",
    "accelerate",
    "fuse_backbone",
]
