// An image made of bytes that a test invents.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

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

}  // namespace reveille::test
