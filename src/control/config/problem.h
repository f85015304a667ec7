// What is wrong with a configuration, and where: all problems at once, each with its place and
// with what to change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reveille {

enum class Severity : std::uint8_t { warning, error };

// Where a value was written: a place in the file, or an option of the command line.
struct Origin {
  std::string_view option;  // "--pool", a literal; empty: the file
  unsigned line = 0;        // from 1; 0: nowhere in particular
  unsigned column = 0;      // from 1, in code points
  std::string_view file{};  // which one; empty: the configuration file

  bool operator==(const Origin&) const = default;
};

// The path of the i-th element of a list: element("subnet", 0) is "subnet[0]".
[[nodiscard]] std::string element(std::string_view list, std::size_t i);

// The origin of each value, by its path in the configuration: "subnet[0].pools[1]".
class Origins {
 public:
  void set(std::string path, Origin origin);
  // Was it written at all, even if it could not be understood?
  [[nodiscard]] bool has(const std::string& path) const { return by_path_.contains(path); }
  // The origin of the value, else of the nearest table around it.
  [[nodiscard]] Origin of(std::string path) const;
  // A file's name for Origin::file, good for as long as this lives.
  [[nodiscard]] std::string_view keep_name(std::string name);
  // Forgets `path` and all that is inside it.
  void erase(const std::string& path);

 private:
  std::unordered_map<std::string, Origin> by_path_;
  std::vector<std::shared_ptr<const std::string>> names_;
};

struct Problem {
  Severity severity = Severity::error;
  std::string file;  // or the option of the command line
  unsigned line = 0;
  unsigned column = 0;
  std::string text;

  // FILE:LINE:COLUMN: error: TEXT, as compilers write it and editors read it.
  [[nodiscard]] std::string line_of_text() const;
};

class Problems {
 public:
  // Hostile files have no end of problems. What is over the limit is counted, not kept.
  static constexpr std::size_t kKeptMax = 200;

  Problems() = default;
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void error(Origin origin, std::string text) { add(Severity::error, origin, std::move(text)); }
  void warning(Origin origin, std::string text) { add(Severity::warning, origin, std::move(text)); }

  [[nodiscard]] bool any_error() const { return errors_ > 0; }
  [[nodiscard]] bool empty() const { return kept_.empty(); }
  [[nodiscard]] const std::string& file() const { return file_; }
  // In the order of the file, then of further files; those of the command line come last.
  [[nodiscard]] std::vector<Problem> sorted() const;
  // sorted(), one a line, each ended by a newline, and how many were not kept.
  [[nodiscard]] std::string text() const;

 private:
  void add(Severity severity, Origin origin, std::string text);

  std::string file_;
  std::vector<Problem> kept_;
  std::size_t errors_ = 0;
  std::size_t left_out_ = 0;
};

// The candidate that was probably meant, or empty: few edits away, or what `text` abbreviates.
[[nodiscard]] std::string_view nearest(std::string_view text,
                                       const std::vector<std::string_view>& candidates);

// `text` between double quotes, shortened, with what a terminal must not see as \xNN.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace reveille
