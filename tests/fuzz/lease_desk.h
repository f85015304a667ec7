// The server behind a control socket, for words about leases: the engines of a lab, and a database
// that is a map. What it is told to do happens in turns; a reload, workers that stand and a store
// that does not answer come between them as the caller wants it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "control/socket/lease_commands.h"
#include "dhcp/lab.h"
#include "fuzz/require.h"

namespace reveille::test {

class LeaseDeskLab final : public LeaseDesk {
 public:
  static constexpr Ipv4Address kNet = Ipv4Address::of(10, 77, 0, 0);

  explicit LeaseDeskLab(unsigned workers) : lab_(first_config(), workers, kSeed) {}

  void order_lease(LeaseOrder::Kind kind, Ipv4Address address, LeaseOrders::Done done) override {
    orders_.ask(kind, address, std::move(done));
  }
  void import_leases(std::vector<LeaseChange> leases, LeaseImports::Done done) override {
    require(leases.size() <= LeaseImport::kLeasesMax);
    std::set<Ipv4Address> addresses;
    for (const LeaseChange& lease : leases) require(addresses.insert(lease.address).second);
    imports_.ask(std::move(leases), std::move(done));
  }
  [[nodiscard]] std::optional<ForeignTerms> foreign_terms() const override {
    return ForeignTerms{.key_seed = kSeed, .now = lab_.now(), .wall_seconds = wall_seconds()};
  }

  void turn(Nanoseconds time) {
    lab_.wait(time);
    if (!workers_stand_) work();
    if (!store_stands_ && addition_ != nullptr) record();
    orders_.turn(lab_.now());
    imports_.turn(lab_.now());
    check();
  }
  void lease(std::uint32_t number) { lab_.lease(machine(number)); }
  void begin_reload(unsigned pools) {
    if (reload_) return;
    reload_ = pools;
    recorded_ = imports_.outside();
  }
  void end_reload() {
    if (!reload_) return;
    pools_ = *std::exchange(reload_, std::nullopt);
    ++reloads_;
    lab_.change_config([this](Config& config) { set_pools(config, pools_); }, recorded_);
  }
  void stop_or_go_workers() { workers_stand_ = !workers_stand_; }
  void stop_or_go_store() { store_stands_ = !store_stands_; }
  void hold_or_deliver() {
    holds_ = !holds_;
    lab_.hold_messages(holds_);
    if (!holds_) lab_.deliver();
  }
  // From now on nothing stands in the way.
  void go_on() {
    workers_stand_ = store_stands_ = false;
    if (holds_) hold_or_deliver();
    end_reload();
  }
  [[nodiscard]] Nanoseconds uptime() const { return lab_.now() - Instant{}; }

  // Whoever has an address gets it when he asks.
  void ask_all() {
    if ((pools_ & (kNoFirst | kReservation)) != 0) return;
    for (std::uint32_t host = 10; host < 20; ++host) {
      const Lease* const found = lab_.lease_at({kNet.value + host});
      if (found == nullptr || found->state != LeaseState::bound) continue;
      const Lease lease = *found;
      const bool asks = !lease.mac.is_zero() && !lease.mac.is_group() &&
                        lease.client == ethernet_key_of(lease.mac) &&
                        lease.until > lab_.now() + 1min;
      if (asks) require(lab_.lease(lease.mac) == lease.address);
    }
  }

 private:
  static constexpr std::int64_t kWallSeconds = 1'790'000'000;  // when the lab begins
  static constexpr std::uint64_t kSeed = 1;

  // Pools come and go; what one of the reloads has had is not dealt out twice.
  enum Pools : unsigned { kNoFirst = 1, kSecond = 2, kThird = 4, kReservation = 8 };

  static Config first_config() {
    Config config = campus_config(4);
    config.relay.entries = 32;
    return config;
  }
  static void set_pools(Config& config, unsigned which) {
    const auto range = [](std::uint32_t first, std::uint32_t last) {
      return PoolConfig{{kNet.value + first}, {kNet.value + last}};
    };
    std::vector<PoolConfig>& pools = config.subnets[0].pools;
    pools.clear();
    if ((which & kNoFirst) == 0) pools.push_back(range(10, 19));
    if ((which & kSecond) != 0) pools.push_back(range(30, 39));
    if ((which & kThird) != 0) pools.push_back(range(40, 44));
    config.hosts.clear();
    if ((which & kReservation) != 0) {
      config.hosts.push_back({.mac = machine(1), .address = Ipv4Address{kNet.value + 12}});
    }
  }

  [[nodiscard]] std::int64_t wall_seconds() const {
    return kWallSeconds + std::chrono::duration_cast<std::chrono::seconds>(uptime()).count();
  }
  void work() {
    if (order_) {
      answers_.assign(lab_.workers(), {LeaseOrderAnswer::Kind::not_mine, {}, order_->number});
      answers_[0].kind = lab_.obey(*order_);
      order_.reset();
    }
    if (piece_ == nullptr) return;
    for (int count = 0; count < 256 && next_ < piece_->leases.size(); ++count) {
      const auto answer = lab_.ask_import(piece_->leases[next_]);
      if (!answer) return;
      piece_->answers[0][next_++] = *answer;
    }
    if (next_ < piece_->leases.size()) return;
    next_ = 0;
    piece_ = nullptr;
  }
  // As LeaseStore::add().
  void record() {
    const auto is_ended = [](const LeaseChange& lease) {
      return lease.kind == LeaseChange::Kind::released || lease.kind == LeaseChange::Kind::expired;
    };
    for (const LeaseChange& lease : addition_->leases) {
      const auto found = recorded_only_.find(lease.address);
      const bool gives_way = found == recorded_only_.end() || is_ended(found->second) ||
                             found->second.until <= lab_.now();
      const bool is_added = found == recorded_only_.end() || (gives_way && !is_ended(lease));
      if (is_added) recorded_only_.insert_or_assign(lease.address, lease);
      addition_->added.push_back(is_added);
    }
    addition_ = nullptr;
  }
  // What only the database knows is lent by nobody.
  void check() const {
    if (!holds_) lab_.check_leases();
    for (const auto& [address, lease] : recorded_only_) require(lab_.lease_at(address) == nullptr);
  }

  Lab lab_;
  bool workers_stand_ = false;
  bool store_stands_ = false;
  bool holds_ = false;
  unsigned pools_ = 0;
  std::optional<unsigned> reload_;  // under way
  std::uint64_t reloads_ = 0;
  std::vector<Ipv4Address> recorded_;  // when it began
  std::optional<LeaseOrder> order_;
  std::vector<LeaseOrderAnswer> answers_;
  LeaseImport* piece_ = nullptr;
  std::size_t next_ = 0;  // lease of it
  Committer::Addition* addition_ = nullptr;
  std::map<Ipv4Address, LeaseChange> recorded_only_;
  LeaseOrders orders_{{.workers = lab_.workers(),
                       .order = [this](const LeaseOrder& order) { order_ = order; },
                       .answers =
                           [this](const auto& tell) {
                             for (const auto& answer : std::exchange(answers_, {})) tell(answer);
                           }}};
  LeaseImports imports_{{.workers = lab_.workers(),
                         .import = [this](LeaseImport& piece) { piece_ = &piece; },
                         .imported = [this] { return piece_ == nullptr; },
                         .add = [this](Committer::Addition& all) { addition_ = &all; },
                         .added = [this] { return addition_ == nullptr; },
                         .plan = [this]() -> std::optional<std::uint64_t> {
                           return reload_ ? std::nullopt : std::optional(reloads_);
                         }}};
};

}  // namespace reveille::test
