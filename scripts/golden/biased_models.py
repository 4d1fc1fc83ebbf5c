#!/usr/bin/env python3
"""Makes tests/golden/biased/: tiny foreign models of Llama shape whose layers have biases, with their logits.

    python3 -m venv /tmp/golden
    /tmp/golden/bin/pip install torch transformers safetensors numpy==2.4.6 gguf==0.19.0
    /tmp/golden/bin/python scripts/golden/biased_models.py

Random weights; the logits are those of Hugging Face transformers in double precision. NAME is `qwen2`, whose queries, keys
and values have biases, or `llama`, with `attention_bias` and `mlp_bias`:

    NAME/               as `save_pretrained` writes it, with a tokenizer of 23 tokens
    NAME.gguf           the same weights by the package `gguf`
    NAME.safetensors    `ids` and `logits`
"""

import json
import shutil
from pathlib import Path

import gguf
import numpy
import torch
import transformers
from safetensors.torch import save_file

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden"
OUT = GOLDEN / "biased"
SHAPE = dict(vocab_size=23, max_position_embeddings=11, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, intermediate_size=20, rms_norm_eps=1e-5, tie_word_embeddings=False,
             rope_parameters={"rope_type": "default", "rope_theta": 500.0}, bos_token_id=21, eos_token_id=22)
MODELS = {"qwen2": transformers.Qwen2Config(use_sliding_window=False, **SHAPE),
          "llama": transformers.LlamaConfig(attention_bias=True, mlp_bias=True, **SHAPE)}
GGUF_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
              "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
              "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
ENDS = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight"}


def random_model(config):
    model = transformers.AutoModelForCausalLM.from_config(config).double().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            mean = 1.0 if "norm" in name else 0.0
            # Rounded to float: the file holds exactly the weights that were used.
            parameter.copy_((mean + 0.3 * torch.randn(parameter.shape)).float().double())
    return model


def gguf_name(name):
    if name in ENDS:
        return ENDS[name]
    layer, rest = name.removeprefix("model.layers.").split(".", 1)
    module, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{GGUF_NAMES[module]}.{kind}"


def neighbours(rows, heads):
    """Rows, or elements, of each head from [first halves, second halves] to pairs side by side."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def write_gguf(name, model, tokens, merges):
    writer = gguf.GGUFWriter(OUT / f"{name}.gguf", name)
    writer.add_context_length(11)
    writer.add_embedding_length(16)
    writer.add_block_count(2)
    writer.add_feed_forward_length(20)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(500.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token.startswith("<") else 1 for token in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(21)
    writer.add_eos_token_id(22)
    for theirs, parameter in model.named_parameters():
        values = parameter.detach().float().numpy()
        if name == "llama" and ("q_proj" in theirs or "k_proj" in theirs):
            values = neighbours(values, 4 if "q_proj" in theirs else 2)
        writer.add_tensor(gguf_name(theirs), numpy.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    transformers.utils.logging.disable_progress_bar()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    tokenizer = json.loads((GOLDEN / "import/llama/tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    for number, (name, config) in enumerate(MODELS.items()):
        torch.manual_seed(number)
        model = random_model(config)
        ids = torch.randint(23, (2, 9))
        logits = model(ids).logits.detach().float().contiguous()
        save_file({"ids": ids.int(), "logits": logits}, OUT / f"{name}.safetensors", {"format": "pt"})
        write_gguf(name, model, sorted(vocabulary, key=vocabulary.get), [" ".join(m) for m in tokenizer["model"]["merges"]])
        model.float().save_pretrained(OUT / name)
        (OUT / name / "generation_config.json").unlink()
        tokenizer["normalizer"] = {"type": "NFC"} if name == "qwen2" else None
        (OUT / name / "tokenizer.json").write_text(json.dumps(tokenizer, separators=(",", ":")) + "\n")
        print(f"{name}: logits up to {logits.abs().max().item():.2f}")


main()
