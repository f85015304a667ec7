// Why a machine gets what it gets: what was known of it, which rule decided, which came close,
// and what leaves for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <reveille/instant.h>
#include <reveille/outcome.h>

#include "control/config/problem.h"
#include "control/explain/option_text.h"
#include "control/explain/rehearsal.h"

namespace reveille {

struct ExplainedRule {
  std::size_t rule = 0;  // its place, from 0
  std::string name;
  unsigned line = 0;  // in the file; 0: not known
  // What would have to be otherwise: "mac should be 52:54:00:12:34:56, and is 52:54:00:aa:01:01".
  std::vector<std::string> failed;
};

struct ExplainedReply {
  std::string type;  // "OFFER"
  std::string to;    // "255.255.255.255 port 68"
  std::string to_mac;
  std::vector<std::pair<std::string, std::string>> fields;  // "yiaddr" and the like, if not empty
  std::vector<OptionText> options;
  std::vector<std::uint8_t> frame;  // as on the wire, from Ethernet on
};

struct Explanation {
  std::string client;   // MAC address
  std::string machine;  // "x64 UEFI"; empty: it does not say
  std::string asks;     // "DISCOVER"
  std::string station;  // "10.77.0.1/16", ours
  std::vector<std::pair<std::string, std::string>> facts;
  std::size_t rules = 0;  // how many there are
  std::optional<ExplainedRule> decided;
  std::string answer;     // "serve", "deny" or "ignore"
  std::string boot_file;  // empty: nothing to boot
  std::string boot_file_reason;
  std::string address_reason;       // what the rule has to do with its address; empty: nothing
  std::vector<ExplainedRule> near;  // of those before the one that decided, the nearest first
  std::size_t near_left_out = 0;
  std::vector<ExplainedRule> also;  // match too, but come later
  std::size_t also_left_out = 0;
  Outcome outcome{};
  std::vector<ExplainedReply> replies;
};

// Has the request answered, and says why it was answered so. `rules_max`: how many rules that came
// close, and how many that match too. `origins` are those of the configuration.
[[nodiscard]] Explanation explain(Rehearsal& rehearsal, const Request& request, Instant now,
                                  const Origins& origins, std::size_t rules_max);

// The whole as a page, ended by a line end; `file` is the configuration's, for places in it.
[[nodiscard]] std::string explanation_text(const Explanation& explanation, const std::string& file);
// As one JSON object on one line, without a line end.
[[nodiscard]] std::string explanation_json(const Explanation& explanation);

}  // namespace reveille
