#include "image/catalogue.h"

#include <algorithm>
#include <span>
#include <utility>

namespace reveille {

namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The name in the form that the catalogue keeps, written into `room`.
std::optional<std::string_view> normalize(std::string_view name, bool ignore_case,
                                          ImageNameRoom& room) {
  if (name.size() > room.size()) return std::nullopt;
  std::size_t length = 0;
  std::size_t part = 0;  // where the path component being written begins
  for (const char c : name) {
    const char written = c == '\\' ? '/' : ignore_case ? lower(c) : c;
    if (written == '/') {
      const std::string_view component{room.data() + part, length - part};
      if (component.empty()) continue;
      if (component == ".") {
        length = part;
        continue;
      }
      part = length + 1;
    }
    room[length++] = written;
  }
  if (length == 0) return std::nullopt;
  return std::string_view{room.data(), length};
}

}  // namespace

std::optional<std::string_view> normal_image_name(std::string_view name, ImageNameRoom& room) {
  return normalize(name, false, room);
}

std::string fold_case(std::string_view name) {
  std::string folded{name};
  std::ranges::transform(folded, folded.begin(), lower);
  return folded;
}

Catalogue::Catalogue(std::vector<std::shared_ptr<const Image>> images, Options options)
    : images_(std::move(images)), options_(options) {
  by_name_.reserve(images_.size());
  ImageNameRoom room;
  for (const auto& image : images_) {
    const auto name = normalize(image->name(), options_.ignore_case, room);
    if (name) by_name_.try_emplace(std::string{*name}, image.get());
  }
}

const Image* Catalogue::find(std::string_view name) const {
  ImageNameRoom room;
  const auto normal = normalize(name, options_.ignore_case, room);
  if (!normal) return nullptr;
  const auto found = by_name_.find(*normal);
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace reveille
