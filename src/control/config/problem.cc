#include "control/config/problem.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

namespace reveille {
namespace {

// Edits between two words: insert, delete, replace, or swap two neighbours (the usual slips).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

// "blocksize" is how most people write "block_size".
std::string without_separators(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return c == '_' || c == '-'; });
  return out;
}

}  // namespace

std::string element(std::string_view list, std::size_t i) {
  std::string path(list);
  return path.append("[").append(std::to_string(i)).append("]");
}

void Origins::set(std::string path, Origin origin) {
  by_path_.insert_or_assign(std::move(path), origin);
}

Origin Origins::of(std::string path) const {
  while (true) {
    if (const auto found = by_path_.find(path); found != by_path_.end()) return found->second;
    const std::size_t cut = path.find_last_of(".[");
    if (cut == std::string::npos) return {};
    path.resize(cut);
  }
}

std::string_view Origins::keep_name(std::string name) {
  return *names_.emplace_back(std::make_shared<const std::string>(std::move(name)));
}

void Origins::erase(const std::string& path) {
  std::erase_if(by_path_, [&path](const auto& entry) {
    const std::string& key = entry.first;
    if (!key.starts_with(path)) return false;
    return key.size() == path.size() || key[path.size()] == '.' || key[path.size()] == '[';
  });
}

std::string Problem::line_of_text() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  if (!out.empty()) out += ": ";
  out += severity == Severity::error ? "error: " : "warning: ";
  return out + text;
}

void Problems::add(Severity severity, Origin origin, std::string text) {
  if (severity == Severity::error) ++errors_;
  if (kept_.size() == kKeptMax) {
    ++left_out_;
    return;
  }
  std::string file = !origin.option.empty() ? std::string(origin.option)
                     : !origin.file.empty() ? std::string(origin.file)
                                            : file_;
  kept_.push_back({severity, std::move(file), origin.line, origin.column, std::move(text)});
}

std::vector<Problem> Problems::sorted() const {
  std::vector<Problem> all = kept_;
  const auto place = [this](const Problem& problem) {
    const bool elsewhere = problem.file != file_;
    const bool nowhere = elsewhere && problem.line == 0;
    const std::string_view file = elsewhere && !nowhere ? problem.file : std::string_view{};
    return std::tuple(elsewhere, nowhere, file, problem.line, problem.column);
  };
  std::stable_sort(all.begin(), all.end(),
                   [&place](const Problem& a, const Problem& b) { return place(a) < place(b); });
  return all;
}

std::string Problems::text() const {
  std::string out;
  for (const Problem& problem : sorted()) out += problem.line_of_text() + "\n";
  if (left_out_ > 0) out += "and " + std::to_string(left_out_) + " more problems\n";
  return out;
}

std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kLongestWorthGuessing = 64;
  if (text.empty() || text.size() > kLongestWorthGuessing) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, text.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(text, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (!best.empty() || text.size() < 3) return best;
  const std::string bare = without_separators(text);
  for (const std::string_view candidate : candidates) {
    const std::string known = without_separators(candidate);
    if (known.starts_with(bare) || bare.starts_with(known)) return candidate;
  }
  return {};
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShownMax = 80;
  std::string out = "\"";
  for (const char c : text.substr(0, kShownMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      char escape[5];
      (void)std::snprintf(escape, sizeof escape, "\\x%02x", byte);
      out += escape;
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + (text.size() > kShownMax ? "...\"" : "\"");
}

}  // namespace reveille
