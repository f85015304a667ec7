"""Whether the two CPUs of the measurements share a cache at the moment.

The host of a virtual machine moves its CPUs about. While they share no cache a frame in shared
memory takes several times as long from one to the other, and what is measured is the host."""

import statistics
import subprocess
import time

from servers import CPU, PROJECT, SWARM_CPU

PROGRAM = PROJECT / "build/perf/cpu-distance"
NEAR_NS = 150
TRIES = 3
WAIT = 3  # seconds, for the host to move them together
# Where they have never been near after so many looks they are not waited for.
ENOUGH_LOOKS = 20
# Seconds of a whole run that may go into waiting and measuring again.
BUDGET = 300


class Cpus:
    def __init__(self):
        self.looks = []  # nanoseconds
        self.repeated = 0
        self.kept_far = 0
        self.budget = BUDGET

    def near(self):
        """Also where nobody knows."""
        if SWARM_CPU == CPU:
            return True
        try:
            done = subprocess.run([str(PROGRAM), str(SWARM_CPU), str(CPU)], capture_output=True,
                                  text=True, timeout=10, check=True, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError):
            return True
        self.looks.append(float(done.stdout))
        return self.looks[-1] < NEAR_NS

    def never_near(self):
        return len(self.looks) >= ENOUGH_LOOKS and min(self.looks) >= NEAR_NS

    def hopeless(self):
        return self.never_near() or self.budget <= 0

    def wait(self):
        """Whether they are near now, or have come together within a while."""
        begin = time.monotonic()
        near = self.near()
        while not near and not self.hopeless() and time.monotonic() - begin < WAIT:
            time.sleep(0.2)
            near = self.near()
        self.budget -= time.monotonic() - begin
        return near

    def while_near(self, measure):
        """What measure() gives when they were near before and after; else, after some tries, what
        it gave last."""
        for tries_left in reversed(range(TRIES)):
            near_before = self.wait()
            begin = time.monotonic()
            found = measure()
            if self.near() and near_before:
                return found
            if tries_left == 0 or self.hopeless():
                break
            self.repeated += 1
            self.budget -= time.monotonic() - begin
        self.kept_far += 1
        return found

    def text(self):
        """For the page."""
        if not self.looks:
            return ""
        far = [look for look in self.looks if look >= NEAR_NS]
        near = [look for look in self.looks if look < NEAR_NS]
        words = [f"{name} {statistics.median(looks):.0f} ns" for name, looks in
                 (("near", near), ("far", far)) if looks]
        return (f"A cache line took {' or '.join(words)} from one CPU to the other and back "
                f"(`build/perf/cpu-distance {SWARM_CPU} {CPU}`), far in {len(far)} of "
                f"{len(self.looks)} looks. What compares servers, or a server and a port, was taken "
                f"again when they were far before or after: {self.repeated} measurements were, "
                f"and {self.kept_far} were kept all the same.\n")
