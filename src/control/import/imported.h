// What another server's configuration says, in reveille's terms.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>

#include "control/import/import_condition.h"

namespace reveille {

// What clients are told, wherever it was written. What is empty is inherited.
struct ImportedScope {
  std::vector<Ipv4Address> routers;
  std::vector<Ipv4Address> dns_servers;
  std::string domain_name;
  std::optional<Seconds> lease_time;
  std::string boot_file;
  std::optional<Ipv4Address> next_server;
  std::map<std::uint8_t, std::string> options;  // by code: the value as TOML

  void inherit(const ImportedScope& from);
  // It says nothing that only subnets can give.
  [[nodiscard]] bool suits_rules() const;
  // Without what only subnets can give.
  [[nodiscard]] ImportedScope part_for_rules() const;
};

// Addresses for those machines alone for which a condition holds.
struct ImportedPool {
  std::string name;  // of the condition, as the other server has it
  ImportedCondition when{};
  std::vector<PoolConfig> ranges{};
  std::optional<Seconds> lease_time{};
  std::vector<Ipv4Prefix> prefixes{};  // once settled: of the subnets that these are in
};

struct ImportedSubnet {
  ImportedScope scope;
  Ipv4Prefix prefix;
  std::vector<PoolConfig> pools;         // for everybody
  std::vector<ImportedPool> restricted;  // until they are settled
  std::vector<Ipv4Address> relays;
};

// A reservation, and what [[host]] cannot say of it.
struct ImportedHost {
  HostConfig config;
  std::optional<Ipv4Address> next_server{};
  std::optional<Seconds> lease_time{};
  std::map<std::uint8_t, std::string> options{};  // as in a scope
};

// Of tags and classes: what the machines get for which a condition holds.
struct ImportedRule {
  std::string name;
  ImportedCondition when;
  std::string boot_file;
  std::optional<Ipv4Address> next_server;
  std::map<std::uint8_t, std::string> options;  // as in a scope
  bool ignore = false;
  std::string pool{};
  std::optional<Seconds> lease_time{};
};

// What has no equivalent, or was guessed.
struct ImportRemark {
  std::string place;  // a line number, or a path in JSON
  std::string text;   // what stands there
  std::string why;
};

struct Imported {
  std::string source;  // the file's name, for people
  std::string interface;
  std::optional<Ipv4Address> own_address;
  DhcpMode mode = DhcpMode::server;
  bool authoritative = false;
  ImportedScope global;
  std::vector<ImportedSubnet> subnets;
  std::vector<ImportedPool> pools;  // settled
  std::vector<ImportedHost> hosts;  // their boot files count before all rules
  std::vector<std::string> host_files;
  // The first that names a file counts for the file. Those of subnets stand here, too.
  std::vector<ImportedRule> rules;
  std::map<std::uint16_t, std::string> files;  // by architecture
  std::string ipxe_script;
  bool tftp = false;
  std::string root;
  std::vector<ImportRemark> remarks;

  void remark(std::string place, std::string_view text, std::string why);
  [[nodiscard]] ImportedSubnet& subnet(const Ipv4Prefix& prefix);  // made if it is not there
  // What a scope gives to the machines of a rule; what rules do not give is remarked with `place`.
  [[nodiscard]] ImportedRule rule_of(ImportedRule rule, const ImportedScope& gives,
                                     const std::string& place);
};

// The file and the server of subnets as a rule; they leave the scope.
[[nodiscard]] ImportedRule take_rule(ImportedScope& scope, std::span<const Ipv4Prefix> prefixes);

inline constexpr std::size_t kImportBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kRemarksMax = 10'000;
inline constexpr std::size_t kRuleOptionsMax = 64;

// The three formats. What is not understood is remarked; the error, a sentence with its line, is
// for text that is not of the format at all.
using ImportResult = tl::expected<Imported, std::string>;
[[nodiscard]] ImportResult import_dnsmasq(std::string_view text);
[[nodiscard]] ImportResult import_dhcpd(std::string_view text);
[[nodiscard]] ImportResult import_kea(std::string_view text);

// Takes out what reveille would refuse, with a remark for each: addresses outside their subnets,
// hosts that exist twice. Chooses an address of our own where none was said.
void settle(Imported& imported);

// "dnsmasq", "dhcpd" or "kea": what the text looks like. The file's name helps.
[[nodiscard]] std::string_view import_format(std::string_view text, std::string_view file);

// Read, settled, ready for toml_text(). `format` as above; anything else is an error.
[[nodiscard]] ImportResult import_text(std::string_view text, std::string_view format,
                                       std::string_view file);

// The configuration file, remarks as comments at its end. settle() comes first.
[[nodiscard]] std::string toml_text(const Imported& imported);

}  // namespace reveille
