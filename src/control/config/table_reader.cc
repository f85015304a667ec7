#include "control/config/table_reader.h"

#include <algorithm>

#include "control/config/value_text.h"

namespace reveille {
namespace {

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Origin origin_of(const toml::key& key) {
  return {.option = {}, .line = key.source().begin.line, .column = key.source().begin.column};
}

std::string joined(std::vector<std::string_view> words) {
  std::sort(words.begin(), words.end());
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

}  // namespace

Origin origin_of(const toml::node& node) {
  return {.option = {}, .line = node.source().begin.line, .column = node.source().begin.column};
}

std::string_view type_text(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

std::string TableReader::path(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

// The path of the key without the indexes.
std::string TableReader::known_key(std::string_view key) const {
  std::string out;
  bool inside = false;
  for (const char c : path(key)) {
    if (c == '[') inside = true;
    if (!inside) out += c;
    if (c == ']') inside = false;
  }
  return out;
}

const toml::node* TableReader::find(std::string_view key) {
  known_.push_back(key);
  reading_.keys.insert(known_key(key));
  const toml::node* node = table_.get(key);
  if (node != nullptr) reading_.origins.set(path(key), origin_of(*node));
  return node;
}

void TableReader::finish() {
  for (const auto& [key, node] : table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    std::string text = "unknown key " + in_quotes(key.str());
    if (!title_.empty()) text += " in " + title_;
    const std::string_view meant = nearest(key.str(), known_);
    text += meant.empty() ? "; known are " + joined(known_)
                          : "; did you mean " + in_quotes(meant) + "?";
    reading_.problems.error(origin_of(key), std::move(text));
  }
}

void TableReader::wrong_type(const toml::node& node, std::string_view key,
                             std::string_view wanted) {
  reading_.problems.error(origin_of(node), std::string(key) + " wants " + std::string(wanted) +
                                               ", not " + std::string(type_text(node)));
}

void TableReader::wrong_word(const toml::node& node, std::string_view key, std::string_view word,
                             const std::vector<std::string_view>& words) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) all += i + 1 == words.size() ? " or " : ", ";
    all += in_quotes(words[i]);
  }
  reading_.problems.error(origin_of(node),
                          std::string(key) + " is " + all + ", not " + in_quotes(word));
}

std::optional<std::string_view> TableReader::text_of(const toml::node& node, std::string_view key,
                                                     std::string_view wanted) {
  if (const auto* text = node.as_string()) return std::string_view(text->get());
  wrong_type(node, key, wanted);
  return std::nullopt;
}

void TableReader::flag(std::string_view key, bool& to) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const auto* value = node->as_boolean()) {
    to = value->get();
  } else {
    wrong_type(*node, key, "true or false");
  }
}

std::optional<std::int64_t> TableReader::integer(std::string_view key, std::int64_t min,
                                                 std::int64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_integer();
  const std::string range = std::to_string(min) + " to " + std::to_string(max);
  if (value == nullptr) {
    wrong_type(*node, key, "a whole number from " + range);
    return std::nullopt;
  }
  if (value->get() < min || value->get() > max) {
    reading_.problems.error(origin_of(*node), std::string(key) + " must be " + range + ", not " +
                                                  std::to_string(value->get()));
    return std::nullopt;
  }
  return value->get();
}

std::optional<Nanoseconds> TableReader::nanoseconds(std::string_view key, Nanoseconds min,
                                                    Nanoseconds max) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  std::optional<Nanoseconds> value;
  std::string written;
  if (const auto* seconds = node->as_integer()) {
    written = std::to_string(seconds->get());
    value = parse_duration(written + "s");
  } else {
    const auto text = text_of(*node, key, "a duration such as \"90s\", or seconds");
    if (!text) return std::nullopt;
    written = in_quotes(*text);
    value = parse_duration(*text);
    if (!value) {
      reading_.problems.error(origin_of(*node), std::string(key) + ": " + written +
                                                    " is not a duration such as \"90s\", "
                                                    "\"10m\" or \"1h\"");
      return std::nullopt;
    }
  }
  if (!value || *value < min || *value > max) {
    reading_.problems.error(origin_of(*node), std::string(key) + " must be " + duration_text(min) +
                                                  " to " + duration_text(max) + ", not " + written);
    return std::nullopt;
  }
  return value;
}

void TableReader::size(std::string_view key, std::uint64_t& to, std::uint64_t min,
                       std::uint64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  std::optional<std::uint64_t> value;
  std::string written;
  if (const auto* octets = node->as_integer()) {
    written = std::to_string(octets->get());
    value = parse_size(written);
  } else {
    const auto text = text_of(*node, key, "a size such as \"4 GiB\"");
    if (!text) return;
    written = in_quotes(*text);
    value = parse_size(*text);
    if (!value) {
      reading_.problems.error(
          origin_of(*node), std::string(key) + ": " + written + " is not a size such as \"4 GiB\"");
      return;
    }
  }
  if (!value || *value < min || *value > max) {
    reading_.problems.error(origin_of(*node), std::string(key) + " must be " + size_text(min) +
                                                  " to " + size_text(max) + ", not " + written);
    return;
  }
  to = *value;
}

void TableReader::lines(std::string_view key, std::string& to, std::size_t length_max) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto text = text_of(*node, key, "text");
  if (!text) return;
  if (text->size() > length_max) {
    reading_.problems.error(origin_of(*node), std::string(key) + " is longer than " +
                                                  std::to_string(length_max) + " octets");
  } else {
    to = *text;
  }
}

void TableReader::text(std::string_view key, std::string& to, std::size_t length_max) {
  std::string text = to;
  lines(key, text, length_max);
  if (!has_control_character(text)) {
    to = std::move(text);
  } else {
    reading_.problems.error(
        reading_.origins.of(path(key)),
        std::string(key) + ": " + in_quotes(text) + " holds a control character");
  }
}

void TableReader::table(std::string_view key, const std::function<void(TableReader&)>& read) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::table* inner = node->as_table();
  if (inner == nullptr) return wrong_type(*node, key, "a table: [" + std::string(key) + "]");
  TableReader reader(*inner, path(key), "[" + known_key(key) + "]", reading_);
  read(reader);
  reader.finish();
}

void TableReader::tables(std::string_view key, std::size_t count_max,
                         const std::function<void(TableReader&, std::size_t)>& read) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const std::string title = "[[" + known_key(key) + "]]";
  const toml::array* array = node->as_array();
  if (array == nullptr) return wrong_type(*node, key, "tables: " + title);
  if (array->size() > count_max) {
    reading_.problems.error(origin_of(*node),
                            "more than " + std::to_string(count_max) + " " + title + " tables");
    return;
  }
  std::size_t index = 0;
  for (const toml::node& one : *array) {
    const toml::table* inner = one.as_table();
    if (inner == nullptr) {
      wrong_type(one, key, "tables: " + title);
      continue;
    }
    const std::string inner_path = element(path(key), index);
    reading_.origins.set(inner_path, origin_of(one));
    TableReader reader(*inner, inner_path, title, reading_);
    read(reader, index++);
    reader.finish();
  }
}

void TableReader::entries(std::string_view key, std::size_t count_max,
                          const std::function<void(const toml::key&, const toml::node&)>& read) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::table* inner = node->as_table();
  if (inner == nullptr) return wrong_type(*node, key, "a table: [" + known_key(key) + "]");
  if (inner->size() > count_max) {
    reading_.problems.error(origin_of(*node), std::string(key) + " has more than " +
                                                  std::to_string(count_max) + " entries");
    return;
  }
  for (const auto& [name, value] : *inner) read(name, value);
}

}  // namespace reveille
