// ProxyDHCP and the boot server on one link, without leases: requests in, parsed replies out.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "dhcp/boot_request.h"
#include "dhcp/proxy.h"
#include "dhcp/subnets.h"
#include "image/memory_image.h"
#include "names/name_rules.h"
#include "packet/client_facts.h"
#include "packet/context.h"
#include "packet/snapshot.h"
#include "policy/boot_policy.h"
#include "policy/decisions.h"
#include "policy/test_policy.h"

namespace reveille::test {

inline const MacAddress kServerMac = *MacAddress::parse("02:00:00:00:00:01");
inline const MacAddress kClientMac = *MacAddress::parse("52:54:00:aa:01:06");
inline constexpr Ipv4Address kServer = Ipv4Address::of(10, 78, 0, 1);
inline constexpr Ipv4Address kOtherServer = Ipv4Address::of(10, 78, 0, 9);
inline constexpr Ipv4Address kClient = Ipv4Address::of(10, 78, 0, 157);
inline const auto kUsualFiles = {"undionly.kpxe", "snponly.efi", "boot.ipxe"};

// A UDP frame that left, untagged.
struct SentFrame {
  Octets frame;
  [[nodiscard]] MacAddress to_mac() const { return MacAddress::from(&frame[0]); }
  [[nodiscard]] Ipv4Address from() const { return Ipv4Address::from(&frame[26]); }
  [[nodiscard]] Ipv4Address to() const { return Ipv4Address::from(&frame[30]); }
  [[nodiscard]] std::uint16_t from_port() const { return load_be16(&frame[34]); }
  [[nodiscard]] std::uint16_t to_port() const { return load_be16(&frame[36]); }
  [[nodiscard]] Octets payload() const { return {frame.begin() + 42, frame.end()}; }
};

class BootLab {
 public:
  // `size` octets in each of the files.
  explicit BootLab(std::initializer_list<const char*> files, Config config = {},
                   std::size_t size = 100000) {
    std::vector<std::shared_ptr<const Image>> images;
    for (const char* name : files) {
      images.push_back(make_image(name, std::vector<std::uint8_t>(size)));
    }
    Station station;
    station.mac = kServerMac;
    station.address = {kServer, 24};
    snapshot_.stations.push_back(station);
    const auto catalogue =
        std::make_shared<const Catalogue>(std::move(images), Catalogue::Options{});
    snapshot_.catalogue = catalogue;
    snapshot_.policy = test_policy(config, *catalogue);
    snapshot_.subnets = std::make_shared<const Subnets>(config);
    snapshot_.config = std::make_shared<const Config>(std::move(config));
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      slots_[i].head = buffers_[i].data();
      slots_[i].capacity = static_cast<std::uint16_t>(buffers_[i].size());
    }
  }
  BootLab(const BootLab&) = delete;
  BootLab& operator=(const BootLab&) = delete;

  // Broadcast to port 67 from a client without an address.
  Outcome discover(const BootRequest& message) {
    return proxy(message, {}, Ipv4Address::broadcast());
  }
  Outcome proxy(const BootRequest& message, Ipv4Address from, Ipv4Address to) {
    return answer(message, from, 68, to, 67);
  }
  Outcome boot_server(const BootRequest& message, Ipv4Address from, std::uint16_t from_port) {
    return answer(message, from, from_port, kServer, 4011);
  }

  [[nodiscard]] const std::vector<SentFrame>& sent() const { return sent_; }
  [[nodiscard]] const std::vector<Event>& events() const { return told_; }
  [[nodiscard]] const std::vector<ClientFacts>& clients() const { return clients_; }
  void serve(const char* name, std::size_t size) {
    auto images = snapshot_.catalogue->images();
    images.push_back(make_image(name, std::vector<std::uint8_t>(size)));
    snapshot_.catalogue = std::make_shared<const Catalogue>(images, Catalogue::Options{});
    snapshot_.policy = std::make_shared<const BootPolicy>(*snapshot_.config, *snapshot_.catalogue);
  }
  void rewrite(const std::vector<NameRuleConfig>& rules) {
    snapshot_.names = NameRules::build(rules, false, 1).value();
  }
  [[nodiscard]] const Snapshot& snapshot() const { return snapshot_; }
  void leave_replies(std::size_t count) { reply_count_ = count; }

 private:
  Outcome answer(const BootRequest& message, Ipv4Address from, std::uint16_t from_port,
                 Ipv4Address to, std::uint16_t to_port) {
    const Octets octets = message.octets();
    const Parsed parsed(message);
    Request request;
    request.service = to_port == 67 ? Service::dhcp : Service::boot_server;
    request.link_source = kClientMac;
    request.link_destination =
        to == Ipv4Address::broadcast() ? MacAddress::broadcast() : kServerMac;
    request.source = from;
    request.destination = to;
    request.source_port = from_port;
    request.destination_port = to_port;
    request.body = octets;

    Replies replies(std::span<Reply>(slots_).first(reply_count_));
    Events events(event_storage_);
    Outbox outbox({});
    std::array<ClientFacts, 4> clients_storage;
    ClientNotes clients(clients_storage);
    const Context context{Instant(5s), snapshot_, replies, events, outbox, links_, &clients};
    for (auto& buffer : buffers_) buffer.fill(0xa5);
    const Outcome outcome = to_port == 67
                                ? answer_proxy(request, *parsed, context, decisions_)
                                : answer_boot_server(request, *parsed, context, decisions_);
    sent_.clear();
    for (const Reply& reply : replies.all()) {
      sent_.push_back({Octets(reply.head, reply.head + reply.length)});
    }
    told_.assign(events.all().begin(), events.all().end());
    clients_.assign(clients.all().begin(), clients.all().end());
    return outcome;
  }

  Snapshot snapshot_;
  LinkState links_;
  Decisions decisions_{0, 1};
  std::array<std::array<std::uint8_t, 1522>, 4> buffers_{};
  std::array<Reply, 4> slots_{};
  std::array<Event, 4> event_storage_{};
  std::size_t reply_count_ = 4;
  std::vector<SentFrame> sent_;
  std::vector<Event> told_;
  std::vector<ClientFacts> clients_;
};

}  // namespace reveille::test
