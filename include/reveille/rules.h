// The rules of the boot policy as plain values: what [[rule]] tables say, checked.
//
// A rule is a condition on what a machine says of itself and on where it is, and what such a
// machine gets. The first rule whose condition holds decides.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <reveille/address.h>

namespace reveille {

// An option to hand out as it is: number and bytes.
struct DhcpOptionConfig {
  std::uint8_t code = 0;
  std::vector<std::uint8_t> value;
};

// What a condition looks at.
enum class RuleField : std::uint8_t {
  // Numbers, each machine has one or none. `values` are ranges of them.
  mac,           // MacAddress::number()
  architecture,  // option 93
  firmware,      // Firmware, as facts_of() sees it
  subnet,        // an address of the client's link
  relay,         // giaddr; none without a relay
  vlan,          // 0 = untagged
  known,         // 1: a [[host]] is for it; 0: none is
  uuid,          // option 97; `uuids` has them
  // Octets that came with the message. `patterns` are regular expressions on them.
  vendor_class,   // option 60
  user_class,     // option 77
  client_id,      // option 61
  host_name,      // option 12
  circuit_id,     // option 82, sub-option 1
  remote_id,      // option 82, sub-option 2
  option,         // `number` says which
  vendor_option,  // sub-option `number` of option 43
};

struct ValueRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive, not less than `first`

  bool operator==(const ValueRange&) const = default;
};

// A tree. Leaves hold when the field has one of the values, or when one of the patterns matches
// somewhere in it; a field that the machine does not have has no value and matches nothing.
struct Condition {
  enum class Kind : std::uint8_t {
    all,   // every part holds; without parts: always
    any,   // at least one part holds
    none,  // no part holds
    leaf,
  };
  Kind kind = Kind::all;
  std::vector<Condition> parts;

  RuleField field{};
  std::uint8_t number = 0;  // of option or vendor_option
  std::vector<ValueRange> values;
  std::vector<Uuid> uuids;
  std::vector<std::string> patterns;
};

enum class RuleAnswer : std::uint8_t {
  serve,   // what the rule gives, and for the rest what others get
  deny,    // no address and nothing to boot: a REQUEST gets a NAK, all else silence and an event
  ignore,  // silence, as if reveille were not there
};

struct RuleConfig {
  std::string name;  // for people: "rule 3" when the file gives none
  Condition when;
  RuleAnswer answer = RuleAnswer::serve;
  std::string boot_file;    // empty: as without the rule
  std::string ipxe_script;  // what iPXE gets in place of boot_file: a name or URL; empty: that
  std::optional<Ipv4Address> next_server;
  std::string root_path;
  // Not both. A [[host]] with an address of its own on that link goes before them.
  std::optional<Ipv4Address> address;  // reserved for whoever the rule matches
  std::string pool;                    // NamedPoolConfig::name; empty: the subnet's own pools
  std::optional<std::chrono::seconds> lease_time;  // goes before those of pool and subnet
  std::vector<DhcpOptionConfig> options;
};

}  // namespace reveille
