"""Models that transformers made and saved, imported by Octet: logits of both. Those whose layers have biases go out again too, as a
folder and as a GGUF file, where the trained models have none."""

import pathlib
import shutil

import torch
import transformers

from common import Rows, export, load, logits_of, octet, octet_logits, relative_error
from llama_peer import LlamaCpp

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
LLAMA = dict(vocab_size=512, hidden_size=96, intermediate_size=200, num_hidden_layers=3, num_attention_heads=6,
             num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=False,
             initializer_range=0.1, bos_token_id=None, eos_token_id=511)
SHAPES = {
    "llama": transformers.LlamaConfig(**LLAMA),
    "llama with biases": transformers.LlamaConfig(**LLAMA, attention_bias=True, mlp_bias=True),
    "qwen2": transformers.Qwen2Config(**LLAMA, use_sliding_window=False),
    "gpt2": transformers.GPT2Config(
        vocab_size=512, n_positions=256, n_embd=96, n_layer=3, n_head=6, initializer_range=0.1, bos_token_id=None,
        eos_token_id=511),
}


def go_out_again(name, folder, ids, expected):
    """Exports of an imported model: logits of transformers and of llama.cpp, which keeps keys and values in FP16. That moves those of
    random weights as large as these by 2e-3, biases or none."""
    model, _ = load(export(f"{folder}-octet", "hf", f"{folder}-again"))
    rows.add(f"{name}: logits of that model exported, relative error", relative_error(logits_of(model, ids), expected), 1e-4)
    file = pathlib.Path(f"{folder}.gguf")
    file.unlink(missing_ok=True)
    octet("export", f"{folder}-octet", "--to", "gguf", "--out", str(file))
    with LlamaCpp(file) as peer:
        found = torch.from_numpy(peer.logits(ids[0].tolist()))
    gguf_rows.add(f"{name}: logits of that model as GGUF, relative error", relative_error(found, expected[0]), 1e-2)


rows, gguf_rows = Rows("transformers"), Rows("xllamacpp")
for name, config in SHAPES.items():
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # biases and gains too: those of new models are all alike
            parameter += 0.05 * torch.randn_like(parameter)
    folder = f"in-{name}".replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    trained = "gpt2" if name == "gpt2" else "llama"
    shutil.copy(export(f"{trained}/checkpoints/best", "hf", f"out-{trained}") / "tokenizer.json", folder)
    octet("import", folder, "--out", f"{folder}-octet")
    ids, got = octet_logits(f"{folder}-octet")
    rows.add(f"{name}: logits of an imported model, relative error", relative_error(got, logits_of(model, ids)), 1e-4)
    if name in ("llama with biases", "qwen2"):
        go_out_again(name, folder, ids, got)
rows.failed |= gguf_rows.failed
rows.finish()
