#include "control/import/dnsmasq_options.h"

#include <algorithm>
#include <bit>

#include "control/config/dhcp_option_names.h"
#include "control/config/value_text.h"
#include "control/import/import_options.h"

namespace reveille {
namespace {

// A number as wide as its last letter says, b, s or i; without one, as its value needs.
std::string number_text(std::string_view text) {
  constexpr std::string_view kLetters = "bsi";
  const std::size_t letter = text.empty() ? kLetters.npos : kLetters.find(text.back());
  if (letter != kLetters.npos) text.remove_suffix(1);
  const auto number = whole_number(text);
  if (!number) return {};
  const auto bits = static_cast<unsigned>(std::bit_width(*number));
  const std::size_t needed = bits <= 8 ? 0 : bits <= 16 ? 1 : 2;
  const std::size_t width = letter != kLetters.npos ? letter : needed;
  if (width < needed) return {};
  constexpr std::string_view kShapes[] = {"u8", "u16", "u32"};
  return "{ " + std::string(kShapes[width]) + " = " + std::to_string(*number) + " }";
}

// The value of an option, with its shape; empty: there is none.
std::string shaped(const std::vector<DnsmasqWord>& words) {
  const auto is_address = [](const DnsmasqWord& word) {
    return !word.quoted && Ipv4Address::parse(word.text).has_value();
  };
  if (words.empty()) return {};
  if (std::ranges::all_of(words, is_address)) {
    std::string all;
    for (const DnsmasqWord& word : words) all += (all.empty() ? "" : ", ") + toml_string(word.text);
    return "{ ip = [" + all + "] }";
  }
  std::string text;  // a text may have commas in it
  for (const DnsmasqWord& word : words) text += (&word == words.data() ? "" : ",") + word.text;
  if (text.empty()) return {};
  if (words.size() == 1 && !words[0].quoted) {
    if (std::string number = number_text(text); !number.empty()) return number;
    const bool has_colon = text.find(':') != std::string::npos;
    if (has_colon && parse_hex(text)) return "{ hex = " + toml_string(text) + " }";
  }
  return "{ text = " + toml_string(text) + " }";
}

// The table of names says the same of it, so its shape counts.
bool suits(OptionShape shape, const std::vector<DnsmasqWord>& words) {
  const std::string value = shaped(words);
  const bool is_quoted = std::ranges::any_of(words, &DnsmasqWord::quoted);
  if (shape == OptionShape::text) return words.size() == 1 && value.starts_with("{ text");
  if (shape == OptionShape::hex) return value.starts_with("{ hex");
  return !is_quoted;
}

}  // namespace

std::string set_dnsmasq_option(std::uint8_t code, const std::vector<DnsmasqWord>& words,
                               ImportedScope& to) {
  const OptionName* const known = find_option(code);
  const bool is_own = !reserved_option(code).empty() || code == 28;
  if (is_own || (known != nullptr && suits(known->shape, words))) {
    std::string why = set_option(code, texts_of(words), to);
    if (is_own || why.empty()) return why;
  }
  std::string value = shaped(words);
  // Names and routes have an encoding of their own.
  const bool is_encoded = known != nullptr && known->shape == OptionShape::hex;
  if (value.empty() || (is_encoded && !value.starts_with("{ hex"))) {
    return "the value of option " + std::to_string(code) + " is not understood";
  }
  to.options[code] = std::move(value);
  return {};
}

}  // namespace reveille
