"""Each target with its figure beside it, and whether it is met."""

import re
import statistics

import disk_memif
import disk_memory
import hardship
from servers import NO_PEERS

NOT_MEASURED = "not measured"


def verdict(met):
    return {True: "met", False: "**missed**", None: "-"}[met]


def median_of(rounds, field, median):
    values = [figures[field] for figures in rounds or () if figures]
    return median(values) if values else None


def span(figures, field, decimals=0):
    """The range beside a median of worker-bench."""
    least, most = figures[f"{field}_range"]
    return f"({least:.{decimals}f} to {most:.{decimals}f})"


def per_cent(part, whole):
    return 100 * part / whole if part is not None and whole else None


def worker_ack(figures):
    found = [each for each in figures["worker"].get("ack", ())
             if each["block"] == 1456 and each["transfers"] == 10_000]
    if not found:
        return NOT_MEASURED, None
    return f"{found[0]['cycles']:.0f} cycles {span(found[0], 'cycles')}", found[0]["cycles"] <= 160


def beside_testpmd(found, own_rounds, median):
    """(reveille's blocks a second, testpmd's frames), None for what was not measured."""
    rates = found.get("testpmd")
    return median_of(own_rounds, "blocks_per_s", median), median(rates) if rates else None


def memif(figures, median):
    own, most = beside_testpmd(figures["memif"], figures["memif"].get("tftp"), median)
    share = per_cent(own, most)
    if share is None:
        return NOT_MEASURED, None
    ceiling = per_cent(own, median_of(figures["memif"].get("ceiling tftp"), "blocks_per_s", median))
    return (f"{own / 1e3:.0f} of {most / 1e3:.0f} thousand frames a second: {share:.0f} %"
            + (f"; {ceiling:.0f} % of the swarm's ceiling" if ceiling is not None else "")), \
        share >= 60


def veth_ratio(figures, clients, median):
    found = figures["tftp"].get(clients, {})
    own = median_of(found.get("reveille"), "mb_per_s", median)
    peers = {name: median_of(rounds, "mb_per_s", median) for name, rounds in found.items()
             if name not in NO_PEERS}
    if not own or not peers:
        return NOT_MEASURED, None
    best = max(peers, key=peers.get)
    ratio = own / peers[best] if peers[best] else float("inf")
    return f"{ratio:.2f} times {best}", ratio >= 2.5


def veth_share(figures, median):
    own, most = beside_testpmd(figures["testpmd"], figures["testpmd"].get("reveille"), median)
    share = per_cent(own, most)
    if share is None:
        return NOT_MEASURED, None
    return f"{share:.0f} % of {most / 1e3:.0f} thousand frames a second", share >= 80


def all_finish(figures):
    found = figures["finishing"].get("reveille")
    if not found:
        return NOT_MEASURED, None
    return f"{found['booted']} of {found['machines']}, the last after " \
           f"{found['boot_s']['last']:.1f} s", found["failed"] == 0


def dhcp_worker(figures):
    found = figures["worker"].get("dhcp", ())
    if not found:
        return NOT_MEASURED, None
    first = found[0]
    return (f"{first['dora_per_s'] / 1e3:.0f} thousand DORA/s a core at {first['leases']} leases "
            f"({(first['discover'] + first['request']) / 2:.0f} cycles a message)"), \
        first["dora_per_s"] >= 1e6


def dhcp_memif(figures, median):
    own = median_of(figures["memif"].get("dhcp"), "dora_per_s", median)
    share = per_cent(own, median_of(figures["memif"].get("ceiling dhcp"), "dora_per_s", median))
    if share is None:
        return NOT_MEASURED, None
    return f"{own:.0f} DORA/s, {share:.0f} % of the swarm's ceiling", share >= 95


