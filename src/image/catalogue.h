// Names to images: everything that can be asked for by TFTP, and nothing else.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "image/image.h"

namespace reveille {

inline constexpr std::size_t kImageNameLengthMax = 512;

// A name as a client wrote it, with '\' as '/', without leading '/', './' and doubled '/', in
// `room`; nullopt if nothing is left, or more than fits. ".." stays: a name that no image has.
using ImageNameRoom = std::array<char, kImageNameLengthMax>;
[[nodiscard]] std::optional<std::string_view> normal_image_name(std::string_view name,
                                                                ImageNameRoom& room);

// How two names are compared: upper case of ASCII as lower case, everything else as it is.
[[nodiscard]] std::string fold_case(std::string_view name);

// Immutable once built. Lookups allocate nothing and touch no file system.
class Catalogue {
 public:
  struct Options {
    bool ignore_case = false;
  };

  Catalogue() = default;
  // Two images of one name (after folding): the first wins.
  Catalogue(std::vector<std::shared_ptr<const Image>> images, Options options);

  // `name` as a client wrote it: '\' counts as '/', leading '/' and './' and doubled '/' are
  // dropped; ".." is a name like any other and so finds nothing. Names longer than
  // kImageNameLengthMax find nothing. nullptr when there is none.
  [[nodiscard]] const Image* find(std::string_view name) const;

  [[nodiscard]] const std::vector<std::shared_ptr<const Image>>& images() const { return images_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };

  std::vector<std::shared_ptr<const Image>> images_;
  Options options_;
  std::unordered_map<std::string, const Image*, Hash, std::equal_to<>> by_name_;
};

}  // namespace reveille
