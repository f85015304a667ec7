"""Every test there is, in parts with a time limit each, counted one by one. See scripts/test.

Real clients wait for timers half of the time: what the parts after them need is compiled then, by a
process of the lowest priority.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
CORES = os.cpu_count() or 1
FUZZ_SECONDS = 30
OUTPUT_LINES = 150  # of a failed test

# Tests of what several threads do together run once more under ThreadSanitizer. DPDK's own library
# is not instrumented; tests/worker/race_detector.h says in our code what order its rings keep.
THREADED = ("idle", "image", "store", "worker", "worker-parts")

# Programs that run once more under AddressSanitizer and UndefinedBehaviorSanitizer: codecs, tables,
# engines, the store, and whole workers. Configuration and log meet the same sanitizers in the fuzz
# part, which replays their corpora first.
SANITIZED = ("aoe", "dhcp-allocation", "dhcp-boot", "dhcp-server", "idle", "image", "link",
             "names", "packet", "policy", "relay", "sim", "store", "store-crash", "table", "text",
             "tftp", "wire", "worker", "worker-parts")

SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


@dataclasses.dataclass
class Result:
    name: str
    verdict: str  # passed, failed or skipped
    seconds: float = 0.0
    output: str = ""


class Ended(Exception):
    """A signal asked us to stop."""


def end_on_signals():
    def leave(number, _):
        raise Ended(number)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, leave)


def run(argv, limit, environment=None):
    """(status, output, seconds); status is None when the time ran out."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([str(part) for part in argv], cwd=PROJECT,
                                   stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, process_group=0,
                                   env=dict(os.environ, **(environment or {})))
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            end(process)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if status is None:
        text += f"\nno end after {limit} s\n"
    return status, text, time.monotonic() - begin


