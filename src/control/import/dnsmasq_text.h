// Lines of dnsmasq.conf taken apart (dnsmasq(8)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reveille {

struct DnsmasqWord {
  std::string text;     // without quotes, escapes resolved
  bool quoted = false;  // it is text, whatever it looks like
};

// Without its comment, which begins with '#' at the start of a word and in no quotes.
[[nodiscard]] std::string_view dnsmasq_line(std::string_view line);
// What stands between the commas of a value; commas in quotes are part of the text.
[[nodiscard]] std::vector<DnsmasqWord> dnsmasq_words(std::string_view value);
[[nodiscard]] std::vector<std::string> texts_of(const std::vector<DnsmasqWord>& words);

}  // namespace reveille
