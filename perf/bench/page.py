"""perf/RESULTS.md: each target with its figure, and the command beside the number."""

import json
import os
import subprocess
from pathlib import Path

import disk_memif
import disk_memory
import disks
import durable
import hardship
import profiles
import rules
import targets
from servers import NO_PEERS, PROJECT
from storms import SWARM


def read(path):
    return json.loads(Path(path).read_text())


def report(path, results, work):
    """The HTML report of several runs."""
    files = []
    for number, result in enumerate(results):
        files.append(work / f"report-{number}.json")
        files[-1].write_text(json.dumps(result))
    if files:
        subprocess.run([SWARM, "report", *files, "--html", path], check=True)


def machine_text():
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), "?")
    return f"{os.cpu_count()} CPUs ({cpu}), Linux {os.uname().release}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def rates(rounds, field, median):
    """(median, least, most) of a field over the rounds."""
    values = [figures[field] for figures in rounds]
    return median(values), min(values), max(values)


def compared(figures, field, unit, median, best_of):
    """A row for each server: median of the rounds, their range, ratio of the medians."""
    if "reveille" not in figures:
        return "reveille did not run.\n"
    own = rates(figures["reveille"], field, median)[0]
    rows = []
    for name, rounds in figures.items():
        middle, least, most = rates(rounds, field, median)
        failed = sum(each["failed"] for each in rounds)
        ratio = f"{own / middle:.2f}" if middle else "-"
        p99 = median(each["latency"]["block" if field == "mb_per_s" else "dhcp_reply"]["p99_ms"]
                     for each in rounds)
        rows.append((name, f"{middle:.0f}", f"{least:.0f} to {most:.0f}", f"{p99:.2f}", failed,
                     ratio))
    return table(("server", unit, "range", "p99 ms", "failed", "reveille is x times"), rows) + \
        f"\nBest peer: {best_of(figures)}.\n"


def best_peer(figures, field, median):
    peers = {name: rates(rounds, field, median)[0] for name, rounds in figures.items()
             if name not in NO_PEERS}
    return max(peers, key=peers.get) if peers else "none ran"


def boots(found):
    rows = [(name, f"{each['booted']} of {max(each['machines'], each['powered_on'])}",
             ", ".join(f"{count} {why}" for why, count in each["failures"].items()) or 0,
             f"{each['boot_s']['p50']:.2f}", f"{each['boot_s']['p99']:.2f}",
             f"{each['boot_s']['last']:.2f}", f"{each['mb_per_s']:.0f}", each["retransmissions"],
             each["answered_twice"]) for name, each in found.items()]
    return table(("server", "booted", "failed", "p50 s", "p99 s", "last s", "MB/s",
                  "retransmissions", "answered twice"), rows)


def command_of(found):
    for each in found.values() if isinstance(found, dict) else found:
        if isinstance(each, list):
            each = each[0]
        if "command" in each:
            return f"    {each['command']}\n"
    return ""


def spread(values, median, unit=""):
    """"3423 (3391 to 3500) MB/s", "3423 MB/s" of one round, or a dash."""
    if not values:
        return "-"
    span = f" ({min(values):.0f} to {max(values):.0f})" if len(values) > 1 else ""
    return f"{median(values):.0f}{span} {unit}".strip()


def share_of(part, whole, median):
    return f"{100 * median(part) / median(whole):.0f} %" if part and whole and median(whole) else "-"


def memif_text(found, median):
    rows = []
    for what, field, unit in (("tftp", "mb_per_s", "MB/s"), ("dhcp", "dora_per_s", "DORA/s")):
        own = [each[field] for each in found.get(what, ())]
        most = [each[field] for each in found.get(f"ceiling {what}", ())]
        if own:
            rows.append((what, spread(own, median, unit), spread(most, median, unit),
                         share_of(own, most, median), sum(each["failed"] for each in found[what])))
    return table(("part", "reveille", "swarm's ceiling (ideal server)", "share", "failed"), rows) \
        if rows else "Not measured.\n"


def testpmd_text(figures, median):
    """Frames that testpmd sends back a second, and the blocks that reveille answers with."""
    rows = []
    for port, most, rounds in (
            ("memif", figures["memif"].get("testpmd"), figures["memif"].get("tftp", ())),
            ("veth", figures["testpmd"].get("testpmd"), figures["testpmd"].get("reveille", ()))):
        own = [each["blocks_per_s"] for each in rounds]
        if most or own:
            rows.append((port, spread(most, median), spread(own, median),
                         share_of(own, most, median)))
    return table(("port", "testpmd macswap, frames/s of 1502 octets", "reveille, blocks/s of 1456",
                  "share"), rows) if rows else "Not measured.\n"


