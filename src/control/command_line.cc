#include "control/command_line.h"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace reveille {
namespace {

constexpr const char* kAbout =
    "reveille boots machines from the network: DHCP, ProxyDHCP, TFTP and AoE on poll-mode cores.";

constexpr const char* kExamples =
    "\nExamples:\n"
    "  reveille serve --interface eth1 --address 10.77.0.1/16 --root /srv/boot \\\n"
    "                 --pool 10.77.1.0-10.77.255.254\n"
    "  reveille serve --interface eth1 --address 10.77.0.1/16 --root /srv/boot --proxy\n"
    "  reveille check --config reveille.toml\n"
    "  reveille explain --config reveille.toml --mac 52:54:00:12:34:56 --arch x64-uefi\n"
    "  reveille status\n"
    "  reveille import /etc/dnsmasq.conf --out reveille.toml\n"
    "  reveille replay boot.pcap --root /srv/boot --out answers.pcap\n";

// One value each time it is given; it never swallows the words after that.
CLI::Option* one_each(CLI::Option* option) {
  return option->allow_extra_args(false);
}

// The options that stand for keys of the configuration file.
class ConfigOptions {
 public:
  enum class Ports : bool { none, any };

  ConfigOptions(CLI::App& app, Ports ports) : app_(app) {
    app.add_option("--config", to_.config_file, "Configuration file (TOML)")->type_name("FILE");
    if (ports == Ports::any) {
      add_port("--interface", "Kernel interface to serve (repeatable)", "NAME");
      add_port("--device", "NIC bound to vfio-pci (repeatable)", "PCI");
      add_port("--vdev", "DPDK virtual device (repeatable)", "SPEC");
    }
    if (ports == Ports::any) {
      app.add_option("--driver", to_.driver,
                     "How kernel interfaces are served: auto, af_xdp or af_packet")
          ->type_name("HOW");
    }
    one_each(app.add_option("--address", to_.addresses,
                            ports == Ports::any
                                ? "Our address on the interface before it, with its prefix length"
                                : "Our address, with its prefix length"))
        ->type_name("A.B.C.D/N");
    one_each(app.add_option("--pool", to_.pools, "Addresses to lease (repeatable)"))
        ->type_name("FIRST-LAST");
    app.add_flag("--proxy", to_.proxy, "Lease nothing: boot clients beside another DHCP server");
    app.add_option("--root", to_.root, "Folder of boot images")->type_name("DIR");
    app.add_option("--leases", to_.leases, "Lease database; none: forget them at the end")
        ->type_name("FILE");
    app.add_option("--workers", to_.workers, "Poll-mode cores (default 1)")->type_name("N");
    app.add_option("--idle", to_.idle, "What a worker without frames does: adaptive or busy")
        ->type_name("HOW");
    app.add_option("--log-format", to_.log_format, "text or json")->type_name("FORMAT");
    app.add_option("--log-file", to_.log_file, "Log there instead of to standard error")
        ->type_name("FILE");
    app.add_flag("--quiet", to_.quiet, "Log warnings and the closing table only");
    if (ports == Ports::any) {
      app.add_option("--control", to_.control, "Control socket, for reveille status and the like")
          ->type_name("PATH");
    }
  }
  ConfigOptions(const ConfigOptions&) = delete;

  // The ports in the order of the words, across the three options.
  ConfigArguments take() {
    for (const CLI::Option* option : app_.parse_order()) {
      for (const auto& port : ports_) {
        if (port->option == option) {
          to_.ports.push_back({port->name, port->values.at(port->next++)});
        }
      }
    }
    return std::move(to_);
  }

 private:
  struct PortOption {
    std::string_view name;
    std::vector<std::string> values;
    CLI::Option* option = nullptr;
    std::size_t next = 0;
  };

  void add_port(const char* name, const char* help, const char* type) {
    auto& port = ports_.emplace_back(std::make_unique<PortOption>());
    port->name = name;
    port->option = one_each(app_.add_option(name, port->values, help))->type_name(type);
  }

