// An image made of bytes that a test invents.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "image/catalogue.h"
#include "image/image.h"

namespace reveille::test {

class VectorStorage : public Image::Storage {
 public:
  explicit VectorStorage(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] Bytes bytes() const override { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

inline std::shared_ptr<const Image> make_image(std::string name, std::vector<std::uint8_t> bytes) {
  return std::make_shared<const Image>(std::move(name),
                                       std::make_unique<VectorStorage>(std::move(bytes)));
}

// A folder that holds small files of these names.
inline Catalogue folder(std::initializer_list<const char*> names) {
  std::vector<std::shared_ptr<const Image>> images;
  for (const char* name : names) images.push_back(make_image(name, {1, 2, 3}));
  return Catalogue(std::move(images), {});
}

}  // namespace reveille::test
