#!/usr/bin/env python3
"""Makes tests/golden/import/: foreign folders and files whose logits are known.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy==2.4.6 safetensors==0.8.0 gguf==0.19.0
    /tmp/golden/bin/python scripts/golden/foreign_models.py

The weights, ids and logits are those of tests/golden/{gpt2,llama}.safetensors, which Hugging Face transformers computed
in double precision (scripts/golden/gpt.py). Here the same weights are stored as other programs store them:

    llama/        Hugging Face, F32, an index of two files, head of its own, grouped heads
    gpt2/         Hugging Face, F32, one file, tied head, Conv1D, masks of older versions
    llama.gguf, gpt2.gguf     by the package `gguf`, rows of queries and keys reordered as llama.cpp wants them
    gguf_blocks.safetensors   random blocks of every type, and what `gguf` makes of them
"""

import json
import shutil
from pathlib import Path

import gguf
import numpy
from safetensors.numpy import load_file, save_file

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden"
OUT = GOLDEN / "import"

# 23 tokens, as the models have: letters, a space, three merges, two special tokens.
LETTERS = list("abcdefghijklmnopq")
MERGES = [("a", "b"), ("ab", "c"), ("\u0120", "a")]
TOKENS = LETTERS + ["\u0120"] + [a + b for a, b in MERGES] + ["<|begin|>", "<|endoftext|>"]
BEGIN, END = 21, 22


def tokenizer_json():
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    added = [{"id": i, "content": TOKENS[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
              "special": True} for i in (BEGIN, END)]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
            "pre_tokenizer": byte_level, "post_processor": byte_level, "decoder": byte_level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": {token: i for i, token in enumerate(TOKENS)}, "merges": [list(m) for m in MERGES]}}


def golden(name):
    tensors = load_file(GOLDEN / f"{name}.safetensors")
    return {key.removeprefix("weight/"): value for key, value in tensors.items() if key.startswith("weight/")}


def llama_parts(weights, layer):
    """q, k, v of 4 query heads, 2 key heads of size 4, width 16."""
    return numpy.split(weights[f"blocks.{layer}.attention.qkv.weight"], [16, 24])


def hugging_face_llama():
    weights = golden("llama")
    tensors = {"model.embed_tokens.weight": weights["embedding.weight"], "model.norm.weight": weights["norm.gain"],
               "lm_head.weight": weights["head.weight"]}
    for layer in range(2):
        ours, theirs = f"blocks.{layer}.", f"model.layers.{layer}."
        for part, rows in zip("qkv", llama_parts(weights, layer)):
            tensors[f"{theirs}self_attn.{part}_proj.weight"] = rows
        tensors[theirs + "self_attn.o_proj.weight"] = weights[ours + "attention.output.weight"]
        tensors[theirs + "input_layernorm.weight"] = weights[ours + "attention_norm.gain"]
        tensors[theirs + "post_attention_layernorm.weight"] = weights[ours + "mlp_norm.gain"]
        tensors[theirs + "self_attn.rotary_emb.inv_freq"] = (500.0 ** -(numpy.arange(2) / 2)).astype(numpy.float32)
        for part in "gate", "up", "down":
            tensors[f"{theirs}mlp.{part}_proj.weight"] = weights[f"{ours}mlp.{part}.weight"]
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 23, "hidden_size": 16,
              "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
              "max_position_embeddings": 11, "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": False,
              "attention_bias": False, "mlp_bias": False, "rope_scaling": None, "bos_token_id": BEGIN,
              "eos_token_id": END, "torch_dtype": "float32", "use_cache": True, "head_dim": 4,
              "rope_parameters": {"rope_type": "default", "rope_theta": 500.0}}
    folder = OUT / "llama"
    folder.mkdir(parents=True)
    names, index = sorted(tensors), {}
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        file = f"model-0000{number}-of-00002.safetensors"
        save_file({name: numpy.ascontiguousarray(tensors[name]) for name in part}, folder / file, {"format": "pt"})
        index.update({name: file for name in part})
    write(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": index})
    write(folder / "config.json", config)
    write(folder / "tokenizer.json", tokenizer_json())


def hugging_face_gpt2():
    weights = golden("gpt2")
    tensors = {"transformer.wte.weight": weights["embedding.weight"],
               "transformer.wpe.weight": weights["positions.weight"],
               "transformer.ln_f.weight": weights["norm.gain"], "transformer.ln_f.bias": weights["norm.bias"]}
    for layer in range(2):
        ours, theirs = f"blocks.{layer}.", f"transformer.h.{layer}."
        for our, their in ("attention_norm", "ln_1"), ("mlp_norm", "ln_2"):
            tensors[f"{theirs}{their}.weight"] = weights[f"{ours}{our}.gain"]
            tensors[f"{theirs}{their}.bias"] = weights[f"{ours}{our}.bias"]
        for our, their in (("attention.qkv", "attn.c_attn"), ("attention.output", "attn.c_proj"),
                           ("mlp.up", "mlp.c_fc"), ("mlp.down", "mlp.c_proj")):
            tensors[f"{theirs}{their}.weight"] = weights[f"{ours}{our}.weight"].T
            tensors[f"{theirs}{their}.bias"] = weights[f"{ours}{our}.bias"]
        tensors[theirs + "attn.bias"] = numpy.tril(numpy.ones((1, 1, 11, 11), numpy.uint8))
        tensors[theirs + "attn.masked_bias"] = numpy.float32(-1e4).reshape(())
    config = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": 23, "n_positions": 11,
              "n_ctx": 11, "n_embd": 12, "n_layer": 2, "n_head": 3, "n_inner": 20, "layer_norm_epsilon": 1e-5,
              "activation_function": "gelu_new", "bos_token_id": END, "eos_token_id": END, "resid_pdrop": 0.1,
              "embd_pdrop": 0.1, "attn_pdrop": 0.1, "task_specific_params": {"text-generation": {"max_length": 50}}}
    folder = OUT / "gpt2"
    folder.mkdir(parents=True)
    save_file({name: numpy.ascontiguousarray(value) for name, value in tensors.items()}, folder / "model.safetensors",
              {"format": "pt"})
    write(folder / "config.json", config)
    write(folder / "tokenizer.json", tokenizer_json())