def dhcp_kea(figures, median):
    own = median_of(figures["dhcp"].get("reveille"), "dora_per_s", median)
    kea = median_of(figures["dhcp"].get("Kea"), "dora_per_s", median)
    most = median_of(figures["dhcp"].get("ceiling"), "dora_per_s", median)
    if not own or not kea:
        return NOT_MEASURED, None
    share = per_cent(own, most)
    return f"{own / kea:.1f} times Kea, {share or 0:.0f} % of the swarm's ceiling", \
        own / kea >= 20 or (share is not None and share >= 95)


def latency(figures):
    found = figures["worker"].get("latency")
    if not found or not found["rounds"]:
        return (NOT_MEASURED, None), (NOT_MEASURED, None)
    # A whole storm has no longer gap: the worst round counts.
    worker, bare = found["worker"], found["bare_loop"]
    return (f"{found['p99_us']:.1f} us {span(found, 'p99_us', 1)}", found["p99_us"] < 50), \
        (f"{worker['longest_us_range'][1]:.0f} us; a loop that does nothing: "
         f"{bare['longest_us_range'][1]:.0f} us", worker["longest_us_range"][1] < 100)


def two_workers(figures):
    found = figures["worker"].get("workers")
    if not found:
        return NOT_MEASURED, None
    return (f"{found['ratio']:.2f} times {span(found, 'ratio', 2)}; two programs that share "
            f"nothing: {found['apart_ratio']:.2f} times"), found["ratio"] >= 1.8


def storm(figures):
    own, calm = figures["storm"].get("reveille, memif"), figures["storm"].get("reveille, no loss")
    if not own:
        return (NOT_MEASURED, None), (NOT_MEASURED, None)
    failed = sum(each["failed"] for each in own)
    booted = (f"{min(each['booted'] for each in own)} of {own[0]['machines']} booted in each of "
              f"{len(own)} storms, {failed} failed", failed == 0)
    times = [hard["boot_s"]["last"] / soft["boot_s"]["last"]
             for hard, soft in zip(own, calm or ()) if soft["boot_s"]["last"]]
    if not times:
        return booted, (NOT_MEASURED, None)
    return booted, (f"last after {middle(own)['boot_s']['last']:.1f} s, "
                    f"{statistics.median(times):.2f} times ({min(times):.2f} to {max(times):.2f}) "
                    "the storm without loss and relays", statistics.median(times) <= 1.5)


