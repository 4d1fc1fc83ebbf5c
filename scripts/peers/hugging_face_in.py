"""Models that transformers made and saved, imported by Octet: logits of both."""

import shutil

import torch
import transformers

from common import Rows, export, logits_of, octet, octet_logits, relative_error

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
SHAPES = {
    "llama": transformers.LlamaConfig(
        vocab_size=512, hidden_size=96, intermediate_size=200, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=False,
        initializer_range=0.1, bos_token_id=None, eos_token_id=511),
    "gpt2": transformers.GPT2Config(
        vocab_size=512, n_positions=256, n_embd=96, n_layer=3, n_head=6, initializer_range=0.1, bos_token_id=None,
        eos_token_id=511),
}

rows = Rows("transformers")
for name, config in SHAPES.items():
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # biases and gains too: those of new models are all alike
            parameter += 0.05 * torch.randn_like(parameter)
    folder = f"in-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    shutil.copy(export(f"{name}/checkpoints/best", "hf", f"out-{name}") / "tokenizer.json", folder)
    octet("import", folder, "--out", f"{folder}-octet")
    ids, got = octet_logits(f"{folder}-octet")
    rows.add(f"{name}: logits of an imported model, relative error", relative_error(got, logits_of(model, ids)), 1e-4)
rows.finish()
