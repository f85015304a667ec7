// Requests of boot firmware: captured ones, and captured ones with options changed.
#pragma once

#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <reveille/wire/dhcp.h>

#include "vectors/vectors.h"

namespace reveille::test {

// A message under construction, its options at the end, END written by octets().
class BootRequest {
 public:
  explicit BootRequest(const std::string& capture) : octets_(captured_payload(capture)) {
    std::size_t end = wire::kDhcpOptionsOffset;
    while (octets_[end] != 255) end += octets_[end] == 0 ? 1 : 2U + octets_[end + 1];
    octets_.resize(end);
  }

  BootRequest& without(wire::DhcpOption code) {
    Octets kept(octets_.begin(), octets_.begin() + wire::kDhcpOptionsOffset);
    for (std::size_t at = wire::kDhcpOptionsOffset; at < octets_.size();) {
      const std::size_t length = octets_[at] == 0 ? 1 : 2U + octets_[at + 1];
      if (octets_[at] != static_cast<std::uint8_t>(code)) {
        kept.insert(kept.end(), octets_.begin() + static_cast<std::ptrdiff_t>(at),
                    octets_.begin() + static_cast<std::ptrdiff_t>(at + length));
      }
      at += length;
    }
    octets_ = std::move(kept);
    return *this;
  }
  // Replaces what was there. Long values become several instances (RFC 3396).
  BootRequest& with(wire::DhcpOption code, Bytes value) {
    without(code);
    do {
      const std::size_t part = std::min<std::size_t>(value.size(), 255);
      octets_.push_back(static_cast<std::uint8_t>(code));
      octets_.push_back(static_cast<std::uint8_t>(part));
      octets_.insert(octets_.end(), value.begin(),
                     value.begin() + static_cast<std::ptrdiff_t>(part));
      value = value.subspan(part);
    } while (!value.empty());
    return *this;
  }
  BootRequest& with(wire::DhcpOption code, const Octets& value) { return with(code, Bytes(value)); }
  BootRequest& with(wire::DhcpOption code, std::string_view text) {
    return with(code, Bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  BootRequest& architecture(std::uint16_t code) {
    return with(wire::DhcpOption::client_architecture,
                Octets{static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)});
  }
  BootRequest& type(wire::DhcpType type) {
    return with(wire::DhcpOption::message_type, Octets{static_cast<std::uint8_t>(type)});
  }
  BootRequest& mac(std::string_view text) {
    std::ranges::copy(MacAddress::parse(text)->octets, octets_.begin() + 28);
    return *this;
  }
  BootRequest& flags(std::uint16_t value) {
    store_be16(&octets_[10], value);
    return *this;
  }
  BootRequest& ciaddr(Ipv4Address value) {
    store_be32(&octets_[12], value.value);
    return *this;
  }
  BootRequest& giaddr(Ipv4Address value) {
    store_be32(&octets_[24], value.value);
    return *this;
  }

  [[nodiscard]] Octets octets() const {
    Octets message = octets_;
    message.push_back(255);
    return message;
  }

 private:
  Octets octets_;
};

// A parsed message together with the octets that it borrows.
class Parsed {
 public:
  explicit Parsed(Octets octets)
      : octets_(std::move(octets)), view_(wire::DhcpView::parse(octets_)) {
    if (!view_) throw std::runtime_error("not a DHCP message");
  }
  explicit Parsed(const BootRequest& request) : Parsed(request.octets()) {}
  explicit Parsed(const std::string& capture) : Parsed(captured_payload(capture)) {}
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;

  const wire::DhcpView& operator*() const { return *view_; }
  const wire::DhcpView* operator->() const { return &*view_; }

 private:
  Octets octets_;
  wire::Checked<wire::DhcpView> view_;
};

// Option 43 that says "load the file, look for no boot server".
inline const Octets kNoDiscovery{6, 1, 8, 255};

// The value of an option; empty when it is not there.
inline Octets octets_of(const wire::DhcpView& message, wire::DhcpOption code) {
  const auto value = message.option(code);
  return value ? Octets(value->begin(), value->end()) : Octets{};
}
inline Octets text(std::string_view value) {
  return {value.begin(), value.end()};
}

}  // namespace reveille::test