def middle(rounds):
    """The round whose last machine booted neither first nor last."""
    return sorted(rounds, key=lambda each: each["boot_s"]["last"])[len(rounds) // 2]


def in_flood(found):
    """What is left of the peak, and what a server without work gives of the same frames."""
    if not found:
        return NOT_MEASURED, None
    leases, share, no_room, ideal = hardship.shown(found)
    return (f"{share} of the peak: {leases} a second; {no_room} of the frames found no room on the "
            f"wire, a server without work gave {ideal}",
            statistics.median(hardship.left(found)) >= 90)


def floods(memif, veth, carried):
    """Rows without their target."""
    return [("ten times the peak over memif: at least 90 % of it are left", in_flood(memif)),
            ("ten times the peak over veth: at least 90 % of it are left", in_flood(veth)),
            (f"{carried['times'] if carried else 'so many'} times the peak over veth, which that "
             "wire carries: the same", in_flood(carried))]


def shares(found, field, median):
    """The median of each round's per cent of its own peak: {"peak", `field`: a value a round}."""
    return median(per_cent(part, whole) for part, whole in zip(found[field], found["peak"]))


def half_open(figures, median):
    found = figures["overload"].get("half-open")
    if not found:
        return NOT_MEASURED, None
    share = shares(found, "flood", median)
    return (f"{share:.0f} % of the peak; {shares(found, 'nobody', median):.0f} % with the same "
            "frames to a port that nobody serves"), share >= 90


def overload(figures):
    found = figures["overload"]
    return floods(found.get("reveille, memif"), found.get("reveille"), found.get("carried"))


def growth(figures):
    acks = [each["cycles"] for each in figures["worker"].get("ack", ()) if each["block"] == 1456]
    leases = [each["discover"] + each["request"] for each in figures["worker"].get("dhcp", ())]
    return tuple(
        (f"{costs[-1] / costs[0]:.2f} times", costs[-1] / costs[0] <= 1.5)
        if len(costs) > 1 and costs[0] else (NOT_MEASURED, None) for costs in (acks, leases))


def footprint(figures):
    found = figures["footprint"].get("reveille")
    if not found:
        return NOT_MEASURED, None
    return (f"{found['idle_percent']:.1f} % of a CPU, {found['start_s']:.2f} s to serve, "
            f"{found['memory_mb']:.0f} MB"), None


def durable_leases(figures):
    found = figures["durable"]
    own, kea = found.get("reveille"), found.get("Kea")
    if not own:
        return (NOT_MEASURED, None), floods(None, None, None)
    times = own["peak"] / kea["peak"] if kea else None
    memif = found.get("reveille, memif", {})
    return (f"{own['peak']:.0f} a second" + (f", {times:.1f} times Kea" if times else ""),
            times >= 10 if times else None), floods(memif.get("flood"), own["flood"],
                                                    own.get("carried"))


def stored_leases(figures):
    """What store-bench printed last."""
    found = re.search(r"(\d+) leases read in [\d.]+ s, in the table after ([\d.]+) s; "
                      r"(\d+) bytes", figures["micro"].get("store-bench", ""))
    if not found or found[1] != "1000000":
        return (NOT_MEASURED, None), (NOT_MEASURED, None)
    return (f"{found[2]} s", float(found[2]) < 3), (f"{found[3]} octets", int(found[3]) < 200)


def decisions(figures):
    """Rows of the policy's own figures, in nanoseconds."""
    def cost(name):
        return figures["policy"].get(name)
    def at_most(name, limit):
        own = cost(name)
        return (f"{own:.0f} ns", own <= limit) if own is not None else (NOT_MEASURED, None)
    def growth_of(few, many, limit):
        if not cost(few) or not cost(many):
            return NOT_MEASURED, None
        return f"{cost(many) / cost(few):.2f} times", cost(many) / cost(few) <= limit
    def compiled(name, limit):
        taken = cost(f"{name}/iterations:1")
        if not taken:
            return NOT_MEASURED, None
        return f"{taken / 1e9:.1f} s", taken < limit * 1e9 if limit else None
    return [
        ("policy", "a remembered decision: at most 30 ns", at_most("remembered/100", 30)),
        ("policy", "the same from 10 to 10 000 rules: at most 1.2 times",
         growth_of("remembered/10", "remembered/10000", 1.2)),
        ("policy", "one that is not, 100 patterns: at most 400 ns",
         at_most("decided_by_patterns/100", 400)),
        ("policy", "10 000 patterns: at most 3 us", at_most("decided_by_patterns/10000", 3000)),
        ("policy", "100 000 hosts: no more than 10",
         growth_of("decided_by_hosts/10", "decided_by_hosts/100000", 1.1)),
        ("policy", "10 000 rules compile in under 10 s", compiled("compiled/10000", 10)),
        ("policy", "1 000 rules whose patterns only Hyperscan reads: reported",
         compiled("compiled_by_hyperscan/1000", None))]


def disk_cycles(figures):
    found = [each for each in figures["worker"].get("disk", ())
             if each["requests"] != "writes" and each["machines"] == 1000]
    if not found:
        return NOT_MEASURED, None
    most = max(found, key=lambda each: each["cycles"])
    return f"{most['cycles']:.0f} cycles {span(most, 'cycles')}", most["cycles"] <= 200


def disk_veth(figures, median):
    """The worst of all loads against vblade: (requests a second, CPU time of a request)."""
    rates, costs = [], []
    for targets in figures["disks"].values():
        own, peer = targets.get("reveille"), targets.get("vblade")
        if not own or not peer:
            continue
        rates.append(median_of(own, "requests_per_second", median) /
                     median_of(peer, "requests_per_second", median))
        costs.append(median_of(own, "cpu_us", median) / median_of(peer, "cpu_us", median))
    if not rates:
        return (NOT_MEASURED, None), (NOT_MEASURED, None)
    return (f"{min(rates):.2f} to {max(rates):.2f} times vblade", min(rates) >= 1), \
        (f"{min(costs):.2f} to {max(costs):.2f} times vblade's", max(costs) < 1)


def disk_memif_share(figures, median):
    found = figures["disk-memif"]
    if not found or not found["reveille"]:
        return NOT_MEASURED, None
    return disk_memif.share_text(found), \
        median(disk_memif.shares(found)) >= 60 and found["wrong"] == 0


def disk_client_memory(figures):
    found = figures["disk-memory"]
    if not found:
        return NOT_MEASURED, None
    most = max(disk_memory.per_client(found))
    return f"{most:.0f} octets", most <= 4096


def rows(figures, median):
    """(target, what is asked, what was measured, verdict)."""
    p99, gap = latency(figures)
    booted, last = storm(figures)
    acks, leases = growth(figures)
    written, kept = durable_leases(figures)
    loaded, octets = stored_leases(figures)
    served, spent = disk_veth(figures, median)
    told = [
        (1, "ACK to DATA, 1456 octets, 10 000 transfers, whole worker: at most 160 cycles",
         worker_ack(figures)),
        (2, "memif, one worker: at least 60 % of testpmd", memif(figures, median)),
        *((3, f"veth, {clients} clients: at least 2.5 times the best peer",
           veth_ratio(figures, clients, median)) for clients in figures["tftp"]),
        (3, "veth: at least 80 % of testpmd", veth_share(figures, median)),
        (3, "1000 clients at once all finish", all_finish(figures)),
        (4, "1 000 000 DORA/s a core", dhcp_worker(figures)),
        (4, "the same over memif, or the swarm's ceiling", dhcp_memif(figures, median)),
        (4, "veth: at least 20 times Kea, or the swarm's ceiling", dhcp_kea(figures, median)),
        (5, "p99 from request to reply in the worker at 80 % load: under 50 us", p99),
        (5, "largest gap between two polls: under 100 us", gap),
        (6, "two workers: at least 1.8 times one", two_workers(figures)),
        (7, "10 000 machines in a second, two relays, 1 % loss: all boot", booted),
        (7, "the last within 1.5 times what link and timers allow", last),
        *((8, f"DHCP at {what}", found) for what, found in overload(figures)),
        (8, "10 000 half-open read requests: at least 90 % of the peak",
         half_open(figures, median)),
        (9, "cycles an ACK from 100 to 60 000 transfers: at most 1.5 times", acks),
        (9, "cycles a message from 10 000 to 1 000 000 leases: at most 1.5 times", leases),
        (10, "idle CPU, start-up, memory: reported", footprint(figures)),
        ("leases", "durable leases over veth: at least 10 times Kea, which does not sync", written),
        *(("leases", f"at {what}", found) for what, found in kept),
        ("leases", "1 000 000 leases are there in under 3 s", loaded),
        ("leases", "memory of a lease: under 200 octets", octets),
        *decisions(figures),
        ("disks", "AoE read of 1 KiB in a whole worker: at most 200 cycles", disk_cycles(figures)),
        ("disks", "AoE over veth: at least vblade's requests a second", served),
        ("disks", "with less CPU time a request", spent),
        ("disks", "AoE over memif, one worker: at least 60 % of testpmd",
         disk_memif_share(figures, median)),
        ("disks", "memory of a client beyond image and written blocks: at most 4 KiB",
         disk_client_memory(figures)),
    ]
    return [(number, asked, measured, verdict(met)) for number, asked, (measured, met) in told]
