// Which machine boots what.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <reveille/config.h>

#include "image/catalogue.h"
#include "policy/boot_plan.h"
#include "policy/disk_paths.h"
#include "policy/facts.h"
#include "policy/facts_hash.h"
#include "policy/rules.h"

namespace reveille {

// A plan as it is remembered: the rule, and the file and the disk that go with it.
struct Decision {
  std::uint32_t rule = kNoRule;
  std::uint16_t disk = kNoDisk;
  bool script = false;
  std::string_view file{};
  const Image* image = nullptr;
};

// Built by control from configuration and catalogue together; immutable. Lookups allocate
// nothing. Borrows the catalogue: both belong to one snapshot.
//
// The first rule that matches says what it says; the file, if it names none that the client can
// run, is chosen as for everyone: what is configured for the host or subnet comes first, then what
// is configured for the architecture, then the default, then what the catalogue holds under a usual
// name (policy/candidates.h); each only if the client can run it. Scripts and URLs are for iPXE,
// URLs for UEFI HTTP boot as well, and iPXE itself is for everyone but iPXE.
class BootPolicy {
 public:
  // `rules` are those of the configuration, compiled; nullptr when it has none.
  BootPolicy(const Config& config, const Catalogue& catalogue,
             std::shared_ptr<const Rules> rules = nullptr);

  // Rules first, then plan() with the file of host or subnet. `facts.link` has been set. At most
  // one thread at a time for each `worker` below the number that the rules were compiled for.
  [[nodiscard]] Decision decide(const Facts& facts, unsigned worker) const;
  // What is known of the machine besides, as far as rules ask. decide() sees to it by itself.
  [[nodiscard]] Facts completed(Facts facts) const;
  [[nodiscard]] BootPlan plan_of(const Decision& decision) const;
  // Differs for machines for which decide() could differ, as far as 64 bits go. `fresh` has the
  // caller's secret.
  [[nodiscard]] std::uint64_t fingerprint(const Facts& facts, const FactsHash& fresh) const;
  // No other policy of this process has it; never 0.
  [[nodiscard]] std::uint64_t identity() const { return identity_; }
  // nullptr: there are none.
  [[nodiscard]] const Rules* rules() const { return rules_.get(); }

  // `file_override`: the boot file of a reservation or subnet, empty if none. nullopt: there is
  // nothing that this machine could boot.
  [[nodiscard]] std::optional<BootPlan> plan(const Facts& facts,
                                             std::string_view file_override) const;

  // The boot file of the [[host]] that these facts match (MAC, then UUID, then client-id), else
  // of the [[subnet]] that `address` (of client, relay or link) lies in; empty if none.
  [[nodiscard]] std::string_view file_override(const Facts& facts, Ipv4Address address) const;

 private:
  struct Entry {
    std::string file;  // empty: nothing
    const Image* image = nullptr;
  };
  // For one architecture: what its firmware can load, what it can fetch, and what iPXE gets once
  // it runs there.
  struct Choice {
    Entry program;
    Entry url;
    Entry ipxe;
  };
  struct SubnetFile {
    Ipv4Prefix prefix;
    std::vector<Ipv4Address> relays;
    std::string file;
  };
  struct Hash {
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
    using is_transparent = void;
  };
  template <class Key>
  using FileByKey = std::unordered_map<Key, std::string>;
  using FileByBytes = std::unordered_map<std::string, std::string, Hash, std::equal_to<>>;

  [[nodiscard]] std::optional<BootPlan> file_plan(const Facts& facts,
                                                  std::string_view file_override) const;
  [[nodiscard]] Entry entry(std::string_view file) const;
  void look_up_rules(const Config& config);
  [[nodiscard]] Choice choose(std::uint16_t architecture) const;
  [[nodiscard]] Choice choose_unknown() const;
  [[nodiscard]] std::string_view configured_for(std::uint16_t architecture) const;
  [[nodiscard]] std::string_view found_script() const;
  [[nodiscard]] bool is_script_for(const Facts& facts, std::string_view file) const;
  [[nodiscard]] const Choice& choice_for(const Facts& facts) const;
  [[nodiscard]] std::optional<std::uint32_t> match(const Facts& facts, unsigned worker) const;
  void collect_hosts(const Config& config);
  // Calls take(file) for each [[host]] that these facts match, by MAC, then UUID, then client-id,
  // until one is taken. False: none is.
  template <class Take>
  bool find_host(const Facts& facts, Take&& take) const;

  std::uint64_t identity_;
  const Catalogue* catalogue_;
  std::shared_ptr<const Rules> rules_;
  // What a rule names, looked up.
  struct RuleNames {
    Entry program;
    Entry script;  // for iPXE; empty: program
  };
  std::vector<RuleNames> rule_names_;  // by rule
  // What a rule says whoever it is for, by rule; at the end what none of them says.
  std::vector<BootPlan> rule_plans_;
  BootConfig boot_;
  DiskPaths disks_;
  std::unordered_map<std::uint16_t, Choice> by_architecture_;
  Choice unknown_;  // architectures that are neither registered nor configured
  Entry default_;   // for clients that are no boot firmware: only what is configured
  bool asks_known_ = false;
  // Of hosts with a file, and if rules ask whether a machine is known, of all; "" is no file.
  FileByKey<std::uint64_t> by_mac_;
  FileByBytes by_uuid_;
  FileByBytes by_client_id_;
  std::vector<SubnetFile> by_subnet_;
};

}  // namespace reveille
