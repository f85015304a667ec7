"""Boot rules: what the first decision for a machine costs, when there are ten rules and when there
are ten thousand, for reveille (regular expressions), dnsmasq (tags) and Kea (classes).

Each rule looks at the vendor class. No rule holds for the machines of the storm, so that all have
to be looked at, and no machine comes twice, so that nothing is remembered.
"""

from servers import Dnsmasq, Kea, Reveille

COUNTS = (10, 10_000)
OUTSTANDING = 64
MACHINES = 400_000  # more than get a lease in one run


def vendor(number):
    return f"PXEClient:Arch:00007:UNDI:{number:06d}"


class ReveilleRules(Reveille):
    rules = 0

    def command(self):
        argv = super().command()
        config = self.work / "reveille.toml"
        with open(config, "a", encoding="ascii") as file:
            for number in range(self.rules):
                file.write(f"[[rule]]\nwhen.vendor_class = '^{vendor(number)}'\n"
                           'boot_file = "boot.img"\n')
        return argv


class DnsmasqRules(Dnsmasq):
    rules = 0

    def command(self):
        config = self.work / "dnsmasq.conf"
        with open(config, "w", encoding="ascii") as file:
            for number in range(self.rules):
                file.write(f"dhcp-vendorclass=set:t{number},{vendor(number)}\n"
                           f"dhcp-boot=tag:t{number},boot.img\n")
        return [f"--conf-file={config}" if word == "--conf-file=/dev/null" else word
                for word in super().command()]


class KeaRules(Kea):
    rules = 0

    def settings(self):
        classes = [{"name": f"t{number}", "boot-file-name": "boot.img",
                    "test": f"substring(option[60].hex,0,{len(vendor(number))}) == "
                            f"'{vendor(number)}'"} for number in range(self.rules)]
        return {**super().settings(), "client-classes": classes}


def measure(bench):
    """{server: {number of rules: [figures of each round]}}"""
    found = {}
    bench.say(f"DHCP with {' and '.join(str(count) for count in COUNTS)} rules")
    for _ in range(bench.rounds):
        for base in (ReveilleRules, DnsmasqRules, KeaRules):
            for count in COUNTS:
                server = type(base.__name__, (base,), {"rules": count})

                def measure_one(server=server):
                    return bench.served(server, lambda: bench.storms.dora(
                        server.name, OUTSTANDING, bench.seconds, machines=MACHINES))
                figures = bench.cpus.while_near(measure_one)
                if figures is not None:
                    found.setdefault(base.name, {}).setdefault(count, []).append(figures)
    return found


def rates(found, name, median):
    """DORA/s by number of rules."""
    return {count: median(each["dora_per_s"] for each in rounds)
            for count, rounds in found.get(name, {}).items()}


def text(found, table, median):
    """The part of RESULTS.md."""
    few, many = COUNTS
    rows = []
    for name in found:
        by_count = rates(found, name, median)
        if few not in by_count or many not in by_count or not by_count[few]:
            continue
        rows.append((name, f"{by_count[few]:.0f}", f"{by_count[many]:.0f}",
                     f"{100 * by_count[many] / by_count[few]:.0f} %"))
    if not rows:
        return "Not measured.\n"
    own = found.get("reveille", {}).get(many)
    return table(("server", f"DORA/s, {few} rules", f"DORA/s, {many} rules", "what is left"),
                 rows) + "\n" + __doc__.split("\n\n", 1)[1] + \
        (f"\n    {own[0]['command']}\n" if own else "")
