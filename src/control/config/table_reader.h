// A TOML table, read key by key: wrong types and ranges become problems, and so does every key
// that nobody asked for.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include <reveille/instant.h>

#include "control/config/problem.h"

namespace reveille {

// What all readers of one file share.
struct Reading {
  Origins& origins;
  Problems& problems;
  std::set<std::string>& keys;  // each key that was asked for, without indexes: "subnet.pools"
};

[[nodiscard]] Origin origin_of(const toml::node& node);

// Reads into values that already hold the default: what is absent or wrong leaves them alone.
// `path` is where the values are in the configuration ("subnet[0]"), `title` is how people call
// the table ("[[subnet]]"). Valid while the toml::table lives.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string path, std::string title, Reading& reading)
      : table_(table), path_(std::move(path)), title_(std::move(title)), reading_(reading) {}

  // Reports the keys that nobody asked for. Call it last.
  void finish();

  void flag(std::string_view key, bool& to);
  template <std::integral T>
  void number(std::string_view key, T& to, std::int64_t min, std::int64_t max) {
    if (const auto value = integer(key, min, max)) to = static_cast<T>(*value);
  }
  // Text such as "90s", or whole seconds.
  template <class Duration>
  void duration(std::string_view key, Duration& to, Nanoseconds min, Nanoseconds max) {
    if (const auto value = nanoseconds(key, min, max)) {
      to = std::chrono::duration_cast<Duration>(*value);
    }
  }
  template <class Duration>
  void duration(std::string_view key, std::optional<Duration>& to, Nanoseconds min,
                Nanoseconds max) {
    if (const auto value = nanoseconds(key, min, max)) {
      to = std::chrono::duration_cast<Duration>(*value);
    }
  }
  // Text such as "4 GiB", or octets.
  void size(std::string_view key, std::uint64_t& to, std::uint64_t min, std::uint64_t max);
  // Text of several lines.
  void lines(std::string_view key, std::string& to, std::size_t length_max);
  // Text without control characters.
  void text(std::string_view key, std::string& to, std::size_t length_max);

  // Text with a form of its own: `parse` makes it an optional value, `form` shows one.
  template <class Parse, class T>
  void parsed(std::string_view key, T& to, Parse parse, std::string_view form) {
    const toml::node* node = find(key);
    if (node != nullptr) assign(*node, key, to, parse, form);
  }
  // A list of such texts; a single text counts as a list of one.
  template <class Parse, class T>
  void list(std::string_view key, std::vector<T>& to, Parse parse, std::string_view form,
            std::size_t count_max);
  // One of a few words.
  template <class E, std::size_t N>
  void choice(std::string_view key, E& to,
              const std::array<std::pair<std::string_view, E>, N>& words);

  // [key]: calls `read` with a reader for it, and finishes that.
  void table(std::string_view key, const std::function<void(TableReader&)>& read);
  // [[key]]: calls `read` for each, in order; `count_max` bounds them.
  void tables(std::string_view key, std::size_t count_max,
              const std::function<void(TableReader&, std::size_t index)>& read);
  // A table whose keys are data: calls `read` for each entry, in the order of the keys.
  void entries(std::string_view key, std::size_t count_max,
               const std::function<void(const toml::key&, const toml::node&)>& read);

  // The node of `key`, which is remembered as known and given its origin; nullptr if absent.
  const toml::node* find(std::string_view key);
  [[nodiscard]] std::string path(std::string_view key) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Reading& reading() const { return reading_; }

 private:
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
  std::optional<Nanoseconds> nanoseconds(std::string_view key, Nanoseconds min, Nanoseconds max);
  std::optional<std::string_view> text_of(const toml::node& node, std::string_view key,
                                          std::string_view wanted);
  void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted);
  void wrong_word(const toml::node& node, std::string_view key, std::string_view word,
                  const std::vector<std::string_view>& words);
  [[nodiscard]] std::string known_key(std::string_view key) const;

  template <class Parse, class T>
  bool assign(const toml::node& node, std::string_view key, T& to, Parse parse,
              std::string_view form) {
    const auto text = text_of(node, key, form);
    if (!text) return false;
    const auto value = parse(*text);
    if (!value) {
      reading_.problems.error(origin_of(node), std::string(key) + ": " + in_quotes(*text) +
                                                   " is not " + std::string(form));
      return false;
    }
    to = *value;
    return true;
  }

  const toml::table& table_;
  std::string path_;
  std::string title_;
  Reading& reading_;
  std::vector<std::string_view> known_;
};

// How people call a node's type: "a whole number".
[[nodiscard]] std::string_view type_text(const toml::node& node);

template <class Parse, class T>
void TableReader::list(std::string_view key, std::vector<T>& to, Parse parse, std::string_view form,
                       std::size_t count_max) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto add = [&](const toml::node& one) {
    T value{};
    if (!assign(one, key, value, parse, form)) return;
    reading_.origins.set(element(path(key), to.size()), origin_of(one));
    to.push_back(std::move(value));
  };
  const toml::array* array = node->as_array();
  if (array == nullptr) return add(*node);
  if (array->size() > count_max) {
    reading_.problems.error(origin_of(*node),
                            std::string(key) + " has " + std::to_string(array->size()) +
                                " entries; at most " + std::to_string(count_max) + " are possible");
    return;
  }
  for (const toml::node& one : *array) add(one);
}

template <class E, std::size_t N>
void TableReader::choice(std::string_view key, E& to,
                         const std::array<std::pair<std::string_view, E>, N>& words) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  std::vector<std::string_view> names;
  names.reserve(N);
  for (const auto& [name, value] : words) names.push_back(name);
  const auto word = text_of(*node, key, "text");
  if (!word) return;
  for (const auto& [name, value] : words) {
    if (name == *word) {
      to = value;
      return;
    }
  }
  wrong_word(*node, key, *word, names);
}

}  // namespace reveille
