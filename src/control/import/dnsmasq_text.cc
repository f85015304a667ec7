#include "control/import/dnsmasq_text.h"

#include <algorithm>

#include "control/import/import_options.h"

namespace reveille {
namespace {

char escaped(char c) {
  switch (c) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'e':
      return '\033';
    default:
      return c;
  }
}

}  // namespace

std::string_view dnsmasq_line(std::string_view line) {
  bool in_quotes = false;
  char before = ' ';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_quotes && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_quotes = !in_quotes;
    } else if (c == '#' && !in_quotes && (before == ' ' || before == '\t')) {
      return trimmed(line.substr(0, i));
    }
    before = c;
  }
  return trimmed(line);
}

std::vector<DnsmasqWord> dnsmasq_words(std::string_view value) {
  std::vector<DnsmasqWord> words;
  bool in_quotes = false;
  DnsmasqWord word;
  const auto finish = [&] {
    if (!word.quoted) word.text = std::string(trimmed(word.text));
    words.push_back(std::move(word));
    word = {};
  };
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '"') {
      // Spaces around the quotes are not of the text.
      if (!in_quotes && trimmed(word.text).empty()) word.text.clear();
      in_quotes = !in_quotes;
      word.quoted = true;
    } else if (in_quotes && c == '\\' && i + 1 < value.size()) {
      word.text += escaped(value[++i]);
    } else if (c == ',' && !in_quotes) {
      finish();
    } else if (in_quotes || !word.quoted || (c != ' ' && c != '\t')) {
      word.text += c;
    }
  }
  finish();
  return words;
}

std::vector<std::string> texts_of(const std::vector<DnsmasqWord>& words) {
  std::vector<std::string> texts;
  std::ranges::transform(words, std::back_inserter(texts), &DnsmasqWord::text);
  return texts;
}

}  // namespace reveille
