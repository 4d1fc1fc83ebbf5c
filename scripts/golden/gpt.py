#!/usr/bin/env python3
"""Writes the golden files of the language model: tests/golden/{gpt2,llama}.safetensors.

Tiny models with random weights, computed by Hugging Face transformers in double precision. Each file holds
`weight/NAME` and `gradient/NAME` for every parameter under Octet's name, `ids`, `targets`, `logits`, `loss`; its
metadata hold the configuration. tests/nn/gpt_golden_test.cpp compares Octet with them.

    python3 -m venv venv && venv/bin/pip install torch transformers safetensors
    venv/bin/python scripts/golden/gpt.py
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

BATCH, TIME = 2, 9
FOLDER = Path(__file__).resolve().parents[2] / "tests" / "golden"


def gpt2():
    """GPT-2's matrices stand as (in, out); Octet's as (out, in)."""
    config = dict(architecture="gpt2", vocabulary=23, context=11, width=12, layers=2, heads=3, hidden=20,
                  tied_head=True, norm_epsilon=1e-5)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=23, n_positions=11, n_embd=12, n_layer=2, n_head=3, n_inner=20, layer_norm_epsilon=1e-5,
        resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=0, eos_token_id=0))
    names = {"embedding.weight": ["transformer.wte.weight"], "positions.weight": ["transformer.wpe.weight"],
             "norm.gain": ["transformer.ln_f.weight"], "norm.bias": ["transformer.ln_f.bias"]}
    for layer in range(config["layers"]):
        ours, theirs = f"blocks.{layer}", f"transformer.h.{layer}"
        for our_norm, their_norm in ("attention_norm", "ln_1"), ("mlp_norm", "ln_2"):
            names[f"{ours}.{our_norm}.gain"] = [f"{theirs}.{their_norm}.weight"]
            names[f"{ours}.{our_norm}.bias"] = [f"{theirs}.{their_norm}.bias"]
        for our_linear, their_linear in (("attention.qkv", "attn.c_attn"), ("attention.output", "attn.c_proj"),
                                         ("mlp.up", "mlp.c_fc"), ("mlp.down", "mlp.c_proj")):
            names[f"{ours}.{our_linear}.weight"] = [f"{theirs}.{their_linear}.weight"]
            names[f"{ours}.{our_linear}.bias"] = [f"{theirs}.{their_linear}.bias"]
    return config, model, names


def llama():
    """Octet's qkv is Llama's three projections, one below the other."""
    config = dict(architecture="llama", vocabulary=23, context=11, width=16, layers=2, heads=4, kv_heads=2, hidden=20,
                  tied_head=False, norm_epsilon=1e-5, rope_theta=500.0)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=23, max_position_embeddings=11, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, intermediate_size=20, rms_norm_eps=1e-5, tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0}))
    names = {"embedding.weight": ["model.embed_tokens.weight"], "norm.gain": ["model.norm.weight"],
             "head.weight": ["lm_head.weight"]}
    for layer in range(config["layers"]):
        ours, theirs = f"blocks.{layer}", f"model.layers.{layer}"
        names[f"{ours}.attention_norm.gain"] = [f"{theirs}.input_layernorm.weight"]
        names[f"{ours}.mlp_norm.gain"] = [f"{theirs}.post_attention_layernorm.weight"]
        names[f"{ours}.attention.qkv.weight"] = [f"{theirs}.self_attn.{part}_proj.weight" for part in "qkv"]
        names[f"{ours}.attention.output.weight"] = [f"{theirs}.self_attn.o_proj.weight"]
        for part in "gate", "up", "down":
            names[f"{ours}.mlp.{part}.weight"] = [f"{theirs}.mlp.{part}_proj.weight"]
    return config, model, names


def write(config, model, names):
    torch.manual_seed(1)
    model = model.double().eval()
    parameters = dict(model.named_parameters())
    used = [name for parts in names.values() for name in parts]
    assert sorted(used) == sorted(parameters), "every parameter has exactly one name in Octet"
    with torch.no_grad():
        for name, parameter in parameters.items():
            mean = 1.0 if "norm.weight" in name or ".ln_" in name and name.endswith("weight") else 0.0
            # Rounded to float: the file holds exactly the weights that were used.
            parameter.copy_((mean + 0.3 * torch.randn(parameter.shape)).float().double())

    ids = torch.randint(config["vocabulary"], (BATCH, TIME))
    targets = torch.randint(config["vocabulary"], (BATCH, TIME))
    logits = model(ids).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    loss.backward()

    def joined(parts, of):
        tensors = [of(parameters[name]).detach().float() for name in parts]
        transposed = config["architecture"] == "gpt2" and ".h." in parts[0]
        return torch.cat([tensor.T if transposed and tensor.dim() == 2 else tensor for tensor in tensors]).contiguous()

    tensors = {"ids": ids.int(), "targets": targets.int(), "logits": logits.detach().float().contiguous(),
               "loss": loss.detach().float().reshape(1)}
    for name, parts in names.items():
        tensors[f"weight/{name}"] = joined(parts, lambda parameter: parameter)
        tensors[f"gradient/{name}"] = joined(parts, lambda parameter: parameter.grad)
    metadata = {"config": json.dumps(config), "made_by": f"transformers {transformers.__version__}, "
                f"torch {torch.__version__}"}
    FOLDER.mkdir(exist_ok=True)
    save_file(tensors, FOLDER / f"{config['architecture']}.safetensors", metadata)
    print(f"{config['architecture']}: loss {loss.item():.6f}, logits up to {logits.abs().max().item():.2f}")


write(*gpt2())
write(*llama())
