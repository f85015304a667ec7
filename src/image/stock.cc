#include <array>
#include <cstdio>

#include "image/library.h"

namespace reveille {

namespace {

std::string amount(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text;
  (void)std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value,
                      kUnits[unit]);
  return text.data();
}

}  // namespace

ImageStock ImageLibrary::stock() const {
  ImageStock stock{.images = catalogue_->images().size(), .memory = memory_.use()};
  for (const auto& image : catalogue_->images()) {
    stock.image_bytes += image->size();
    if (!image->resident()) stock.mapped_bytes += image->size();
  }
  return stock;
}

std::string text(const ImageStock& stock) {
  std::string text = std::to_string(stock.images) + (stock.images == 1 ? " image, " : " images, ") +
                     amount(stock.image_bytes);
  const auto add = [&](std::uint64_t bytes, const char* where) {
    if (bytes != 0) text += "; " + amount(bytes) + where;
  };
  add(stock.memory[MemoryKind::huge], " in hugepages");
  add(stock.memory[MemoryKind::locked], " in locked memory");
  add(stock.memory[MemoryKind::plain], " in memory that may be swapped out");
  add(stock.mapped_bytes, " read from disk when sent");
  return text;
}

}  // namespace reveille
