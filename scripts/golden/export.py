#!/usr/bin/env python3
"""Makes tests/golden/export with the package `compressed-tensors`: what it packs, unpacks and writes into config.json.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install -r scripts/peers/requirements.txt
    /tmp/golden/bin/python scripts/golden/export.py

compressed_tensors.safetensors:
    odd/codes I8 (3, 19)     odd/words4 (3, 3) and odd/words8 (3, 5) I32
    qkv/codes I8 (32, 16)    qkv/scales F32 (32, 4): codes and scales of one layer, groups of 4; rows 0..15 are q_proj,
                             16..23 k_proj, 24..31 v_proj
    q_proj.weight_packed, q_proj.weight_scale, q_proj.weight_shape and q_proj/values, F32; the same of k_proj and v_proj
w4a16.json, w8a8.json: the quantization_config of the presets of these names, that of w4a16 with groups of 4
"""

import json
import pathlib

import torch
from compressed_tensors.compressors.pack_quantized import PackedQuantizationCompressor, pack_to_int32
from compressed_tensors.quantization import QuantizationConfig
from compressed_tensors.quantization.quant_scheme import preset_name_to_scheme
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/export"


def config(preset, file_format, group_size=None):
    scheme = preset_name_to_scheme(preset, ["Linear"])
    scheme.weights.group_size = group_size
    scheme.format = file_format
    json_config = QuantizationConfig(config_groups={"group_0": scheme}, ignore=["lm_head"], format=file_format,
                                     quantization_status="compressed").to_dict()
    (OUT / f"{preset.lower()}.json").write_text(json.dumps(json_config, default=lambda value: value.value, indent=1) + "\n")
    return scheme


OUT.mkdir(exist_ok=True)
torch.manual_seed(3)
tensors = {}
tensors["odd/codes"] = torch.randint(-8, 8, (3, 19), dtype=torch.int8)
for bits in 4, 8:
    tensors[f"odd/words{bits}"] = pack_to_int32(tensors["odd/codes"], bits)

scheme = config("W4A16", "pack-quantized", 4)
config("W8A8", "int-quantized")
codes = torch.randint(-8, 8, (32, 16), dtype=torch.int8)
scales = (0.01 * torch.randn(32, 4)).half().float()
tensors["qkv/codes"], tensors["qkv/scales"] = codes, scales
for name, rows in ("q_proj", slice(0, 16)), ("k_proj", slice(16, 24)), ("v_proj", slice(24, 32)):
    part = codes[rows].float() * scales[rows].repeat_interleave(4, dim=1)
    packed = PackedQuantizationCompressor.compress({"weight": part, "weight_scale": scales[rows].clone()}, scheme)
    tensors[f"{name}/values"] = PackedQuantizationCompressor.decompress(packed, scheme)["weight"]
    assert torch.equal(tensors[f"{name}/values"], part)
    for key, value in packed.items():
        tensors[f"{name}.{key}"] = value
save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, OUT / "compressed_tensors.safetensors",
          {"format": "pt"})
for file in sorted(OUT.iterdir()):
    print(f"{file.stat().st_size:7} {file.name}")
