// A DHCP engine with its journal and its store, without a network: what a worker, the committer
// and the disk do together, one step at a time.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdlib.h>
#include <string>
#include <vector>

#include "dhcp/engine.h"
#include "dhcp/lab.h"
#include "dhcp/lease_journal.h"
#include "dhcp/lease_table.h"
#include "store/lease_store.h"

namespace reveille::test {

// What one commit writes, in tests that commit often.
inline constexpr std::uint32_t kBatchSize = 40;

// The n-th lease of a test that needs many.
inline LeaseChange bound_lease(std::uint32_t n, Instant until, std::uint16_t version = 1) {
  return {LeaseChange::Kind::bound,
          false,
          0,
          Ipv4Address{0x0a4d0000 + n},
          {1, n},
          until,
          machine(n),
          version};
}

// A folder of its own, gone at the end. In memory: what survives a process does not depend on a
// disk, and thousands of syncs of a busy one would take minutes.
class StoreFolder {
 public:
  StoreFolder() {
    std::string name = "/dev/shm/reveille-store-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder " + name);
    path_ = name;
  }
  ~StoreFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;
  [[nodiscard]] std::string database() const { return path_ + "/leases.db"; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Clocks that a test sets. The workers' clock starts anew with each server.
struct TestClock {
  Instant now = Instant{} + 10s;
  std::int64_t wall = 1'700'000'000;
  std::int64_t boot = 5000;
  std::string boot_id = "first";

  void pass(Seconds time) {
    now += time;
    wall += time.count();
    boot += time.count();
  }
  [[nodiscard]] StoreClock clock() {
    return {[this] { return StoreTime{now, wall, boot}; }, boot_id};
  }
};

class DurableServer {
 public:
  struct Answer {
    Outcome outcome{};
    Octets reply;
    LeaseTicket ticket = 0;

    [[nodiscard]] wire::DhcpView view() const {
      return *wire::DhcpView::parse(Bytes{reply}.subspan(42));
    }
    [[nodiscard]] Ipv4Address yiaddr() const { return view().yiaddr(); }
    [[nodiscard]] std::uint32_t lease_seconds() const {
      return view().option_u32(DhcpOption::lease_time).value_or(0);
    }
  };

  DurableServer(TestClock& clock, const StoredLeases& stored, Config config = small_config(),
                std::uint64_t outstanding_max = 1000)
      : clock_(clock), journal_(storage_, outstanding_max) {
    Station station;
    station.mac = kServerMac;
    station.address = {kServer, 24};
    snapshot_.stations = {station};
    snapshot_.subnets = std::make_shared<const Subnets>(config);
    snapshot_.config = std::make_shared<const Config>(std::move(config));
    engine_.emplace(snapshot_, Share{}, 7, booting_, &stored);
  }

  Answer send(const Message& message) {
    const Octets octets = octets_of(message);
    Request request;
    request.service = Service::dhcp;
    request.link_source = message.mac;
    request.source = message.ciaddr;
    request.destination = message.ciaddr.is_zero() ? Ipv4Address::broadcast() : kServer;
    request.source_port = 68;
    request.destination_port = 67;
    request.body = octets;
    Answer answer;
    act([&](const Context& context) { answer.outcome = engine_->handle(request, context); });
    if (!replies_.all().empty()) {
      const Reply& reply = replies_.all()[0];
      answer.reply.assign(reply.head, reply.head + reply.length);
      answer.ticket = reply.ticket;
    }
    return answer;
  }
  Answer discover(const MacAddress& mac) { return send({.mac = mac}); }
  Answer request(const MacAddress& mac, Ipv4Address address) {
    return send({.type = DhcpType::request, .mac = mac, .requested = address, .server = kServer});
  }
  // The ACK of a whole exchange.
  Answer lease(const MacAddress& mac) { return request(mac, discover(mac).yiaddr()); }

  void tick() {
    act([&](const Context& context) { engine_->tick(context); });
  }
  [[nodiscard]] LeaseJournal& journal() { return journal_; }
  [[nodiscard]] const LeaseTable& leases() const { return *engine_->leases(); }

  // What the committer does, at once.
  [[nodiscard]] Stored<void> commit(LeaseStore& store) {
    auto written = store.write(journal_.all());
    if (!written) return written;
    journal_.clear();
    journal_.reached_disk(journal_.last());
    return {};
  }

 private:
  template <class Act>
  void act(Act&& what) {
    replies_.clear();
    Events events(event_storage_);
    Outbox outbox({});
    what(Context{.now = clock_.now,
                 .snapshot = snapshot_,
                 .replies = replies_,
                 .events = events,
                 .outbox = outbox,
                 .links = links_,
                 .journal = &journal_});
  }

  TestClock& clock_;
  std::array<LeaseChange, 256> storage_{};
  LeaseJournal journal_;
  Snapshot snapshot_;
  BootingClients booting_{64, 1};
  std::optional<DhcpEngine> engine_;
  LinkState links_;
  std::array<std::uint8_t, 2048> head_{};
  std::array<Reply, 1> slot_{Reply{head_.data(), static_cast<std::uint16_t>(head_.size())}};
  Replies replies_{slot_};
  std::array<Event, 64> event_storage_{};
};

}  // namespace reveille::test
