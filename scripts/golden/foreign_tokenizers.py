#!/usr/bin/env python3
"""Makes tests/text/golden/foreign_tokenizers.json with the Hugging Face `tokenizers` package.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install tokenizers==0.23.3
    /tmp/golden/bin/python scripts/golden/foreign_tokenizers.py

Small byte-level BPE vocabularies with the steps of GPT-2, SmolLM 2, Llama 3 and Qwen 2 (with its normalizer and, as in
GGUF files, without), learnt from our own sentences, each as the tokenizer.json that the package writes, with the ids of hostile texts. One lacks
bytes, one ignores merges and puts a token before each text, all have added tokens.
"""

import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = """\
The octopus counts its arms: 1, 2, 3, 45, 678, 9012 and 1234567 more. It's said that they've eight; we'll see.
WE'VE SEEN THEM, IT'S TRUE!  Two  spaces,   three spaces,\ttabs.\r\nA line of Windows.\r\n\r\n    An indented line.\n\n\n
"Quotes" (and brackets) -- dashes ---, dots... x = y + z; if (a != b) { return c[i]; } // done
Die Kälte über dem Fluß; l'été à la forêt; добрый вечер; 文字と言葉; 안녕하세요; שלום; สวัสดี
"""

TEXTS = [
    "", " ", "  ", "\n", "\r\n", "\t", "a", "'", "'s", "The octopus counts its arms.",
    "It's we've I'VE THEY'LL he'd 'tis O'Neil's ''s 's' don't'", "it\u2019s it'\u017f I'\u017f 'LL'll'Ll",
    "1 12 123 1234 12345 123456 1234567 3.14159 1,000,000 x2y3 4th", "\u00bd \u2167 \u0663\u0664\u0665\u0666 x\u00b2 \u2460\u2461",
    "a  b   c    d     e", "trailing   ", "   leading", " 1  2   3    4", "a1 b2  c3   d4",
    "line\nline\n\nline\n\n\nline", "line\r\nline\r\n\r\nline", " \n  \n   \n x", "end.\n\nNew", "end!?\r\n\r\nNew", "x \n y \r z",
    "\t\ttabs\tand\t spaces \t mixed", "tab\t1 tab\t'", "#include <vector>\n\n\tint x = {1};\t// y",
    "!!!??? ... --- ___ ***\n", "a.b,c;d:e!f?g", "(x)[y]{z}<w>", "snake_case camelCase https://example.org/?q=1&r=2#s",
    "non\u00a0breaking \u3000wide\u3000 next\u0085line zero\u200bwidth \u180emongolian \u2028separator \ufeffmark",
    "emoji \U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 flags \U0001f1ea\U0001f1fa\u2764\ufe0f",
    "e\u0301a\u0308 combining \u0301 alone, o\u0327\u0302", "K\u00e4lte \u00fcber Flu\u00df for\u00eat \u00e9t\u00e9",
    "\u0434\u043e\u0431\u0440\u044b\u0439 \u0432\u0435\u0447\u0435\u0440 \u6587\u5b57\u3068\u8a00\u8449 \uc548\ub155 \u1112\u1161\u11ab \u05e9\u05dc\u05d5\u05dd \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0928\u092e\u0938\u094d\u0924\u0947",
    "\x00\x01\x1b[31m\x7f control", "a" * 300, " " * 100 + "x", "\n" * 50 + "x", "!" * 70 + "\n\n", "1" * 50, "ab" * 120 + " " + "'s" * 30,
    "<|endoftext|>", "x<|endoftext|>y <|endoftext|> z", "<|endof", "<tool>call</tool> <tool>", "a<tool>1", "<|begin|>text",
    "\U00010400\U00020000 \ue000 \ufffd",
    # What normal form C changes, or almost changes.
    "A\u030a \u212b \u2126 \u2000x cafe\u0301\u0301", "a\u0301\u0323 a\u0323\u0301 \u1ea5\u0323 s\u0323\u0307", "\u0301x \n\u0301 \t\u0308",
    "\u1112\u1161\u11ab \u1112\u1161 \ud558\u11ab \uac01\u11a8", "\u0915\u093c \u0958 \u0344 \u0340 \ufb1d \u2adc \U0001d15e",
    "<|begin|>\u0301 <tool>\u0301 e<tool>\u0301", "\ufb01 \uff21 \u00bd \u2460 \u1e9b\u0323 \u017f\u0323\u0307", "q\u0307\u0323" * 20,
    "\u0627\u0653 \u0627\u0654 \u0c46\u0c56 \u0dd9\u0dcf\u0dca \u1025\u102e", "\uf900 \U0002f800 \u4e0d",
]

FILE = pathlib.Path(__file__).resolve().parents[2] / "tests" / "text" / "golden" / "foreign_tokenizers.json"

ANY_CASE = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def split(number):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(ANY_CASE + number + REST), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


STEPS = {  # of the pre-tokenizer
    "gpt2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                       pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    "llama_bpe": split(r"\p{N}{1,3}"),
    "qwen2": split(r"\p{N}"),
    "qwen2_nfc": split(r"\p{N}"),
}


def make(name):
    model = models.BPE(ignore_merges=name == "llama_bpe")
    tokenizer = Tokenizer(model)
    if name == "qwen2_nfc":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = STEPS[name]
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = [] if name == "smollm" else pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator([CORPUS], trainers.BpeTrainer(
        vocab_size=len(alphabet) + 110, initial_alphabet=alphabet, show_progress=False))
    if name == "llama_bpe":
        # A token that no merges lead to: only whole pieces become it.
        state = json.loads(tokenizer.to_str())
        state["model"]["vocab"]["\u0120octopus"] = len(state["model"]["vocab"])
        tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=False),
                                  AddedToken("<|begin|>", special=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("<tool>", special=False, normalized=False)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    if name == "llama_bpe":
        begin = tokenizer.token_to_id("<|begin|>")
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="<|begin|> $A", pair="<|begin|> $A <|begin|> $B:1",
                                          special_tokens=[("<|begin|>", begin)])])
    return tokenizer


def main():
    golden = {"texts": TEXTS, "tokenizers": {}}
    for name in STEPS:
        tokenizer = make(name)
        golden["tokenizers"][name] = {
            "file": json.loads(tokenizer.to_str()),
            "ids": [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS],
            "decoded": [tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids, skip_special_tokens=False)
                        for text in TEXTS] if name == "smollm" else None}
    FILE.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(FILE, FILE.stat().st_size)


if __name__ == "__main__":
    main()