  CLI::App& app_;
  ConfigArguments to_;
  std::vector<std::unique_ptr<PortOption>> ports_;  // CLI11 keeps pointers into them
};

// Whom explain is asked about.
void add_client_options(CLI::App& app, CommandLine& line) {
  ClientWords& to = line.client;
  const auto add = [&app](const char* name, std::optional<std::string>& value, const char* help,
                          const char* type) { app.add_option(name, value, help)->type_name(type); };
  app.add_option("--from", line.capture, "Explain each DHCP message of a capture instead")
      ->type_name("CAPTURE.pcap");
  app.add_flag("--json", line.json, "One JSON object a line");
  app.add_flag("--all", line.all_rules, "All rules before the one that decides, not the nearest");
  add("--mac", to.mac, "The machine; with --from: only this one", "MAC");
  add("--arch", to.architecture, "Boots by PXE or HTTP firmware of this kind", "NAME");
  app.add_flag("--ipxe", to.ipxe, "Runs iPXE");
  add("--vendor-class", to.vendor_class, "Option 60; \"\": none", "TEXT");
  add("--user-class", to.user_class, "Option 77", "TEXT");
  add("--client-id", to.client_id, "Option 61, with its type octet", "HEX");
  add("--uuid", to.uuid, "Option 97", "UUID");
  add("--host-name", to.host_name, "Option 12", "TEXT");
  add("--vlan", to.vlan, "The VLAN it is on", "ID");
  add("--relay", to.relay, "The relay that brings its messages (giaddr)", "A.B.C.D");
  add("--circuit-id", to.circuit_id, "What that says in option 82; octets after 0x", "TEXT");
  add("--remote-id", to.remote_id, "The same, of itself", "TEXT");
  one_each(app.add_option("--option", to.options, "Any option (repeatable); octets after 0x"))
      ->type_name("N=TEXT");
  add("--requested", to.requested, "The address that it asks for (option 50)", "A.B.C.D");
  app.add_option("--message", to.message, "discover (default), request, inform or boot-server")
      ->type_name("TYPE");
}

// Which running reveille is asked.
void add_control_options(CLI::App& app, ConfigArguments& to) {
  app.add_option("--control", to.control, "Control socket of the running reveille")
      ->type_name("PATH");
  app.add_option("--config", to.config_file, "Its configuration file, which may name the socket")
      ->type_name("FILE");
}

// `leases`, `leases release ADDRESS`, `leases reserve ADDRESS`, `leases import FILE`.
class LeasesOptions {
 public:
  LeasesOptions(CLI::App& app, CommandLine& to) : to_(to) {
    app.require_subcommand(0, 1);
    app.fallthrough();
    app.add_option("--leases", to.config.leases, "Lease database")->type_name("FILE");
    app.add_option("--config", to.config.config_file, "Configuration file, which may name it")
        ->type_name("FILE");
    CLI::Option* const json = app.add_flag("--json", json_, "As JSON");
    app.add_flag("--csv", csv_, "As comma-separated values")->excludes(json);
    app.add_option("--control", to.config.control, "Control socket of the running reveille")
        ->type_name("PATH");
    release_ = app.add_subcommand("release", "Make an address free");
    reserve_ = app.add_subcommand("reserve", "Give an address to nobody, until it is released");
    import_ = app.add_subcommand("import", "Take over the leases of ISC dhcpd, dnsmasq or Kea");
    import_->add_option("file", to.lease_file, "dhcpd.leases, dnsmasq.leases or kea-leases4.csv")
        ->required()
        ->type_name("FILE");
    for (CLI::App* one : {release_, reserve_}) {
      one->add_option("address", to.lease_address, "The address")->required()->type_name("A.B.C.D");
    }
  }
  LeasesOptions(const LeasesOptions&) = delete;

  void take() {
    if (json_) to_.leases_format = LeasesFormat::json;
    if (csv_) to_.leases_format = LeasesFormat::csv;
    if (release_->parsed()) to_.leases_verb = LeasesVerb::release;
    if (reserve_->parsed()) to_.leases_verb = LeasesVerb::reserve;
    if (import_->parsed()) to_.leases_verb = LeasesVerb::import;
  }

