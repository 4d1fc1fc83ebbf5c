"""What may lie in a run folder: while it is worked on, and at the end."""

import hashlib
import json
import re

from octet import RUN

SAVING = ("save_every", "keep_last", "resume")  # settings of the training that do not change its result
TIMES = {"ms", "tok_s", "rss_mb", "time", "seconds", "tokens_per_s", "share_of_fp32_peak", "created", "command",
         "prefill_tokens_per_s", "decode_tokens_per_s", "prefill_speedup", "decode_speedup",
         "quantize_seconds", "machine_limits", "roofs"}
SPEED_IN_WORDS = {"title", "caption"}  # of the chart with the limits of the machine
# Files with times in them; report.md and report.html show what report.json holds.
UNLIKE = re.compile(r"train\.log|report\.(md|html)|charts/(speed|roofline)\..*|.*lock.*")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def without_times(value):
    if isinstance(value, dict):
        measured = TIMES | (SPEED_IN_WORDS if value.get("name") == "roofline" else set())
        return {key: without_times(item) for key, item in value.items() if key not in measured}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def content(path, name):
    """What must be equal in two runs."""
    if name == "metrics.jsonl":
        return [without_times(json.loads(line)) for line in path.read_text().splitlines()]
    if name.split("/")[-1] in ("report.json", "coverage.json"):
        return without_times(json.loads(path.read_text()))
    return digest(path)


def files_of(run):
    return {str(path.relative_to(run)): path for path in sorted(run.rglob("*")) if not path.is_dir()}


def end_of(run):
    """Everything in the folder, but for times."""
    return {name: None if UNLIKE.fullmatch(name) else content(path, name) for name, path in files_of(run).items()}


def differences(got, expected):
    """In words."""
    problems = [f"{name} is missing" for name in expected.keys() - got.keys()]
    problems += [f"{name} is left over" for name in got.keys() - expected.keys()]
    problems += [f"{name} differs" for name in got.keys() & expected.keys() if got[name] != expected[name]]
    return sorted(problems)


def state_of(checkpoint):
    state = json.loads((checkpoint / "trainer.json").read_text())
    for key in SAVING:
        state["train"].pop(key, None)
    return state


def checkpoint_content(checkpoint):
    """All files of a checkpoint. OSError or ValueError where one is missing or torn."""
    names = ("model.safetensors", "trainer.safetensors", "config.json", "tokenizer.json")
    return {**{name: digest(checkpoint / name) for name in names}, "trainer.json": state_of(checkpoint)}


def hidden(path):
    return path.name.startswith(".")


class Reference:
    """What uninterrupted commands leave: the checkpoint after every step, and the end of a whole run."""

    def __init__(self, octet, folder):
        octet.run(folder, ["train", "tiny.yaml", "--out", "every", "train.save_every=1", "train.keep_last=1000"])
        self.checkpoints = {}
        for checkpoint in (folder / "every/checkpoints").glob("step-*"):
            content_of_it = checkpoint_content(checkpoint)
            self.checkpoints[content_of_it["trainer.json"]["step"]] = content_of_it
        result = octet.run(folder, ["run", "tiny.yaml", "--out", RUN])
        if result.code != 0:
            raise SystemExit(f"error: torture: the uninterrupted run failed: {result.err}")
        self.finished = end_of(folder / RUN)
        self.report = content(folder / RUN / "report.json", "report.json")
        self.metrics = content(folder / RUN / "metrics.jsonl", "metrics.jsonl")


class Watched:
    """A run folder that is looked at after every blow: what has a final name is whole, and what was there stays."""

    def __init__(self, reference, run, monotone=True):
        self.reference, self.run, self.monotone = reference, run, monotone
        self.step, self.things = 0, set()

    def problems(self):
        found = [*self._checkpoints(), *self._quantized(), *self._report(), *self._metrics(), *self._pages()]
        return found + (self._lost() if self.monotone else [])

    def _checkpoints(self):
        for checkpoint in self._folders("checkpoints"):
            try:
                got = checkpoint_content(checkpoint)
            except (OSError, ValueError, KeyError) as error:
                yield f"{checkpoint.name} is not whole: {error}"
                continue
            if got != self.reference.checkpoints.get(got["trainer.json"]["step"]):
                yield f"{checkpoint.name} is not the checkpoint of step {got['trainer.json']['step']}"

    def _quantized(self):
        for folder in self._folders("quantized"):
            prefix = f"quantized/{folder.name}/"
            expected = {name: value for name, value in self.reference.finished.items() if name.startswith(prefix)}
            try:
                got = {prefix + name: content(path, name) for name, path in files_of(folder).items()}
            except ValueError as error:
                yield f"{prefix}coverage.json is not whole: {error}"
                continue
            yield from differences(got, expected)

    def _report(self):
        path = self.run / "report.json"
        if not path.exists():
            return
        try:
            got = content(path, "report.json")
        except ValueError as error:
            yield f"report.json is not whole: {error}"
            return
        # Charts come in the stage after.
        keys = [key for key in self.reference.report if key not in ("charts", "notices")]
        yield from (f"report.json: {key} differs" for key in keys if got.get(key) != self.reference.report[key])

    def _metrics(self):
        path = self.run / "metrics.jsonl"
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        try:
            if [without_times(json.loads(line)) for line in lines] != self.reference.metrics[: len(lines)]:
                yield "metrics.jsonl differs"
        except ValueError as error:
            yield f"metrics.jsonl: a line is torn: {error}"

    def _pages(self):
        ends = {"report.html": "</html>", "report.md": "", "config.yaml": "# end"}
        ends.update({str(path.relative_to(self.run)): "</svg>" for path in self._folders("charts", "*.svg")})
        for name, end in ends.items():
            path = self.run / name
            if path.exists():
                text = path.read_text(errors="replace")
                if not text or not text.rstrip().endswith(end):
                    yield f"{name} is not whole"

    def _lost(self):
        checkpoints = [path for path in self._folders("checkpoints") if (path / "trainer.json").exists()]
        step = max((state_of(path)["step"] for path in checkpoints), default=0)
        things = {f"quantized/{path.name}" for path in self._folders("quantized")}
        # Put aside for a moment, on file systems that cannot exchange two folders; the next command restores it.
        things |= {f"quantized/{path.name[1:].split('.old-')[0]}" for path in self.run.glob("quantized/.*.old-*")}
        things |= {name for name in ("report.json", "report.html", "report.md", "config.yaml")
                   if (self.run / name).exists()}
        lost = [f"{thing} was there and is lost" for thing in sorted(self.things - things)]
        if step < self.step:
            lost.append(f"the checkpoint of step {self.step} was there, now the newest is {step}")
        self.step, self.things = max(step, self.step), self.things | things
        return lost

    def _folders(self, parent, pattern="*"):
        return [path for path in sorted((self.run / parent).glob(pattern)) if not hidden(path)]
