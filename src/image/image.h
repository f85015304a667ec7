// A boot image in memory, and who is still reading it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <reveille/bytes.h>

#include "image/digest.h"
#include "packet/share.h"

namespace reveille {

class Template;  // text/template.h

// Made and destroyed by the control thread; read by workers. The bytes never change: a file
// that is replaced on disk becomes a new Image.
class Image {
 public:
  // What one worker holds of an image. Only that worker writes it (plain load and store);
  // control reads it to learn when the image may go. A cache line each: no sharing.
  struct alignas(64) Hold {
    std::atomic<std::uint32_t> transfers{0};
    // Room for the worker's transmit code to keep its own per-image state (DPDK's shared info
    // of external buffers). Zeroed by the image, otherwise not its business.
    alignas(8) std::array<std::byte, 40> transmit_state{};
  };

  // Where the bytes live; frees them when the image goes.
  class Storage {
   public:
    virtual ~Storage() = default;
    [[nodiscard]] virtual Bytes bytes() const = 0;
    // True: memory of our own, which a device may read at any time. False: the bytes come from
    // a file that somebody may shorten, so that a port has to copy them (image/mapped_file.h).
    [[nodiscard]] virtual bool resident() const { return true; }
    // False once bytes are known to be lost: the file was shortened under us.
    [[nodiscard]] virtual bool intact() const { return true; }
    // Not nullptr: what is sent are not the bytes but this, written anew for each client.
    [[nodiscard]] virtual const Template* as_template() const { return nullptr; }
  };

  // Reads all bytes, to hash and sum them.
  Image(std::string name, std::unique_ptr<Storage> storage);
  // `digest` is that of the storage's bytes.
  Image(std::string name, std::unique_ptr<Storage> storage, Digest digest);
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::array<std::uint8_t, 32>& sha256() const { return digest_.sha256; }
  [[nodiscard]] const Digest& digest() const { return digest_; }
  [[nodiscard]] bool resident() const { return storage_->resident(); }
  [[nodiscard]] bool intact() const { return storage_->intact(); }
  [[nodiscard]] const Template* as_template() const { return storage_->as_template(); }

  // The ones'-complement sum, folded to 16 bits and not inverted, of `length` bytes from
  // `offset`, as if the first byte were the high byte of a 16-bit word (RFC 1071). From prefix
  // sums each 64 bytes: reads at most 126 bytes of the image. offset + length <= size().
  // Which of the two zeros of ones' complement comes out is not said (image/prefix_sums.h).
  [[nodiscard]] std::uint16_t sum(std::uint64_t offset, std::uint32_t length) const {
    return digest_.sums.sum(bytes_, offset, length);
  }

  // The same in two halves, for a transfer that sends one stretch after the other; see
  // PrefixSums::before() and between().
  [[nodiscard]] std::uint16_t sum_before(std::uint64_t end) const {
    return digest_.sums.before(bytes_, end);
  }
  // For usual block sizes, these sums side by side: PrefixSums::strides().
  [[nodiscard]] const std::uint16_t* sums_before_blocks(std::uint32_t block_size) const {
    return digest_.sums.strides(block_size);
  }
  void prefetch_sum_before(std::uint64_t end) const { digest_.sums.prefetch(bytes_, end); }

  // No worker is reading it. Exact only once no worker can find the image any more.
  [[nodiscard]] bool unread() const;

  [[nodiscard]] Hold& hold(unsigned worker) const { return holds_[worker]; }

 private:
  std::string name_;
  std::unique_ptr<Storage> storage_;
  Bytes bytes_;
  Digest digest_;
  mutable std::array<Hold, kWorkersMax> holds_;
};

}  // namespace reveille
