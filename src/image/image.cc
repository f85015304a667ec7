#include "image/image.h"

#include <algorithm>
#include <utility>

namespace reveille {

Image::Image(std::string name, std::unique_ptr<Storage> storage, Digest digest)
    : name_(std::move(name)),
      storage_(std::move(storage)),
      bytes_(storage_->bytes()),
      digest_(std::move(digest)) {}

Image::Image(std::string name, std::unique_ptr<Storage> storage)
    : name_(std::move(name)),
      storage_(std::move(storage)),
      bytes_(storage_->bytes()),
      digest_(digest_of(bytes_)) {}

bool Image::unread() const {
  return std::ranges::all_of(
      holds_, [](const Hold& hold) { return hold.transfers.load(std::memory_order_acquire) == 0; });
}

}  // namespace reveille
