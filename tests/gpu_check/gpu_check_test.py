"""scripts/gpu_check.sh on machines that are played by scripts: what it keeps when a stage hangs, dies, leaves half a file or has no time."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

import fakes

ROOT = pathlib.Path(__file__).resolve().parents[2]


class GpuCheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.machine = fakes.Machine(folder.name)
        self.addCleanup(self.kill_processes)

    def command(self, *arguments, **environment):
        machine = self.machine
        env = {**os.environ, "PATH": f"{machine.bin}:{os.environ['PATH']}", "PYTHONPATH": str(machine.folder / "python"),
               "GPU_WORK": str(machine.work), "CUDACXX": "/no/nvcc", **environment}
        env.pop("CUDA_HOME", None)
        defaults = [] if "--programs" in arguments else ["--programs", str(machine.programs)]
        return ["bash", str(ROOT / "scripts/gpu_check.sh"), "--out", str(machine.out), *defaults, *arguments], env

    def check(self, *arguments, **environment):
        """The finished process; its output in one text."""
        command, env = self.command(*arguments, **environment)
        return subprocess.run(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)

    def processes(self):
        """What still runs of the check."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if f"GPU_WORK={self.machine.work}".encode() in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
            except OSError:
                pass  # ended meanwhile, or another user's
        return found

    def kill_processes(self):
        for process in self.processes():
            os.kill(process, signal.SIGKILL)

    def results(self):
        return json.loads((self.machine.out / "gpu.json").read_text())

    def result_of(self, stage):
        return self.results()["stages"][stage]["result"]

    def packed(self):
        with tarfile.open(self.machine.out / "gpu-results.tgz") as archive:
            return set(archive.getnames())

    def status_of(self, figure):
        return next(row["status"] for row in self.results()["figures"] if row["name"].startswith(figure))

    def test_everything_works(self):
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual({name: stage["result"] for name, stage in self.results()["stages"].items()},
                         {**dict.fromkeys(("programs", "tests", "products", "vectors", "training", "bench", "switches", "profile", "loss", "sanitizer"), "ok"),
                          "peer": "left out"})
        expected = {"int8 product 8192^3 alone": "PASS", "int8 alone against TF32": "PASS", "matrix-vector int8": "PASS",
                    "matrix-vector int4": "MISS", "GPT-2 124M training TF32": "PASS", "GPT-2 124M training FP32": "MISS",
                    "training TF32 against PyTorch": "not measured", "the same run twice": "PASS", "loss curve": "PASS",
                    # 20 layers: (2050e-6 s, 520e-6 s, 420e-6 s) a token
                    "decode 1.2 B, batch 1, int8": "PASS", "decode 1.2 B, batch 1, int4": "PASS", "prefill 512 of 1.2 B, int8 against FP32": "MISS"}
        self.assertEqual({name: self.status_of(name) for name in expected}, expected)
        gain = next(row["measured"] for row in self.results()["figures"] if "int8 against FP32" in row["name"])
        self.assertAlmostEqual(gain, 2050 / 520)
        tests = self.results()["tests"]
        self.assertEqual((tests["tests"], tests["passed"]), (4, 4))
        self.assertIn("check/tests/CudaGemm.log", self.packed())
        self.assertIn("gpu.md", self.packed())
        self.assertIn("| 1 naive | 900.0 |", (self.machine.out / "gpu.md").read_text())
        # The table is the last thing that is said.
        self.assertRegex(done.stdout, r"matrix-vector int4, of a copy +0.75 +0.7 +MISS")
        self.assertLess(done.stdout.rindex("gpu_check: sanitizer"), done.stdout.index("MISS"))

    def test_profile_adds_up_launches(self):
        self.check("--stage", "profile")
        kernels = self.results()["profiles"]["decode_int8"]
        self.assertEqual([(k["kernel"], k["launches"], k["bytes"]) for k in kernels],
                         [("few_rows<Int8Codes, 1>", 2, 60002000.0), ("norm_rows", 1, 16000.0)])
        self.assertAlmostEqual(kernels[0]["seconds"], 22e-6)

    def test_profiler_that_cannot_count_is_left_out_with_its_reason(self):
        fakes.script(self.machine.bin / "ncu", 'while [ $# -gt 0 ]; do [ "$1" = --log-file ] && file=$2; shift; done\n'
                     'echo "==ERROR== ERR_NVGPUCTRPERM: no permission" >"$file"; exit 1\n')
        fakes.script(self.machine.bin / "nsys", "exit 1\n")
        done = self.check("--stage", "profile")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.result_of("profile"), "left out")
        self.assertIn("ERR_NVGPUCTRPERM", self.results()["stages"]["profile"]["said"])

    def test_stage_that_hangs_is_killed_with_its_children(self):
        fakes.script(self.machine.programs / "gpu_products", "trap '' TERM\nsetsid sleep 600 &\nwhile :; do sleep 600; done\n")
        begun = time.monotonic()
        done = self.check("--most", "2", "--stage", "products", "--stage", "vectors")
        self.assertLess(time.monotonic() - begun, 30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("out of time", self.result_of("products"))
        self.assertEqual(self.result_of("vectors"), "ok")
        self.assertEqual(self.processes(), [], "processes were left running")

    def test_suite_that_dies_leaves_the_others(self):
        fakes.script(self.machine.programs / "tests/test_cuda_gpu", fakes.tests("[[ $suite != CudaRows* ]] || kill -SEGV $$"))
        done = self.check("--stage", "tests")
        self.assertEqual(done.returncode, 1)
        tests = self.results()["tests"]
        self.assertEqual((tests["passed"], tests["unfinished"], tests["died"]), (3, ["CudaRows.Norms"], {"CudaRows": 139}))

    def test_document_that_is_cut_off_is_told(self):
        fakes.script(self.machine.programs / "gpu_vectors", 'while [ $# -gt 0 ]; do [ "$1" = --out ] && file=$2; shift; done\n'
                     'echo \'{"vectors": [{"format": "in\' >"$file"; kill -KILL $$\n')
        fakes.script(self.machine.programs / "octet", 'case $1 in --version) ;; *) echo \'{"rows": [\'; exit 1 ;; esac\n')
        done = self.check("--stage", "vectors", "--stage", "bench", "--stage", "products")
        self.assertEqual(done.returncode, 1)
        unreadable = "\n".join(self.results()["unreadable"])
        self.assertIn("vectors.json", unreadable)
        self.assertIn("bench_4.part: the program did not end", unreadable)
        self.assertEqual(self.status_of("int8 product 8192^3 alone"), "PASS")
        self.assertIn("check/vectors.json", self.packed())
        self.assertIn("vectors.json", (self.machine.out / "gpu.md").read_text())

    def test_document_of_another_form_costs_the_page_alone(self):
        fakes.script(self.machine.programs / "gpu_training", fakes.document(batch=32, modes=[{"math": "tf32"}]))
        self.check("--stage", "training")
        self.assertIn("could not be made", (self.machine.out / "gpu.md").read_text())
        self.assertEqual(self.results()["training_tf32"]["batch"], 32)

    def test_memory_that_is_short_is_tried_once_with_a_smaller_batch(self):
        fakes.script(self.machine.programs / "gpu_training", 'echo "$*" >>"$GPU_WORK/calls"\n[[ $* == *"--batch 8 "* ]] || exit 1\n'
                     + fakes.training_program())
        done = self.check("--stage", "training")
        self.assertEqual(done.returncode, 0, done.stdout)
        calls = (self.machine.work / "calls").read_text().splitlines()
        self.assertEqual(["--batch 8 " in call for call in calls], [False, True, True, True, True])

    def test_budget_ends(self):
        fakes.script(self.machine.programs / "gpu_products", "sleep 600\n")
        begun = time.monotonic()
        done = self.check("--budget", "16", "--stage", "products", "--stage", "vectors", "--stage", "loss")
        self.assertLess(time.monotonic() - begun, 25, "the rest is for a busy machine: 42 s where the budget is not obeyed")
        self.assertEqual(done.returncode, 1)
        self.assertIn("out of time", self.result_of("products"))
        self.assertEqual(self.result_of("vectors"), "left out: no time")
        self.assertIn("not measured", done.stdout)

    def test_a_stage_alone_keeps_the_results_of_the_others(self):
        self.check("--stage", "products")
        self.check("--stage", "vectors")
        self.assertEqual(self.status_of("int8 product 8192^3 alone"), "PASS")
        self.assertEqual(self.status_of("matrix-vector int8"), "PASS")

    def signal_in_the_second_stage(self, number):
        fakes.script(self.machine.programs / "gpu_vectors", 'touch "$GPU_WORK/begun"; sleep 600\n')
        command, env = self.command("--stage", "products", "--stage", "vectors")
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (self.machine.work / "begun").exists():
            time.sleep(0.1)
        process.send_signal(number)
        process.wait(timeout=30)
        return process.returncode

    def test_stopped_by_a_signal_it_ends_everything_and_says_so(self):
        self.assertEqual(self.signal_in_the_second_stage(signal.SIGTERM), 143)
        self.assertEqual(self.result_of("gpu_check"), "failed: stopped by a signal")
        self.assertIn("check/products.json", self.packed())
        self.assertEqual(self.processes(), [], "processes were left running")

    def test_killed_it_has_packed_all_but_the_last_stage(self):
        self.assertEqual(self.signal_in_the_second_stage(signal.SIGKILL), -signal.SIGKILL)
        self.assertIn("check/products.json", self.packed())
        self.assertEqual(self.result_of("products"), "ok")

    def test_log_that_grows_while_it_is_packed_does_no_harm(self):
        real = shutil.which("tar")
        fakes.script(self.machine.bin / "tar", f'{real} "$@"\nexit 1  # as where a file has changed\n')
        self.check("--stage", "products")
        self.assertIn("check/products.json", self.packed())

    def test_without_programs_and_without_nvcc(self):
        done = self.check("--programs", str(self.machine.folder / "none"), "--stage", "products", "--stage", "tests")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("no nvcc", done.stdout)
        self.assertEqual(self.result_of("products"), "left out")

    def test_without_programs_they_are_built_from_source(self):
        script = f'[ "$1" != --build ] || {{ sleep 1; cp -r "{self.machine.programs}/." "$2"; }}\n'
        fakes.script(self.machine.bin / "cmake", 'for folder; do [ "$before" != -B ] || mkdir -p "$folder"; before=$folder; done\n' + script)
        done = self.check("--programs", str(self.machine.folder / "none"), "--stage", "products", CUDACXX="true")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual({name: stage["result"] for name, stage in self.results()["stages"].items()},
                         {"programs": "left out", "await_build": "ok", "products": "ok"})

    def test_archive_is_unpacked_with_its_libraries(self):
        (self.machine.programs / "lib").mkdir()
        (self.machine.programs / "lib/libbrought.so").write_text("")
        (self.machine.programs / "about.txt").write_text("commit 1, sources 2\n")
        fakes.script(self.machine.programs / "gpu_products", 'ls ${LD_LIBRARY_PATH%%:*} >"$GPU_RAW/seen.log"\n')
        fakes.script(self.machine.bin / "xz", "exit 1\n")  # a machine without it: Python unpacks
        for form in ("gz", "xz"):
            with self.subTest(form):
                archive = self.machine.folder / f"programs.t{form}"
                with tarfile.open(archive, f"w:{form}") as file:
                    file.add(self.machine.programs, arcname=".")
                self.check("--programs", str(archive), "--stage", "products")
                seen = self.machine.work / "check/seen.log"
                self.assertIn("libbrought.so", seen.read_text())
                seen.unlink()
                self.assertIn("was built from other sources", self.results()["machine"]["warning"])

    def test_switches_are_measured_both_ways(self):
        fakes.script(self.machine.programs / "gpu_vectors", "if [ \"${OCTET_TRY:-}\" = 5 ]; then\n"
                     + fakes.document(vectors=[{"format": "int4", "rows": 4, "seconds": 2e-5}]) + "else\n"
                     + fakes.document(vectors=[{"format": "int4", "rows": 4, "seconds": 3e-5}]) + "fi\n")
        switches = self.machine.folder / "switches.txt"
        switches.write_text("# tried both ways\nOCTET_TRY=5 gpu_vectors --rows 4\n")
        self.check("--stage", "switches", GPU_SWITCHES=str(switches))
        self.assertEqual(self.results()["switches"], [{"switch": "OCTET_TRY=5 gpu_vectors --rows 4", "rows": [
            {"what": "format int4, rows 4", "seconds": 2e-5, "seconds_without": 3e-5}]}])

    def test_switches_of_a_model_tell_the_time_of_a_token_and_share_what_is_measured_without(self):
        rows = '{"rows": [{"format": "int8", "test": "tg128", "tokens_per_s": %d}]}'
        fakes.script(self.machine.programs / "octet",
                     f"echo run >>\"$GPU_WORK/runs\"\n[ \"${{OCTET_TRY:-}}\" = on ] && echo '{rows % 500}' || echo '{rows % 250}'\n")
        switches = self.machine.folder / "switches.txt"
        switches.write_text("OCTET_TRY=on octet bench\nOCTET_OTHER=on octet bench\n")
        self.check("--stage", "switches", GPU_SWITCHES=str(switches))
        what = {"what": "format int8, test tg128", "seconds_without": 1 / 250}
        self.assertEqual([each["rows"] for each in self.results()["switches"]],
                         [[{**what, "seconds": 1 / 500}], [{**what, "seconds": 1 / 250}]])
        runs = (self.machine.work / "runs").read_text().count("run")
        self.assertEqual(runs - 1, 3, "one of the stage that finds programs")

    def test_every_switch_is_read_by_a_source(self):
        sources = "".join(path.read_text() for folder in ("tensor", "nn", "bench") for path in (ROOT / folder).rglob("*.cpp"))
        self.assertIn("std::getenv(name)", (ROOT / "tensor/cuda/runtime/switches.cpp").read_text())
        lines = (ROOT / "scripts/gpu_stages/switches.txt").read_text().splitlines()
        for variable in (line.split("=")[0] for line in lines if not line.startswith("#")):
            self.assertIn(f'("{variable}"', sources)

    def test_no_gpu_is_code_4_and_a_dry_run_passes(self):
        fakes.script(self.machine.bin / "nvidia-smi", 'echo "no devices were found"; exit 6\n')
        done = self.check()
        self.assertEqual(done.returncode, 4)
        self.assertIn("no devices were found", done.stdout)
        for name in ("gpu_products", "gpu_cublaslt", "gpu_vectors", "gpu_training", "gpu_profile", "gpu_ladder"):
            fakes.script(self.machine.programs / name, 'echo "error: no GPU" >&2; exit 4\n')
        done = self.check("--dry-run")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.result_of("products"), "needs a GPU")
        self.assertEqual(self.result_of("loss"), "ok")
        self.assertEqual({row["status"] for row in self.results()["figures"]}, {"not measured"})
        self.assertIn("A dry run", (self.machine.out / "gpu.md").read_text())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
