// What a read request costs with name rules and templates: TftpEngine::handle() from the request
// to its first reply, a new client each time, the half-open transfers always full.
//
//   build/perf/names-bench
//
// "miss": no rule matches. "match": the last rule does, and names a folder by the client's MAC
// address. "capture": it does with a capture, by PCRE2. "template": the file is a script of 1 KiB
// that is written for the client. The argument is the number of rules.
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <reveille/wire/tftp.h>

#include "image/memory_image.h"
#include "names/name_rules.h"
#include "packet/known_clients.h"
#include "packet/snapshot.h"
#include "text/template_image.h"
#include "tftp/engine.h"

namespace reveille {
namespace {

constexpr Ipv4Address kClient = Ipv4Address::of(10, 77, 1, 5);
constexpr MacAddress kMac{{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

TftpConfig limits() {
  TftpConfig config;
  config.half_open_max = 64;
  return config;
}

std::string script() {
  std::string text = "#!ipxe\n";
  while (text.size() < 1024) text += "echo {{mac}} at {{ip}} boots by name\n";
  return text;
}

// `count` rules of the kinds that people write; the last one is the one that matches.
std::vector<NameRuleConfig> rules(std::size_t count, std::string_view to) {
  std::vector<NameRuleConfig> all;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    const std::string number = std::to_string(i);
    all.push_back(i % 2 == 0
                      ? NameRuleConfig{"^rack" + number + "/(boot|images)/.*\\.cfg$", "racks/\\1"}
                      : NameRuleConfig{"\\.v" + number + "[0-9a-f]*$", "versions/" + number});
  }
  all.push_back({"^pxelinux\\.cfg/(.*)$", std::string(to)});
  return all;
}

class Bench {
 public:
  Bench(std::size_t rule_count, std::string_view to) : engine_(limits(), Share{}, 1, clients_) {
    Station station;
    station.mac = {{2, 0, 0, 0, 0, 1}};
    station.address = {Ipv4Address::of(10, 77, 0, 1), 16};
    snapshot_.stations = {station};
    snapshot_.catalogue = std::make_shared<const Catalogue>(
        std::vector<std::shared_ptr<const Image>>{
            test::make_image("plain", std::vector<std::uint8_t>(1024)),
            test::make_image("hosts/52-54-00-12-34-56/default", std::vector<std::uint8_t>(1024)),
            template_image("script", Template::parse(script(), Template::Captures::none).value())},
        Catalogue::Options{});
    if (rule_count > 0) {
      auto built = NameRules::build(rules(rule_count, to), false, 1);
      if (!built) std::abort();
      snapshot_.names = *built;
    }
    ClientFacts facts;
    facts.address = kClient;
    facts.mac = facts.link = kMac;
    clients_.note(facts);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      heads_[i].resize(2048);
      slots_[i] = {heads_[i].data(), 1522};
    }
  }

  void run(benchmark::State& state, std::string_view name) {
    std::array<std::uint8_t, 128> body;
    const std::size_t length = wire::write_tftp_read_request(body, name, "octet", {});
    Request request;
    request.service = Service::tftp_open;
    request.link_source = kMac;
    request.source = kClient;
    request.destination = Ipv4Address::of(10, 77, 0, 1);
    request.destination_port = 69;
    request.body = Bytes(body).first(length);
    std::uint16_t port = 1024;
    for (auto _ : state) {
      request.source_port = port = port == 65535 ? 1024 : static_cast<std::uint16_t>(port + 1);
      Replies replies(slots_);
      events_.clear();
      const Context context{now_ += 1us, snapshot_, replies, events_, outbox_, links_};
      if (engine_.handle(request, context) != Outcome::tftp_opened) std::abort();
    }
  }

 private:
  Snapshot snapshot_;
  KnownClients clients_{1024, 1};
  TftpEngine engine_;
  Instant now_{1h};
  LinkState links_;
  std::array<Event, 8> event_room_{};
  Events events_{event_room_};
  Outbox outbox_{{}};
  std::array<std::vector<std::uint8_t>, 2 * kRepliesPerRequest> heads_;
  std::array<Reply, 2 * kRepliesPerRequest> slots_{};
};

void miss(benchmark::State& state) {
  Bench(static_cast<std::size_t>(state.range(0)), "none").run(state, "plain");
}
void match(benchmark::State& state) {
  Bench(static_cast<std::size_t>(state.range(0)), "hosts/{{mac:hexhyp}}/default")
      .run(state, "pxelinux.cfg/default");
}
void capture(benchmark::State& state) {
  Bench(static_cast<std::size_t>(state.range(0)), "hosts/{{mac:hexhyp}}/\\1")
      .run(state, "pxelinux.cfg/default");
}
void write_template(benchmark::State& state) {
  Bench(static_cast<std::size_t>(state.range(0)), "none").run(state, "script");
}

BENCHMARK(miss)->Arg(0)->Arg(10)->Arg(1000);
BENCHMARK(match)->Arg(10)->Arg(1000);
BENCHMARK(capture)->Arg(10)->Arg(1000);
BENCHMARK(write_template)->Name("template")->Arg(0);

}  // namespace
}  // namespace reveille

BENCHMARK_MAIN();