def common_keys(writer, width, hidden, heads):
    writer.add_context_length(11)
    writer.add_embedding_length(width)
    writer.add_block_count(2)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3 if i in (BEGIN, END) else 1 for i in range(len(TOKENS))])
    writer.add_token_merges([f"{a} {b}" for a, b in MERGES])
    writer.add_bos_token_id(BEGIN)
    writer.add_eos_token_id(END)
    writer.add_add_bos_token(False)


def finish(writer, tensors):
    for name, value in tensors.items():
        writer.add_tensor(name, numpy.ascontiguousarray(value))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def neighbours(rows, heads):
    """Rows of each head from [first halves, second halves] to pairs side by side."""
    out, width = rows.shape
    return rows.reshape(heads, 2, out // heads // 2, width).swapaxes(1, 2).reshape(out, width)


def gguf_llama():
    weights = golden("llama")
    writer = gguf.GGUFWriter(OUT / "llama.gguf", "llama")
    common_keys(writer, 16, 20, 4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(500.0)
    writer.add_rope_dimension_count(4)
    writer.add_vocab_size(23)
    tensors = {"token_embd.weight": weights["embedding.weight"], "output_norm.weight": weights["norm.gain"],
               "output.weight": weights["head.weight"]}
    for layer in range(2):
        ours, theirs = f"blocks.{layer}.", f"blk.{layer}."
        query, key, value = llama_parts(weights, layer)
        tensors[theirs + "attn_q.weight"] = neighbours(query, 4)
        tensors[theirs + "attn_k.weight"] = neighbours(key, 2)
        tensors[theirs + "attn_v.weight"] = value
        tensors[theirs + "attn_output.weight"] = weights[ours + "attention.output.weight"]
        tensors[theirs + "attn_norm.weight"] = weights[ours + "attention_norm.gain"]
        tensors[theirs + "ffn_norm.weight"] = weights[ours + "mlp_norm.gain"]
        for part in "gate", "up", "down":
            tensors[f"{theirs}ffn_{part}.weight"] = weights[f"{ours}mlp.{part}.weight"]
    finish(writer, tensors)


def gguf_gpt2():
    weights = golden("gpt2")
    writer = gguf.GGUFWriter(OUT / "gpt2.gguf", "gpt2")
    common_keys(writer, 12, 20, 3)
    writer.add_layer_norm_eps(1e-5)
    tensors = {"token_embd.weight": weights["embedding.weight"], "position_embd.weight": weights["positions.weight"],
               "output_norm.weight": weights["norm.gain"], "output_norm.bias": weights["norm.bias"]}
    for layer in range(2):
        ours, theirs = f"blocks.{layer}.", f"blk.{layer}."
        for our, their in ("attention_norm", "attn_norm"), ("mlp_norm", "ffn_norm"):
            tensors[f"{theirs}{their}.weight"] = weights[f"{ours}{our}.gain"]
            tensors[f"{theirs}{their}.bias"] = weights[f"{ours}{our}.bias"]
        for our, their in (("attention.qkv", "attn_qkv"), ("attention.output", "attn_output"), ("mlp.up", "ffn_up"),
                           ("mlp.down", "ffn_down")):
            tensors[f"{theirs}{their}.weight"] = weights[f"{ours}{our}.weight"]
            tensors[f"{theirs}{their}.bias"] = weights[f"{ours}{our}.bias"]
    finish(writer, tensors)


# Where in a block FP16 numbers lie: those of random bytes would be NaN or huge.
HALVES = {"F16": [0], "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2],
          "Q6_K": [208], "IQ4_NL": [0]}


def blocks():
    """`bytes/NAME` (3 blocks, or 96 numbers) and `values/NAME`."""
    random = numpy.random.default_rng(7)
    tensors = {}
    for name in "F32 F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q4_K Q6_K IQ4_NL MXFP4".split():
        kind = gguf.GGMLQuantizationType[name]
        size, width = gguf.GGML_QUANT_SIZES[kind]
        count = 3 if size > 1 else 96
        data = random.integers(0, 256, (count, width), numpy.uint8)
        for place in HALVES.get(name, []):
            scales = (random.standard_normal(count) * 0.01).astype(numpy.float16)
            data[:, place:place + 2] = scales.view(numpy.uint8).reshape(count, 2)
        if name in ("F32", "BF16"):
            numbers = random.standard_normal(count).astype(numpy.float32).view(numpy.uint8).reshape(count, 4)
            data = numbers[:, 4 - width:]
        if name == "MXFP4":
            data[:, 0] = [0, 1, 120]
        data = numpy.ascontiguousarray(data)
        if name == "F32":
            values = data.reshape(-1).view(numpy.float32)
        else:
            values = gguf.dequantize(data.reshape(-1).view(numpy.float16) if name == "F16" else data.reshape(-1), kind)
        tensors[f"bytes/{name}"] = data
        tensors[f"values/{name}"] = numpy.ascontiguousarray(values, numpy.float32).reshape(-1)
        assert numpy.isfinite(values).all(), name
    save_file(tensors, OUT / "gguf_blocks.safetensors", {"format": "pt"})


def write(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")


shutil.rmtree(OUT, ignore_errors=True)
hugging_face_llama()
hugging_face_gpt2()
gguf_llama()
gguf_gpt2()
blocks()
for file in sorted(OUT.rglob("*.*")):
    print(f"{file.stat().st_size:7} {file.relative_to(GOLDEN)}")
