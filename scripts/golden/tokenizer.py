#!/usr/bin/env python3
"""Makes tests/text/golden/tokenizer.json and tokenizer_cases.json with the Hugging Face `tokenizers` package.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install tokenizers==0.23.3
    /tmp/golden/bin/python scripts/golden/tokenizer.py

The package trains a byte-level BPE vocabulary on a few sentences of our own, saves it in its own form (merges as
pairs), and encodes sample texts. The golden test trains on the same text, reads the file and encodes the samples;
all three must agree.
"""

import json
import pathlib

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

CORPUS = """\
Octet reads a text and cuts it into pieces, and the pieces into tokens. Each token stands for a few bytes that often
stand together. When two tokens are seen side by side more often than any other two, they become one new token.

It isn't hard: count the pairs, merge the best pair, count again. We've done it many times here, and we'll do it a
thousand times for a real text. The order of the merges is kept, for that order is all the encoder needs.

Numbers such as 8, 16, 255 and 1024 are pieces of their own; so are "quotes", (brackets), and -- dashes --.
\tTabs,   runs of spaces,
  and indented lines are pieces as well.

Die Häuser stehen über dem Fluß; les élèves étudient l'été; добрый день, добрый вечер; 文字と言葉と文字。
"""

VOCABULARY = 352

CASES = [
    "",
    " ",
    "The tokens are merged.",
    "the the the thethethe",
    "It's we've I'LL they're he'd 'tis",
    "a  b   c    \n\n\n d \n",
    "\t\ttabs\r\nand carriage returns\r\n",
    "1024 + 255 = 1279; 3.14159; x²; Ⅻ; ٣٤",
    "Häuser, élèves, добрый день, 文字",
    "non-breaking\u00a0space, ideographic\u3000space, next\u0085line, zero\u200bwidth, \u180emongolian",
    "emoji 😀👩‍👩‍👧 and flags 🇪🇺, e\u0301 combining",
    "\x00\x01\x7f control",
    "<|endoftext|> as text",
    "snake_case camelCase kebab-case https://example.org/?q=1&r=2",
]

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests" / "train" / "golden"


def byte_level():
    return pre_tokenizers.ByteLevel(add_prefix_space=False)


def main():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = byte_level()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 1,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CORPUS], trainer)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)

    # Encoded before the special token is added, so that its spelling is plain text.
    cases = [{"text": text, "ids": tokenizer.encode(text).ids} for text in CASES]
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=False)])

    FOLDER.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(FOLDER / "tokenizer.json"))
    golden = {"corpus": CORPUS, "vocab_size": VOCABULARY, "cases": cases}
    (FOLDER / "tokenizer_cases.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
