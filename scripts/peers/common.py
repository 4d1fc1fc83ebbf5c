"""What the checks against other programs share. A check is a program of its own: `CHECK.py` runs in the folder of scripts/peers.sh,
which holds the trained runs `llama` and `gpt2`, prints rows of a Markdown table and ends with 1 where a figure is beyond its bound."""

import importlib.metadata
import os
import pathlib
import shutil
import subprocess
import sys

OCTET = os.environ["OCTET"]
MODEL_LOGITS = os.environ["MODEL_LOGITS"]
TEXT = "A folder includes itself and the folders below it, never one above. Every arrow is a file or a plain struct."
GREEDY_TOKENS = 100


class Rows:
    """The figures of a check, one line each."""

    def __init__(self, *packages):
        self.peer = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
        self.failed = False

    def add(self, what, figure, bound, text=None):
        """A figure that must be at most `bound`; `text` stands in its place."""
        ok = figure <= bound
        self.failed |= not ok
        shown = text or f"{figure:.2g}"
        print(f"| {what} | {self.peer} | {shown}{'' if ok else ' **beyond**'} | {bound:.2g} |", flush=True)

    def finish(self):
        sys.exit(1 if self.failed else 0)


def octet(*arguments):
    """Runs the program; its output."""
    return subprocess.run([OCTET, *arguments], check=True, capture_output=True, text=True).stdout


def export(model, target, folder):
    """A fresh export; its folder."""
    shutil.rmtree(folder, ignore_errors=True)
    octet("export", str(model), "--to", target, "--out", str(folder))
    return pathlib.Path(folder)


def octet_logits(model, text=TEXT):
    """Ids (1, T) and logits (1, T, V) of a model folder, as tensors of torch."""
    from safetensors.torch import load_file

    subprocess.run([MODEL_LOGITS, str(model), text, "logits.safetensors"], check=True, capture_output=True)
    tensors = load_file("logits.safetensors")
    return tensors["ids"].long(), tensors["logits"]


def octet_greedy(model, text=TEXT):
    """The text and what the model makes of it, always taking the likeliest token."""
    return octet("generate", str(model), "--prompt", text, "--tokens", str(GREEDY_TOKENS), "--temperature", "0").rstrip("\n")


def relative_error(got, expected):
    return ((got - expected).abs().max() / expected.abs().max()).item()


def load(folder):
    """The model and tokenizer of transformers; silent."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    model, report = transformers.AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    strangers = {key: value for key, value in report.items() if value}
    assert not strangers, strangers
    return model, transformers.AutoTokenizer.from_pretrained(folder)


def logits_of(model, ids):
    import torch

    with torch.no_grad():
        return model(ids).logits


def greedy_of(model, tokenizer, text=TEXT):
    import torch

    ids = tokenizer(text, return_tensors="pt").input_ids
    with torch.no_grad():
        made = model.generate(ids, max_new_tokens=GREEDY_TOKENS, do_sample=False, pad_token_id=0)
    return tokenizer.decode(made[0], skip_special_tokens=True), made.shape[1] - ids.shape[1]
