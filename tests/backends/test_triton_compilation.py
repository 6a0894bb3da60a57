"""The kernels can be compiled for a GPU, which needs none."""

import subprocess
import sys

import pytest
import torch

pytestmark = pytest.mark.unit
SCRIPT = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from relnas_mm.backends.triton import conv1x1_bn, depthwise, factorized_reduce, node, normalization, pools, reduce

HALF = {"x", "y", "g", "gx", "p", "source", "a", "b", "ga", "gb", "mask_a", "mask_b"}
WHOLE = {"w", "parts", "norm_parts", "sums", "mean", "variance", "weight", "bias", "grad_norm"}
WHOLE |= {"running_mean", "running_variance"}
CONV = {"K": 5, "S": 2, "D": 2, "RELU": True, "P": "tf32"}
NARROW = {**CONV, "READ": 16, "WRITTEN": 8, "G": 2, "BI": 16, "BO": 8, "HALO": 0, "M": 128}
WIDE = {**CONV, "READ": 0, "WRITTEN": 0, "G": 1, "BI": 128, "BO": 32, "HALO": 16, "M": 64}
TILE = {"RELU": True, "BI": 64, "BO": 16, "T": 64, "P": "tf32"}
POOL = {"S": 2, "BLOCK": 512}
KERNELS = [
    (depthwise._convolve, {**NARROW, "BACK": False}), (depthwise._convolve, {**WIDE, "BACK": True}),
    (depthwise._gradient_of_kernel, {**NARROW, "TAPS": 8}),
    (depthwise._gradient_of_kernel, {**WIDE, "TAPS": 8}),
    (reduce._total, {"ROWS": 64, "BLOCK": 32}),
    (conv1x1_bn._project, {**TILE, "NORMALIZE": False}), (conv1x1_bn._project, {**TILE, "NORMALIZE": True}),
    (conv1x1_bn._gradients, {**TILE, "BP": 32}), (normalization._sum_tiles, {"T": 256}),
    (normalization._normalize, {"T": 64, "BLOCK": 1024}),
    (normalization._sum_gradients, {"BLOCK": 1024}), (normalization._gradient, {"BLOCK": 1024}),
    (pools._mean, POOL), (pools._largest, POOL), (pools._gradient, {**POOL, "MEAN": False}),
    (factorized_reduce._gather, {"BLOCK": 512}), (factorized_reduce._scatter, {"BLOCK": 512}),
    (node._sum, {"DROPS_A": True, "DROPS_B": False, "BLOCK": 1024}),
    (node._gradients, {"DROPS_A": True, "DROPS_B": False, "BLOCK": 1024}),
]


def type_of(name, constants, half):
    if name in constants:
        return "constexpr"
    if name in HALF | WHOLE:
        return half if name in HALF and kernel is not reduce._total else "*fp32"
    others = {"taps": "*i8", "batches": "*i64", "eps": "fp32", "momentum": "fp32", "keep": "fp32"}
    return others.get(name, "i32")


for half in ("*fp32", "*bf16"):
    for kernel, constants in KERNELS:
        names = kernel.arg_names
        signature = {name: type_of(name, constants, half) for name in names}
        values = {(names.index(name),): value for name, value in constants.items()}
        compiled = triton.compile(ASTSource(kernel, signature, values), target=GPUTarget("cuda", 90, 32))
        assert compiled.metadata.shared < 220_000 and len(compiled.asm["cubin"]) > 1000, kernel
"""


@pytest.mark.slow
def test_every_kernel_compiles(tmp_path):
    pytest.importorskip("triton", reason="needs Triton, which comes with PyTorch for CUDA")
    if torch.version.hip:
        pytest.skip("needs the compiler for CUDA")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TRITON_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
