// Names to images: everything that can be asked for by TFTP, and nothing else.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "image/image.h"

namespace reveille {

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
  // dropped; ".." is a name like any other and so finds nothing. Names longer than 512 bytes
  // find nothing. nullptr when there is none.
  [[nodiscard]] const Image* find(std::string_view name) const;

  [[nodiscard]] const std::vector<std::shared_ptr<const Image>>& images() const { return images_; }

 private:
  std::vector<std::shared_ptr<const Image>> images_;
  Options options_;
  std::unordered_map<std::string_view, const Image*> by_name_;
  std::vector<std::string> folded_names_;
};

}  // namespace reveille
