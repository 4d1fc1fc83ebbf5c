"""Counting what was tried and what went wrong."""

import random
import shutil
import time


class Tally:
    """One phase: its counts, its failures, and when it must end."""

    MOST_SHOWN = 20

    def __init__(self, name, options, seconds):
        self.name, self.options = name, options
        self.deadline = time.monotonic() + seconds if seconds else None
        self.trials, self.hits, self.failures, self.notes = 0, 0, 0, []

    def more(self):
        return self.deadline is None or time.monotonic() < self.deadline

    def trial(self):
        """A random generator of its own for every trial, so that --seed repeats the choices."""
        self.trials += 1
        return random.Random(f"{self.options.seed} {self.name} {self.trials}")

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def judge(self, place, what, problems):
        """Records the problems of a trial, and keeps its folder where that was wanted. True where there are none."""
        problems = list(problems)
        if problems:
            self.failures += 1
            if self.failures <= self.MOST_SHOWN:
                print(f"FAILED {self.name} {self.trials}: {what}")
                for problem in problems[:8]:
                    print(f"  {problem}")
                if self.options.keep:
                    kept = place.with_name(f"{self.name}-{self.trials}")
                    shutil.copytree(place, kept, dirs_exist_ok=True)
                    print(f"  kept: {kept}")
        return not problems

    def row(self):
        return f"{self.name:<14}{self.trials:>8}{self.hits:>8}{self.failures:>10}  {'; '.join(self.notes)}"


HEADER = f"{'phase':<14}{'trials':>8}{'hits':>8}{'failures':>10}"
