#!/usr/bin/env python3
"""Makes tests/golden/export/gguf_encoded.safetensors: what the owners of GGUF make of random values.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy==2.4.6 safetensors==0.8.0 gguf==0.19.0 libgguf==0.2.2
    /tmp/golden/bin/python scripts/golden/gguf_encoded.py

`values` (16, 256): normal numbers of several sizes, zeros, a constant, one large among small ones, numbers of one sign.
`bytes/NAME`: blocks by the package `gguf`, types whose scales follow from extremes. `error/NAME`: the sum of squared
errors of each row by `libgguf` (the code of ggml), types whose scales are searched.
"""

from pathlib import Path

import gguf
import libgguf
import numpy
from safetensors.numpy import save_file

OUT = Path(__file__).resolve().parents[2] / "tests" / "golden" / "export"


def sample():
    random = numpy.random.default_rng(11)
    values = random.standard_normal((16, 256)) * 10.0 ** -numpy.arange(-1, 3).repeat(4)[:, None]
    values[0, :64] = 0
    values[1, :32] = -0.75
    values[1, 32:64] = 0.75
    values[2, 5] = 300
    values[3] = numpy.abs(values[3])
    values[4] = -numpy.abs(values[4])
    return values.astype(numpy.float32)


values = sample()
tensors = {"values": values}
for name in "F16 BF16 Q8_0 Q4_0 Q4_1".split():
    data = gguf.quantize(values, gguf.GGMLQuantizationType[name])
    tensors[f"bytes/{name}"] = numpy.ascontiguousarray(data).view(numpy.uint8).reshape(len(values), -1)
for name in "IQ4_NL Q4_K Q6_K".split():
    kind = libgguf.GGMLQuantizationType[name]
    back = libgguf.dequantize_rows(libgguf.quantize_rows(values, kind), kind).reshape(values.shape)
    tensors[f"error/{name}"] = numpy.square(back.astype(float) - values).sum(axis=1).astype(numpy.float32)
OUT.mkdir(parents=True, exist_ok=True)
save_file(tensors, OUT / "gguf_encoded.safetensors", {"format": "pt"})
print({name: tensor.shape for name, tensor in tensors.items()})
