"""The English model of the package glassllm, a small trained Llama with rows of 341 values and RoPE of neighbouring pairs: its folder
for Hugging Face is made here from the weights and the vocabulary of the package, and imported. Its tokenizer merges characters, not
bytes, and across punctuation, so ids are compared on words alone. The text of its published validation loss is not in the package."""

import json
import pathlib
import shutil

import glassllm
import numpy
from safetensors.numpy import save_file

import common
from common import Rows, octet, octet_logits

# What the package itself computed of this text, the last position and 20 greedy tokens.
TEXT = "Alice was beginning to"
IDS = [494, 160, 729, 633, 111]
LOGITS = [-10.85577738, -10.66710805, -10.66483012, -10.65932808, 5.59764173]
CONTINUED = TEXT + " the\nQueen to the Queen, and she found it was saying to herself, and\nshe"
WORDS = """the White Rabbit ran down the long hall and Alice followed after it as fast as she could for she had never seen
a Rabbit with a watch before and she was very curious indeed to know where it would go next and what it would say"""


def halves(matrix, heads):
    """Rows (out, in) of each head from pairs side by side to first halves, second halves."""
    return matrix.reshape(heads, -1, 2, matrix.shape[1]).swapaxes(1, 2).reshape(matrix.shape)


def tensors_of(model):
    weights = {name: parameter.data for name, parameter in model.named_parameters().items()}
    tensors = {"model.embed_tokens.weight": weights["E"], "model.norm.weight": weights["norm_f.gamma"]}
    for layer in range(model.cfg.n_layers):
        ours, theirs = f"model.layers.{layer}.", f"blocks.{layer}."
        for part, heads in ("Q", model.cfg.n_heads), ("K", model.cfg.n_kv_heads):
            tensors[f"{ours}self_attn.{part.lower()}_proj.weight"] = halves(weights[f"{theirs}attn.W_{part}"].T, heads)
        for part in "VO":
            tensors[f"{ours}self_attn.{part.lower()}_proj.weight"] = weights[f"{theirs}attn.W_{part}"].T
        for our, their in ("gate", "W1"), ("up", "W3"), ("down", "W2"):
            tensors[f"{ours}mlp.{our}_proj.weight"] = weights[f"{theirs}ffn.{their}"].T
        tensors[ours + "input_layernorm.weight"] = weights[theirs + "norm1.gamma"]
        tensors[ours + "post_attention_layernorm.weight"] = weights[theirs + "norm2.gamma"]
    return {name: numpy.ascontiguousarray(value, numpy.float32) for name, value in tensors.items()}


def tokenizer_json(tokenizer):
    """Tokens of ASCII as those of bytes; the others, which no byte merges into, are special."""
    def printable(token):
        return token.replace(glassllm.tokenizer.SPACE, "\u0120").replace("\n", "\u010a")

    def is_ascii(token):
        return token.replace(glassllm.tokenizer.SPACE, " ").isascii() and token not in glassllm.tokenizer.SPECIALS

    vocabulary = {printable(token) if is_ascii(token) else token: i for i, token in enumerate(tokenizer.vocab)}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {"added_tokens": [{"id": i, "content": token, "special": True} for i, token in enumerate(tokenizer.vocab)
                             if not is_ascii(token)],
            "pre_tokenizer": byte_level, "decoder": byte_level,
            "model": {"type": "BPE", "vocab": vocabulary,
                      "merges": [[printable(a), printable(b)] for a, b in tokenizer.merges if is_ascii(a + b)]}}


def write_folder(folder, model, tokenizer):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    c = model.cfg
    config = {"model_type": "llama", "vocab_size": c.vocab_size, "hidden_size": c.d_model, "num_hidden_layers": c.n_layers,
              "num_attention_heads": c.n_heads, "num_key_value_heads": c.n_kv_heads, "max_position_embeddings": c.max_len,
              "intermediate_size": int(8 * c.d_model / 3), "rms_norm_eps": c.eps, "rope_theta": c.rope_base,
              "hidden_act": "silu", "tie_word_embeddings": True}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(tokenizer)))
    save_file(tensors_of(model), folder / "model.safetensors", {"format": "pt"})


def loss(logits, ids):
    """Mean cross-entropy in nats of the tokens behind the first."""
    logits = logits[:-1].astype(float)
    logits = logits - logits.max(axis=1, keepdims=True)
    chosen = logits[numpy.arange(len(logits)), ids[1:]]
    return (numpy.log(numpy.exp(logits).sum(axis=1)) - chosen).mean()


rows = Rows("glassllm")
model, tokenizer = glassllm.load_pretrained("en")
write_folder(pathlib.Path("in-glassllm"), model, tokenizer)
octet("import", "in-glassllm", "--out", "in-glassllm-octet")
ids, logits = (tensor[0].numpy() for tensor in octet_logits("in-glassllm-octet", TEXT))
rows.add("glassllm: token ids that differ", sum(a != b for a, b in zip(ids, IDS, strict=True)), 0)
rows.add("glassllm: last logits, largest difference", abs(logits[-1][:len(LOGITS)] - LOGITS).max(), 1e-3)
common.GREEDY_TOKENS = 20
differs = common.octet_greedy("in-glassllm-octet", TEXT) != CONTINUED
rows.add("glassllm: greedy text of 20 tokens that differs", int(differs), 0)

words = WORDS.replace("\n", " ")
ids, logits = (tensor[0].numpy() for tensor in octet_logits("in-glassllm-octet", words))
own = tokenizer.encode(words)
rows.add(f"glassllm: ids of {len(own)} tokens of words that differ", int(ids.tolist() != own), 0)
with glassllm.no_grad():
    expected = model(own).data[0]
rows.add("glassllm: logits, relative error", abs(logits - expected).max() / abs(expected).max(), 1e-4)
rows.add("glassllm: loss of these words, relative difference", abs(loss(logits, own) / loss(expected, own) - 1), 1e-3)
rows.finish()