def end(process):
    """Ends what we started, and what it started, if it still runs."""
    for number, patience in ((signal.SIGTERM, 30), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass


def single(name, argv, limit, environment=None):
    """A program whose exit status is its verdict."""
    status, output, seconds = run(argv, limit, environment)
    return Result(name, "passed" if status == 0 else "failed", seconds, output)


def from_json(name, argv, limit):
    """A program that writes its results with --json FILE."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        status, output, seconds = run([*argv, "--json", file.name], limit)
        try:
            results = [Result(**entry) for entry in json.load(file)]
        except json.JSONDecodeError:
            results = []
    if status != 0 and not any(result.verdict == "failed" for result in results):
        results.append(Result(name, "failed", seconds, output))
    return results


# ---- unit tests, as meson knows them

def meson_tests(build):
    """The tests of a build: [{name, cmd, protocol, suite, timeout, env ...}]."""
    done = subprocess.run(["meson", "introspect", "--tests", str(build)], check=True,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout)


def unit_test(label, test):
    """One test program: a result for each gtest case in it, or one for the whole."""
    environment = dict(test["env"], **SANITIZER_ENVIRONMENT)
    argv = [*fixed_addresses(), *test["cmd"]]
    name = f"{label} {test['name']}"
    limit = test["timeout"] * (1 if label == "unit" else 4)
    if test["protocol"] != "gtest":
        return [single(name, argv, limit, environment)]
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        status, output, seconds = run([*argv, f"--gtest_output=json:{file.name}"], limit,
                                      environment)
        try:
            suites = json.load(file)["testsuites"]
        except json.JSONDecodeError:  # it died before its end
            return [Result(name, "failed", seconds, output)]
    results = [gtest_result(name, case) for suite in suites for case in suite["testsuite"]]
    if status != 0 and not any(result.verdict == "failed" for result in results):
        results.append(Result(name, "failed", seconds, output))  # a leak, found at exit
    return results


def gtest_result(program, case):
    failures = "\n".join(failure["failure"] for failure in case.get("failures", ()))
    skipped = case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN"
    verdict = "failed" if failures else "skipped" if skipped else "passed"
    return Result(f"{program} {case['classname']}.{case['name']}", verdict,
                  float(case["time"].rstrip("s")), failures)


def fixed_addresses():
    """The sanitizers of clang 14 get lost where the kernel randomises too many bits."""
    argv = ["setarch", os.uname().machine, "--addr-no-randomize"]
    probe = subprocess.run([*argv, "true"], capture_output=True)
    return argv if probe.returncode == 0 else []


def unit_tests(label, build, wanted=lambda test: True):
    tests = [test for test in meson_tests(PROJECT / build) if wanted(test)]
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        return [result for results in pool.map(lambda test: unit_test(label, test), tests)
                for result in results]


def is_threaded(test):
    return test["name"] in THREADED or any("threads" in suite for suite in test["suite"])


def is_sanitized(test):
    return test["name"] in SANITIZED


def is_fuzzer(test):
    return any("fuzz" in suite for suite in test["suite"])


def compiled(kind, limit, wanted):
    """Builds those test programs with a sanitizer."""
    build = PROJECT / f"build-{kind}"
    ready = single(f"configure {kind}", ["scripts/build", kind, "build.ninja"], limit)
    if ready.verdict == "failed":
        return ready
    # As ninja names them.
    targets = [os.path.relpath(test["cmd"][0], build)
               for test in meson_tests(build) if wanted(test)]
    return single(f"build {kind}", ["scripts/build", kind, *targets], limit)


def sanitized(kind, limit, wanted):
    """Builds those test programs with a sanitizer, and runs them."""
    built = compiled(kind, limit, wanted)
    if built.verdict == "failed":
        return [built]
    return [built, *unit_tests(kind, f"build-{kind}", wanted)]


# ---- compiling beside real clients

# What these parts run, in their order: (build, its test programs).
COMPILED = {
    "asan": ("asan", is_sanitized),
    "tsan": ("tsan", is_threaded),
    "fuzz": ("asan", is_fuzzer),
}


def compile_for(parts):
    """0 if all went well, else 1; its part builds what failed once more, and tells of it."""
    built = [compiled(kind, PARTS[name][1], wanted)
             for name in parts for kind, wanted in [COMPILED[name]]]
    return 1 if any(result.verdict == "failed" for result in built) else 0


class Ahead:
    """Another process of this program that compiles for those parts, on time that nobody wants."""

    def __init__(self, parts):
        argv = [sys.executable, "-B", __file__, "--only", ",".join(parts), "--compile"]
        self._process = subprocess.Popen(argv, cwd=PROJECT, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                         start_new_session=True)

    def finish(self):
        """Nothing else of ours runs now: it competes like any other program."""
        share_by_session(self._process.pid, 0)
        self._process.wait()

    def end(self):
        end(self._process)


def give_way():
    """Leaves the processors to everybody else, also where the kernel shares them by session."""
    os.nice(19)
    share_by_session(os.getpid(), 19)


def share_by_session(process, nice):
    with contextlib.suppress(OSError):
        Path(f"/proc/{process}/autogroup").write_text(str(nice))


# ---- the parts

def part_build(limit):
    return [single("build release", ["scripts/build", "release"], limit)]


def part_check(limit):
    return from_json("check", ["scripts/check"], limit)


def part_unit(_):
    return unit_tests("unit", "build")


def part_asan(limit):
    return sanitized("asan", limit, is_sanitized)


def part_tsan(limit):
    return sanitized("tsan", limit, is_threaded)


def part_fuzz(limit):
    return from_json("fuzz", ["tests/fuzz/run", "--seconds", FUZZ_SECONDS, "--jobs", CORES], limit)


def part_real(limit):
    return from_json("real clients", ["tests/real/run", "--jobs", CORES], limit)


# name: (function, time limit in seconds, left out by --quick)
PARTS = {
    "build": (part_build, 1800, False),
    "check": (part_check, 600, False),
    "unit": (part_unit, 600, False),
    "real": (part_real, 2400, True),
    "asan": (part_asan, 1800, False),
    "tsan": (part_tsan, 1200, False),
    "fuzz": (part_fuzz, 900, True),
}


def said(output):
    """What a failed program said, without the lines of the cases that went well."""
    lines = [line for line in output.splitlines()
             if not line.startswith(("[ RUN ", "[       OK ", "[----------]"))]
    return lines if len(lines) <= OUTPUT_LINES else ["..."] + lines[-OUTPUT_LINES:]


def show(name, results, seconds):
    counts = count(results)
    line = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    print(f"{name:8} {seconds:7.1f} s  {line or 'nothing to do'}", flush=True)
    for result in results:
        if result.verdict == "failed":
            print(f"  FAILED {result.name} ({result.seconds:.1f} s)")
            print("\n".join(f"    {line}" for line in said(result.output)), flush=True)


def count(results):
    return {verdict: sum(result.verdict == verdict for result in results)
            for verdict in ("passed", "failed", "skipped")}


def main():
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="no fuzzing, no real clients")
    parser.add_argument("--only", metavar="PART,...", help=f"of: {', '.join(PARTS)}")
    parser.add_argument("--compile", action="store_true", help="run nothing: compile what "
                        f"{', '.join(COMPILED)} need, on time that nobody else wants")
    arguments = parser.parse_args()
    only = arguments.only.split(",") if arguments.only else None
    if only and (unknown := set(only) - set(PARTS)):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    chosen = [name for name, (_, _, thorough) in PARTS.items()
              if not (only and name not in only) and not (arguments.quick and thorough)]
    later = [name for name in chosen if name in COMPILED]
    end_on_signals()

    results, ahead = [], None
    try:
        if arguments.compile:
            give_way()
            return compile_for(later)
        for name in chosen:
            part, limit, _ = PARTS[name]
            begin = time.monotonic()
            if ahead:
                ahead.finish()
            elif name == "real" and later:
                ahead = Ahead(later)
            done = part(limit)
            show(name, done, time.monotonic() - begin)
            results += done
            if name == "build" and done[0].verdict == "failed":
                break
    except Ended as signalled:
        print("interrupted")
        return 128 + signalled.args[0]
    finally:
        if ahead:
            ahead.end()
    total = count(results)
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
