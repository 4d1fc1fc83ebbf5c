#!/usr/bin/env python3
"""Makes tests/golden/parts/: the model of tests/golden/import/llama.gguf in three files, as the package `gguf` splits it.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy==2.4.6 gguf==0.19.0
    /tmp/golden/bin/python scripts/golden/gguf_parts.py
"""

import shutil
from pathlib import Path

import gguf

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden"
OUT = GOLDEN / "parts"

shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir()
reader = gguf.GGUFReader(GOLDEN / "import/llama.gguf")
writer = gguf.GGUFWriter(OUT / "llama.gguf", "llama", split_max_tensors=8)
for name, field in reader.fields.items():
    if not name.startswith("GGUF.") and name != "general.architecture":
        kind, *inner = field.types
        writer.add_key_value(name, field.contents(), kind, sub_type=inner[0] if inner else None)
for tensor in reader.tensors:
    writer.add_tensor(tensor.name, tensor.data)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
for file in sorted(OUT.iterdir()):
    print(f"{file.stat().st_size:7} {file.name}")
