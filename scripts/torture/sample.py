"""The corpus and the configuration of a run that takes half a second and saves often."""

CONFIG = """\
name: t
corpus: {path: text.txt}
model: {vocabulary: 300, context: 32, width: 32, layers: 2, heads: 2, hidden: 64}
train: {steps: 24, batch: 8, eval_every: 6, save_every: 4, keep_last: 2, eval_tokens: 1024}
quantize:
  - {name: int8, bits: 8, activations: dynamic}
  - {name: int4, bits: 4, granularity: per_group, group: 32}
  - {name: static, bits: 8, activations: static}
eval: {max_windows: 8, speed: {repetitions: 1}, bootstrap: {resamples: 100}}
"""

NOUNS = "cat bird king river stone house tree".split()
VERBS = "sees loves follows finds carries".split()


def grammar_text(sentences):
    """Sentences of a tiny grammar, always the same ones."""
    state = 1

    def pick(words):
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return words[(state >> 16) % len(words)]

    return "".join(f"The {pick(NOUNS)} {pick(VERBS)} the {pick(NOUNS)}.\n" for _ in range(sentences))


def write_sample(folder):
    (folder / "text.txt").write_text(grammar_text(1200))
    (folder / "tiny.yaml").write_text(CONFIG)