 private:
  CommandLine& to_;
  CLI::App* release_ = nullptr;
  CLI::App* reserve_ = nullptr;
  CLI::App* import_ = nullptr;
  bool json_ = false;
  bool csv_ = false;
};

// The words after `reveille`, each with its options.
class Verbs {
 public:
  Verbs(CLI::App& app, CommandLine& line) : app_(app), line_(line) {
    using Ports = ConfigOptions::Ports;
    configured(Verb::serve, "serve", "Answer DHCP, ProxyDHCP, TFTP and AoE until stopped",
               Ports::any);
    configured(Verb::check, "check", "Say all that is wrong with a configuration", Ports::any);
    CLI::App& replay = configured(Verb::replay, "replay",
                                  "Answer the frames of a capture, without a network", Ports::none);
    replay.add_option("capture", line.capture, "Frames to answer (pcap)")
        ->required()
        ->type_name("IN.pcap");
    replay.add_option("--out", line.answers, "Write the answers there")->type_name("OUT.pcap");
    add_client_options(configured(Verb::explain, "explain",
                                  "Say what a machine would be answered, and why", Ports::none),
                       line);
    asking(Verb::status, "status", "Say what the running reveille serves, and how")
        .add_flag("--json", line.json, "As JSON");
    asking(Verb::reload, "reload", "Have the running reveille read its configuration again");
    leases_.emplace(add(Verb::leases, "leases", "Say who has which address, or change it"), line);
    CLI::App& import =
        add(Verb::import, "import", "Write another server's configuration as reveille's");
    import.add_option("file", line.import_file, "dnsmasq.conf, dhcpd.conf or kea-dhcp4.conf")
        ->required()
        ->type_name("FILE");
    import.add_option("--from", line.import_format, "What it is: dnsmasq, dhcpd or kea")
        ->type_name("WHAT");
    import.add_option("--out", line.import_to, "Write the result there")->type_name("FILE");
    asking(Verb::disks, "disks", "Say which machines use which disks")
        .add_flag("--json", line.json, "As JSON");
    add(Verb::version, "version", "Say which version this is");
    app.add_flag("--version", version_, "The same");
  }

  // What was said, into the line. False when that is no verb.
  bool take() {
    for (const Said& one : all_) {
      if (!one.app->parsed()) continue;
      line_.verb = one.verb;
      if (one.config) line_.config = one.config->take();
      leases_->take();
      return true;
    }
    if (version_) line_.verb = Verb::version;
    return version_;
  }

 private:
  struct Said {
    Verb verb;
    CLI::App* app;
    std::unique_ptr<ConfigOptions> config;  // of those that read a configuration
  };

  CLI::App& add(Verb verb, const char* name, const char* what) {
    all_.push_back({verb, app_.add_subcommand(name, what), nullptr});
    return *all_.back().app;
  }
  CLI::App& configured(Verb verb, const char* name, const char* what, ConfigOptions::Ports ports) {
    CLI::App& one = add(verb, name, what);
    all_.back().config = std::make_unique<ConfigOptions>(one, ports);
    return one;
  }
  CLI::App& asking(Verb verb, const char* name, const char* what) {
    CLI::App& one = add(verb, name, what);
    add_control_options(one, line_.config);
    return one;
  }

  CLI::App& app_;
  CommandLine& line_;
  std::vector<Said> all_;
  std::optional<LeasesOptions> leases_;
  bool version_ = false;
};

// An unknown option, with what was probably meant.
std::string unknown_word(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* verb = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
  std::vector<std::string> names;
  for (const CLI::Option* option : verb->get_options()) names.push_back(option->get_name());
  for (const CLI::App* other : verb->get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(other->get_name());
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::vector<std::string> extras = app.remaining(true);
  const std::string word = extras.empty() ? words.front() : extras.front();
  if (word.ends_with(".toml")) {
    return "unknown word " + in_quotes(word) + "; did you mean --config " + word + "?";
  }
  const std::string_view meant = nearest(word, candidates);
  return "unknown word " + in_quotes(word) +
         (meant.empty() ? "; see reveille --help" : "; did you mean " + in_quotes(meant) + "?");
}

CommandLineEnd misuse(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return {1, "reveille: error: " + text + "\n"};
}

}  // namespace

tl::expected<CommandLine, CommandLineEnd> parse_command_line(std::vector<std::string> words) {
  CLI::App app{kAbout, "reveille"};
  app.footer(kExamples);
  app.require_subcommand(0, 1);
  CommandLine line;

  Verbs verbs(app, line);
  const std::vector<std::string> as_written = words;
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    return tl::unexpected(CommandLineEnd{0, chosen.empty() ? app.help() : chosen.front()->help()});
  } catch (const CLI::ExtrasError&) {
    return tl::unexpected(misuse(unknown_word(app, as_written)));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(misuse(error.what()));
  }

  if (!verbs.take()) return tl::unexpected(CommandLineEnd{1, app.help()});
  return line;
}

}  // namespace reveille
