"""A machine with a GPU, played by scripts: the programs of Octet, nvidia-smi, the profiler and the sanitizer."""

import json
import pathlib
import stat

SUITES = {"CudaGemm": ["Multiplies", "Adds"], "CudaRows": ["Norms"], "CudaMemory": ["Copies"]}


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/usr/bin/env bash\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def document(**content):
    """A program of bench/: writes a document to the file behind --out."""
    return ('while [ $# -gt 0 ]; do [ "$1" = --out ] && file=$2; shift; done\n'
            f"cat >\"$file\" <<'JSON'\n{json.dumps(content, indent=2)}\nJSON\n")


def tests(behaviour=""):
    """GoogleTest's words for SUITES. `behaviour` runs in a process of tests before its first line."""
    listing = "".join(f"{suite}.\n" + "".join(f"  {name}\n" for name in names) for suite, names in SUITES.items())
    runs = "".join(
        f"    {suite}.\\*) " + " ".join(f"echo '[ RUN      ] {suite}.{name}'; {{ {behaviour or ':'}; }}; echo '[       OK ] {suite}.{name} (1 ms)';"
                                    for name in names) + " ;;\n" for suite, names in SUITES.items())
    return (f"if [ \"$1\" = --gtest_list_tests ]; then\ncat <<'LIST'\nRunning main() from gtest_main.cc\n{listing}LIST\nexit\nfi\n"
            'suite=${1#--gtest_filter=}\n'
            f'case $suite in\n{runs}esac\n')


def training(mode, rate, losses=(11.0, 10.5)):
    phases = {"forward_seconds": 0.1, "backward_seconds": 0.2, "optimizer_seconds": 0.01}
    return {"math": mode, "tokens_per_second": rate, "share_of_peak": 0.4, "device_memory_gib": 30.0, "phases": phases,
            "losses": list(losses)}


def training_program():
    """A training program that answers each mode with the rate of that mode."""
    rates = {"tf32": 220e3, "fp32": 40e3, "bf16": 180e3}
    cases = "".join(f"{mode})\n{document(batch=32, modes=[training(mode, rate)])};;\n" for mode, rate in rates.items())
    return ('all=("$@")\nwhile [ $# -gt 0 ]; do [ "$1" = --modes ] && mode=$2; shift; done\nset -- "${all[@]}"\n'
            f'case $mode in\n{cases}esac\n')


def octet():
    """Rates of models with 4 and 1 layers; losses of a training run."""
    def bench(layers):
        seconds = {"fp32": 1e-4 * layers + 5e-5, "int8": 2.5e-5 * layers + 2e-5, "int4": 2e-5 * layers + 2e-5}  # a token
        rows = [{"format": format, "test": test, "tokens_per_s": 1 / each}
                for format, each in seconds.items() for test in ("tg128", "pp512")]
        return json.dumps({"rows": rows})
    losses = "".join(json.dumps({"step": step, "loss": 6.0 - 0.01 * step}) + "\n" for step in range(5))
    return ("case $1 in\n--version) echo octet 0 ;;\n"
            f"bench) [[ $* == *layers=4* ]] && echo '{bench(4)}' || echo '{bench(1)}' ;;\n"
            'train) while [ $# -gt 0 ]; do [ "$1" = --out ] && folder=$2; shift; done; mkdir -p "$folder"\n'
            f"cat >\"$folder/metrics.jsonl\" <<'JSON'\n{losses}JSON\n;;\nesac\n")


PROFILE = '''==PROF== Connected to process 1
"ID","Process ID","Kernel Name","gpu__time_duration.sum","dram__bytes_read.sum","dram__bytes_write.sum"
"","","","ns","byte","byte"
"0","1","void octet::cuda::few_rows<Int8Codes, 1>(Args)","12,000","30,000,000","1,000"
"1","1","void octet::cuda::few_rows<Int8Codes, 1>(Args)","10000","30000000","1000"
"2","1","norm_rows(float const*)","2000","8000","8000"
==PROF== Disconnected
'''


class Machine:
    """Folders of a machine where everything works; tests replace what is to fail."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.programs, self.bin, self.work, self.out = (self.folder / name for name in ("programs", "bin", "work", "out"))
        script(self.programs / "octet", octet())
        script(self.programs / "tests/test_cuda_gpu", tests())
        products = [{"name": "8192^3", "form": "y = x W^T", "type": type, "tera_operations_per_second": rate}
                    for type, rate in (("int8", 1300.0), ("tf32", 360.0))]
        script(self.programs / "gpu_products", document(products=products))
        script(self.programs / "gpu_cublaslt", document(trials=[]))
        vectors = [{"format": format, "rows": rows, "share_of_copy": share, "seconds": 1e-5, "weight_gb_per_second": 3000.0}
                   for format, rows, share in (("int8", 1, 0.85), ("int4", 1, 0.7), ("int4", 8, 0.65), ("int4-weight-only", 1, 0.72))]
        script(self.programs / "gpu_vectors", document(vectors=vectors, cubes=[{"name": "int8", "tera_operations_per_second": 1100.0}]))
        script(self.programs / "gpu_ladder", "echo '| 1 naive | 900.0 |'\n")
        script(self.programs / "gpu_training", training_program())
        script(self.programs / "gpu_profile", "exit 0\n")
        script(self.bin / "nvidia-smi", 'case $* in *compute_cap*) echo 9.0 ;; *=name*) echo "NVIDIA H200" ;; *-l*) sleep 600 ;; esac\n')
        script(self.bin / "ncu", 'while [ $# -gt 0 ]; do [ "$1" = --log-file ] && file=$2; shift; done\n'
               f"cat >\"$file\" <<'CSV'\n{PROFILE}CSV\n")
        script(self.bin / "compute-sanitizer", 'while [[ $1 != /* ]]; do shift; done\n"$@"\n')
        (self.folder / "python").mkdir()  # no PyTorch, whatever this machine has
        (self.folder / "python/torch.py").write_text("raise ImportError('none here')\n")
