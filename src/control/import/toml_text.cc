// An imported configuration as reveille's own, for people to read and go on from.
#include <algorithm>

#include "control/config/architecture_key.h"
#include "control/config/dhcp_option_names.h"
#include "control/config/value_text.h"
#include "control/import/import_options.h"
#include "control/import/imported.h"
#include "policy/architecture.h"

namespace reveille {
namespace {

// For a comment: one line of ASCII, whatever the file held.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = c >= 0x20 && c < 0x7f;
    out += is_plain ? std::string(1, c) : octet_escape(c);
  }
  return out;
}

class Writer {
 public:
  void table(const std::string& header) { out_ += "\n" + header + "\n"; }
  void line(const std::string& key, const std::string& value, const std::string& comment = {}) {
    out_ += key + " = " + value + (comment.empty() ? "" : "  # " + comment) + "\n";
  }
  void text(const std::string& key, const std::string& value) {
    if (!value.empty()) line(key, toml_string(value));
  }
  template <class List, class Text>
  void list(const std::string& key, const List& values, Text&& text_of) {
    if (values.empty()) return;
    std::string all;
    for (const auto& value : values) {
      all += (all.empty() ? "" : ", ") + toml_string(text_of(value));
    }
    line(key, "[" + all + "]");
  }
  void comment(const std::string& text) { out_ += "# " + text + "\n"; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string address_text(Ipv4Address address) {
  return address.text();
}

void write_interface(const Imported& imported, Writer& out) {
  out.table("[[interface]]");
  if (imported.interface.empty()) {
    out.line("interface", "\"eth0\"", "set the interface's name");
  } else {
    out.text("interface", imported.interface);
  }
  Ipv4Prefix own{Ipv4Address::of(192, 0, 2, 1), 24};
  if (imported.own_address) own.address = *imported.own_address;
  for (const ImportedSubnet& subnet : imported.subnets) {
    if (subnet.prefix.contains(own.address)) own.length = subnet.prefix.length;
  }
  out.line("address", toml_string(own.text()), "set reveille's own address");
}

void write_dhcp(const Imported& imported, Writer& out) {
  out.table("[dhcp]");
  const char* const mode = imported.mode == DhcpMode::server  ? "server"
                           : imported.mode == DhcpMode::proxy ? "proxy"
                                                              : "off";
  out.text("mode", mode);
  if (imported.authoritative) out.line("authoritative", "true");
  if (imported.global.lease_time) {
    out.line("lease_time", std::to_string(imported.global.lease_time->count()));
  }
}

void write_options(const std::string& header, const std::map<std::uint8_t, std::string>& options,
                   Writer& out) {
  if (options.empty()) return;
  out.table(header);
  for (const auto& [code, value] : options) {
    // A value that says its shape itself goes with the number.
    const OptionName* const known = value.starts_with('{') ? nullptr : find_option(code);
    out.line("  " + (known != nullptr ? std::string(known->name) : std::to_string(code)), value);
  }
}

void write_subnet(const ImportedSubnet& subnet, const ImportedScope& global, Writer& out) {
  ImportedScope scope = subnet.scope;
  ImportedScope inherited = global;  // these two stand in [dhcp] and [boot]
  inherited.lease_time.reset();
  inherited.boot_file.clear();
  scope.inherit(inherited);
  // A list for all subnets names what lies elsewhere, too.
  std::erase_if(scope.routers,
                [&subnet](Ipv4Address router) { return !subnet.prefix.contains(router); });
  out.table("[[subnet]]");
  out.text("prefix", subnet.prefix.text());
  out.list("pools", subnet.pools, pool_text);
  out.list("routers", scope.routers, address_text);
  out.list("dns", scope.dns_servers, address_text);
  out.text("domain", scope.domain_name);
  if (scope.lease_time) out.line("lease_time", std::to_string(scope.lease_time->count()));
  out.list("relays", subnet.relays, address_text);
  out.text("boot_file", scope.boot_file);
  write_options("  [subnet.options]", scope.options, out);
}

void write_pool(const ImportedPool& pool, Writer& out) {
  out.table("[[pool]]");
  out.text("name", pool.name);
  out.list("ranges", pool.ranges, pool_text);
  if (pool.lease_time) out.line("lease_time", std::to_string(pool.lease_time->count()));
}

std::string octets_text(const std::vector<std::uint8_t>& octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t octet : octets) {
    if (!text.empty()) text += ':';
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

void write_host(const HostConfig& host, Writer& out) {
  out.table("[[host]]");
  if (host.mac) out.text("mac", host.mac->text());
  out.text("client_id", octets_text(host.client_id));
  if (host.address) out.text("address", host.address->text());
  out.text("host_name", host.host_name);
  out.text("boot_file", host.boot_file);
}

void write_rule(const ImportedRule& rule, Writer& out) {
  out.table("[[rule]]");
  out.text("name", rule.name);
  if (!rule.when.text.empty()) out.line("when", rule.when.text);
  if (rule.ignore) return out.line("ignore", "true");
  out.text("pool", rule.pool);
  if (rule.lease_time) out.line("lease_time", std::to_string(rule.lease_time->count()));
  out.text("boot_file", rule.boot_file);
  if (rule.next_server) out.text("next_server", rule.next_server->text());
  write_options("  [rule.options]", rule.options, out);
}

void write_boot(const Imported& imported, Writer& out) {
  const bool nothing = imported.files.empty() && imported.global.boot_file.empty() &&
                       imported.ipxe_script.empty() && !imported.global.next_server;
  if (nothing) return;
  out.table("[boot]");
  out.text("default_file", imported.global.boot_file);
  out.text("ipxe_script", imported.ipxe_script);
  if (imported.global.next_server) {
    out.text("next_server", imported.global.next_server->text());
  }
  if (imported.files.empty()) return;
  out.table("  [boot.files]");
  for (const auto& [code, file] : imported.files) {
    const auto known = std::ranges::find(architectures(), code, &Architecture::code);
    const bool named = known != std::ranges::end(architectures());
    out.line("  " + (named ? architecture_key(known->name) : std::to_string(code)),
             toml_string(file));
  }
}

void write_remarks(const Imported& imported, Writer& out) {
  if (imported.remarks.empty()) return;
  out.table("# What is not taken over as it was:");
  for (const ImportRemark& remark : imported.remarks) {
    std::string text = remark.place.empty() ? "" : remark.place + ": ";
    if (!remark.text.empty()) text += "\"" + remark.text + "\": ";
    out.comment(plain(text + remark.why));
  }
}

}  // namespace

std::string toml_text(const Imported& imported) {
  Writer out;
  out.comment(plain("Imported from " + imported.source + "."));
  write_interface(imported, out);
  write_dhcp(imported, out);
  for (const ImportedSubnet& subnet : imported.subnets) {
    write_subnet(subnet, imported.global, out);
  }
  for (const ImportedPool& pool : imported.pools) write_pool(pool, out);
  if (!imported.host_files.empty()) {
    out.table("[hosts]");
    out.list("files", imported.host_files, [](const std::string& file) { return file; });
  }
  for (const ImportedHost& host : imported.hosts) write_host(host.config, out);
  for (const ImportedRule& rule : imported.rules) write_rule(rule, out);
  write_boot(imported, out);
  out.table("[tftp]");
  out.line("enabled", imported.tftp ? "true" : "false");
  if (imported.tftp) {
    out.table("[images]");
    out.text("root", imported.root);
  }
  write_remarks(imported, out);
  return out.take();
}

}  // namespace reveille
