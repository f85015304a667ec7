// Conditions of rules in words, with what a client has instead.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/facts.h"
#include "policy/rules.h"

namespace reveille {

// "vendor_class should match '^PXEClient', and is empty": what `literal` wants and what is.
[[nodiscard]] std::string reason_text(const RuleAtom& atom, bool holds, const Facts& facts);

// All that rules can look at, by the keys of conditions; what a client does not have is left out.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> fact_texts(const Facts& facts);

}  // namespace reveille
