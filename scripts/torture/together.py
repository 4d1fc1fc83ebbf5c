"""Two commands in one folder: the second is refused and names the first, which is not harmed; and leftovers of processes whose
numbers come again, as in containers."""

import shutil
import signal
import subprocess
import time

import kills
from octet import RUN, wait_until
from read_only import readers_fail, snapshot

OTHERS = (["run", RUN], ["train", RUN], ["quantize", RUN], ["eval", RUN], ["report", RUN])
CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def refused(result, holder):
    if result.code == 1 and str(holder) in result.err and RUN in result.err:
        return []
    return [f"the second, while {holder} works there, ended with {result.code}: {result.err}"]


def second_while_first_stands(octet, reference, scenarios, folder, tally):
    """The first is stopped half-way, so that the second surely meets it. Then it goes on, or is killed and repeated."""
    rng = tally.trial()
    scenario = scenarios["run"]
    scenario.place(folder)
    watched = scenario.watch(reference, folder)
    first = octet.start(folder, scenario.arguments)
    wait_until(lambda: (folder / RUN / "checkpoints/last").exists(), first)
    time.sleep(rng.uniform(0.0, 0.5 * scenario.seconds))
    problems, unharmed = [], True
    if first.stop():
        tally.hits += 1
        second = octet.run(folder, rng.choice(OTHERS))
        problems = refused(second, first.pid) + readers_fail(octet, folder)
        before = snapshot(folder / RUN)
        unharmed = rng.random() < 0.5
        first.send(signal.SIGCONT if unharmed else signal.SIGKILL)
        result = first.wait()
        if second.code == 0 and snapshot(folder / RUN) == before:
            problems = []  # the first had done its work and was about to end
    else:
        result = first.wait()
    if not unharmed:
        problems += watched.problems()
        result = octet.run(folder, scenario.arguments)
    if result.code != 0:
        problems.append(f"the first {'was harmed' if unharmed else 'did not go on after a kill'}: {result.err}")
    problems += watched.problems() + scenario.problems_at_end(folder)
    tally.judge(folder, "a second command", problems)


def both_at_once(octet, reference, scenarios, folder, tally):
    """Started in the same moment: one is refused, or comes late enough to work after the other."""
    rng = tally.trial()
    scenario = scenarios[rng.choice(("run", "quantize", "eval", "report", "run again"))]
    scenario.place(folder)
    watched = scenario.watch(reference, folder)
    processes = [octet.start(folder, scenario.arguments)]
    time.sleep(rng.choice((0.0, 0.001, 0.005, 0.02)))
    processes.append(octet.start(folder, scenario.arguments))
    results = [process.wait() for process in processes]
    tally.hits += 1
    codes = sorted(result.code for result in results)
    problems = [] if codes == [0, 0] else [f"ended with {codes}: {[result.err for result in results]}"]
    if codes == [0, 1]:
        loser = 0 if results[0].code else 1
        problems = refused(results[loser], processes[1 - loser].pid)
    problems += watched.problems() + scenario.problems_at_end(folder)
    tally.judge(folder, f"{scenario.name} twice", problems)


def same_process_number(octet, reference, scenarios, folder, tally):
    """Each command is process 1 of a name space, so what a killed one left has the number of the next."""
    names = ("run", "train", "quantize again")
    kills.trial(octet, reference, scenarios[names[tally.trials // 3 % len(names)]], folder, tally, CONTAINER)


def phase(octet, reference, scenarios, folder, tally, wanted):
    kinds = [second_while_first_stands, both_at_once]
    if subprocess.run([*CONTAINER, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        kinds.append(same_process_number)
    else:
        tally.note("no process name spaces here")
    while tally.trials < wanted and (tally.more() or tally.trials < len(kinds)):
        if folder.exists():
            shutil.rmtree(folder)
        kinds[tally.trials % len(kinds)](octet, reference, scenarios, folder, tally)
