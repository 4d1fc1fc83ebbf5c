"""The figures to reach on an H100 or H200. Each finds its number in the document; what is missing raises one of MISSING."""

import dataclasses
import typing

MISSING = (KeyError, TypeError, IndexError, StopIteration, ZeroDivisionError, AttributeError)


def entry(table_rows, /, **wanted):
    return next(row for row in table_rows if all(row.get(key) == value for key, value in wanted.items()))


def library_cube(d, type):
    """The product alone, by cuBLASLt."""
    return entry(d["products"]["products"], name="8192^3", type=type)["tera_operations_per_second"]


def layer_cube(d, name):
    """With all that a layer does: quantized activations, scales."""
    return entry(d["vectors"]["cubes"], name=name)["tera_operations_per_second"]


def share_of_copy(d, format, rows=1):
    return entry(d["vectors"]["vectors"], format=format, rows=rows)["share_of_copy"]


def training(d, math):
    return entry(d[f"training_{math}"]["modes"], math=math)["tokens_per_second"]


def against_peer(d, math):
    """Times PyTorch's tokens per second, compiled, in the same mode."""
    return training(d, math) / d["peer"][f"training {math} compiled"]["tokens_per_second"]


LAYERS = 20  # of the model of 1.2 billion parameters


def seconds_of(bench, format, test):
    row = entry(bench["rows"], format=format, test=test)
    return int("".join(c for c in test if c.isdigit())) / row["tokens_per_s"]


def model_seconds(d, bench, format, test):
    """Of all LAYERS, from models with 4 and with 1 of them: a layer takes a third of the difference."""
    four, one = (seconds_of(d[f"{bench}_{layers}"], format, test) for layers in (4, 1))
    return four + (LAYERS - 4) * (four - one) / 3


def gain(d, format, test, baseline="bench"):
    """Against FP32 of another math mode where `baseline` names one; `format` itself keeps to FP32's, which is not the faster one."""
    return model_seconds(d, baseline, "fp32", test) / model_seconds(d, "bench", format, test)


def equal_losses(d):
    """1 where two runs had the same losses, bit for bit."""
    first, again = (entry(d[name]["modes"], math="tf32")["losses"] for name in ("training_tf32", "training_tf32_again"))
    return float(first == again)


@dataclasses.dataclass
class Figure:
    name: str
    goal: float
    unit: str
    value: typing.Callable
    card: str = ""  # the figure is for this card alone
    at_most: bool = False


FIGURES = [
    Figure("int8 product 8192^3 alone", 1200, "TOP/s", lambda d: library_cube(d, "int8")),
    Figure("the same with quantize and epilogue", 1050, "TOP/s", lambda d: layer_cube(d, "int8")),
    Figure("int8 alone against TF32 alone", 3, "x", lambda d: library_cube(d, "int8") / library_cube(d, "tf32")),
    Figure("matrix-vector int8, of a copy", 0.80, "", lambda d: share_of_copy(d, "int8")),
    Figure("matrix-vector int4, of a copy", 0.75, "", lambda d: share_of_copy(d, "int4")),
    Figure("matrix-vector weight-only int4, of a copy", 0.70, "", lambda d: share_of_copy(d, "int4-weight-only")),
    Figure("int4, 8 rows, of a copy", 0.60, "", lambda d: share_of_copy(d, "int4", 8)),
    Figure("GPT-2 124M training TF32", 215e3, "tokens/s", lambda d: training(d, "tf32"), card="H200"),
    Figure("GPT-2 124M training FP32", 50e3, "tokens/s", lambda d: training(d, "fp32"), card="H200"),
    Figure("training TF32 against PyTorch compiled", 1, "x", lambda d: against_peer(d, "tf32")),
    Figure("training FP32 against PyTorch compiled", 1, "x", lambda d: against_peer(d, "fp32")),
    Figure("decode 1.2 B, batch 1, int8 against FP32", 3.0, "x", lambda d: gain(d, "int8", "tg128")),
    Figure("decode 1.2 B, batch 1, int4 against FP32", 4.5, "x", lambda d: gain(d, "int4", "tg128")),
    Figure("prefill 512 of 1.2 B, int8 against FP32", 8, "x", lambda d: gain(d, "int8", "pp512")),
    Figure("prefill 512 of 1.2 B, int8 against TF32", 1.6, "x",
           lambda d: gain(d, "int8", "pp512", baseline="bench_tf32")),
    Figure("the same run twice: losses bit-equal", 1, "yes = 1", equal_losses),
    Figure("loss curve against the CPU, relative difference", 1e-3, "at most",
           lambda d: d["loss"]["largest_relative_difference"], at_most=True),
]


def judge(figure, document):
    """A row of the table. Its status is PASS, MISS, "not measured", or "no goal" where the figure is for another card."""
    try:
        dry = "dry_run" in document["machine"]  # which compares two CPUs
        measured = None if dry else figure.value(document)
    except MISSING:
        measured = None
    reached = measured is not None and (measured <= figure.goal if figure.at_most else measured >= figure.goal)
    other_card = bool(figure.card) and figure.card not in document["machine"].get("gpu name", "")
    status = "not measured" if measured is None else "no goal" if other_card else "PASS" if reached else "MISS"
    return {"name": figure.name, "goal": figure.goal, "unit": figure.unit, "measured": measured, "status": status, "card": figure.card}


def judge_all(document):
    return [judge(figure, document) for figure in FIGURES]