def overload_text(found, median):
    """Shares of the strangers' rows are medians of those of single rounds."""
    rows = []
    for name, each in found.items():
        if name != "half-open":
            server = "reveille" if name == "carried" else name
            rows.append((f"DHCP of {server} at {each['times']} times its peak, DORA/s",
                         spread(each["peaks"], median), *hardship.shown(each)))
            continue
        for what, field in (("TFTP beside 10 000 half-open requests", "flood"),
                            ("TFTP beside the same frames to a port that nobody serves",
                             "nobody")):
            rows.append((f"{what}, MB/s", spread(each["peak"], median),
                         spread(each[field], median),
                         f"{targets.shares(each, field, median):.0f} %", "-", "-"))
    commands = [each for each in found.values() if "command" in each]
    return table(("what", "peak", "under overload", "share of the round's peak",
                  "frames without room on the wire", "a server without work"), rows) + "\n" + command_of(commands)


def perfdhcp_text(found):
    return table(("server", "offered a second", "completed a second"),
                 [(name, each["offered"], f"{each['completed']:.0f}")
                  for name, each in found.items()])


def footprint_text(found):
    return table(("server", "seconds until it serves", "memory, MB", "CPU when idle, %"),
                 [(name, f"{each['start_s']:.2f}", f"{each['memory_mb']:.0f}",
                   f"{each['idle_percent']:.1f}") for name, each in found.items()])


def text(figures, arguments, median):
    parts = [
        "# Results\n",
        f"Made by `perf/run --rounds {arguments.rounds} --seconds {arguments.seconds}` on "
        f"{machine_text()}. Load average at start and end: {figures['load'][0]:.1f}, "
        f"{figures['load'][1]:.1f}"
        + (" - **more ran on this machine than the measurement: only the ratios mean something**"
           if max(figures["load"]) > 3 else "") +
        f". It took {figures['minutes']:.0f} minutes.\n",
        "Rounds are interleaved; figures are medians of them. The server has one CPU, the swarm "
        "another. The ceiling is the swarm against a server that does no work, over the same "
        "port. Every byte of TFTP is compared with the file.\n",
        figures["cpus"],
        "## Targets\n",
        table(("target", "asked", "measured", ""), targets.rows(figures, median)),
        (PROJECT / "perf/bench/remarks.md").read_text(),
    ]
    for clients, found in figures["tftp"].items():
        parts += [f"## TFTP over veth, {clients} clients (target 3)\n",
                  compared(found, "mb_per_s", "MB/s", median,
                           lambda each: best_peer(each, "mb_per_s", median)), command_of(found)]
    parts += ["## 1000 machines at once, each once (target 3)\n", boots(figures["finishing"]),
              command_of(figures["finishing"]),
              "## DHCP over veth (target 4)\n",
              compared(figures["dhcp"], "dora_per_s", "DORA/s", median,
                       lambda each: best_peer(each, "dora_per_s", median)),
              command_of(figures["dhcp"]),
              "## Leases on disk, DHCP over veth\n",
              durable.text(figures["durable"], table),
              "## memif, one core each (targets 2 and 4)\n", memif_text(figures["memif"], median),
              command_of(figures["memif"].get("tftp", ())),
              "## testpmd on the same ports (targets 2 and 3)\n", testpmd_text(figures, median),
              "## Disks: AoE over veth, beside vblade\n",
              disks.page(figures["disks"], table, median),
              "## Disks: AoE over memif, one core each\n",
              disk_memif.page(figures["disk-memif"], table, median),
              "## Disks: memory of a thousand clients of one image of 4 GiB\n",
              disk_memory.page(figures["disk-memory"], table),
              "## Ten thousand rules, DHCP over veth\n",
              rules.text(figures["rules"], table, median),
              "## Overload (target 8)\n", overload_text(figures["overload"], median),
              "## Where the time goes (targets 2, 4, 8 and the disks)\n",
              profiles.text(figures["profiles"], table),
              "## perfdhcp, the load generator of Kea (target 4)\n",
              perfdhcp_text(figures["perfdhcp"]),
              "## A server that nobody asks (target 10)\n",
              footprint_text(figures["footprint"]),
              "## The storm: within one second, two relays, 1 % loss each way (target 7)\n",
              boots({label: targets.middle(each) for label, each in figures["storm"].items()}),
              command_of(figures["storm"]),
              "## Whole workers on a null port, and the engines alone (targets 1, 4, 5, 6 and "
              "9)\n"]
    for name, output in figures["micro"].items():
        parts.append(f"`build/perf/{name}`\n\n```\n{output}\n```\n")
    return "\n".join(parts)
