// Any message, to ProxyDHCP and the boot server: facts, plan and boot options of whatever parses.
// The first octet chooses the port, the configuration and how many reply slots are free.
#include <algorithm>
#include <cstdlib>

#include "dhcp/proxy.h"
#include "image/memory_image.h"
#include "packet/context.h"
#include "packet/snapshot.h"
#include "policy/boot_policy.h"
#include "policy/candidates.h"
#include "policy/decisions.h"

namespace reveille {
namespace {

constexpr std::size_t kSlots = 4;

void require(bool holds) {
  if (!holds) std::abort();
}

std::shared_ptr<const Snapshot> make_snapshot(bool configured) {
  auto snapshot = std::make_shared<Snapshot>();
  Station station;
  station.mac = *MacAddress::parse("02:00:00:00:00:01");
  station.address = {Ipv4Address::of(10, 78, 0, 1), 24};
  snapshot->stations.push_back(station);
  std::vector<std::shared_ptr<const Image>> images;
  for (const char* name : {"undionly.kpxe", "snponly.efi", "bootaa64.efi"}) {
    images.push_back(test::make_image(name, std::vector<std::uint8_t>(1000)));
  }
  Config config;
  if (configured) {
    images.push_back(test::make_image("boot.ipxe", {1}));
    config.boot.files = {{0x10, "http://10.78.0.1/boot.efi"}, {0x0b, std::string(200, 'a')}};
    config.boot.default_file = "default.0";
    config.boot.next_server = Ipv4Address::of(10, 78, 0, 2);
    HostConfig host;
    host.client_id = {1};
    host.boot_file = "host.ipxe";
    config.hosts = {host};
  }
  auto catalogue = std::make_shared<const Catalogue>(std::move(images), Catalogue::Options{});
  snapshot->policy = std::make_shared<const BootPolicy>(config, *catalogue);
  snapshot->catalogue = std::move(catalogue);
  snapshot->config = std::make_shared<const Config>(std::move(config));
  return snapshot;
}

// What must hold for every reply to every request.
void check(const Reply& reply, const wire::DhcpView& asked, const Facts& facts) {
  constexpr std::size_t kHeaders = 42;
  require(reply.length <= 1514 && reply.length >= kHeaders + wire::kBootpLength);
  const auto sent =
      wire::DhcpView::parse({reply.head + kHeaders, std::size_t{reply.length} - kHeaders});
  require(static_cast<bool>(sent));
  require(facts.boots());
  require(sent->op() == wire::DhcpOp::reply && sent->yiaddr().is_zero());
  require(sent->xid() == asked.xid() && sent->giaddr() == asked.giaddr());
  const auto file = sent->option_text(wire::DhcpOption::boot_file_name);
  require(file.has_value() && !file->empty());
  require(!facts.ipxe || !is_ipxe_program(*file));
  require(facts.ipxe || !is_ipxe_script(*file));
  require(!facts.http || facts.ipxe || is_http_url(*file));
  const auto identifier = sent->option(wire::DhcpOption::client_machine_identifier);
  if (identifier) {
    const auto given = asked.option(wire::DhcpOption::client_machine_identifier);
    require(given && std::ranges::equal(*identifier, *given));
  }
}

void answer(Bytes message, bool boot_server, bool configured, std::size_t free_slots) {
  static const std::shared_ptr<const Snapshot> kSnapshots[] = {make_snapshot(false),
                                                               make_snapshot(true)};
  static LinkState links;
  static Decisions decisions(0, 1);
  const auto view = wire::DhcpView::parse(message);
  if (!view) return;
  Request request;
  request.service = boot_server ? Service::boot_server : Service::dhcp;
  request.link_source = *MacAddress::parse("52:54:00:aa:01:06");
  request.source = view->ciaddr();
  request.destination = Ipv4Address::of(10, 78, 0, 1);
  request.source_port = 68;
  request.destination_port = boot_server ? wire::kBootServerPort : wire::kDhcpServerPort;
  request.body = message;

  std::array<std::array<std::uint8_t, 1522>, kSlots> heads;
  std::array<Reply, kSlots> slots;
  for (std::size_t i = 0; i < kSlots; ++i) {
    heads[i].fill(0xa5);
    slots[i] = {.head = heads[i].data(), .capacity = 1522};
  }
  std::array<Event, 2> event_storage;
  Replies replies(std::span<Reply>(slots).first(free_slots));
  Events events(event_storage);
  Outbox outbox({});
  const Context context{Instant(1s), *kSnapshots[configured], replies, events, outbox, links};
  const Outcome outcome = boot_server ? answer_boot_server(request, *view, context, decisions)
                                      : answer_proxy(request, *view, context, decisions);
  const Facts facts = facts_of(*view, 0);
  const auto sent = replies.all();
  require(sent.size() <= (boot_server ? 1U : 2U));
  require((info(outcome).verdict == Verdict::answered) == !sent.empty());
  for (const Reply& reply : sent) check(reply, *view, facts);
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::uint8_t choice = data[0];
  reveille::answer({data + 1, size - 1}, (choice & 1) != 0, (choice & 2) != 0,
                   (choice & 4) != 0 ? 1 : reveille::kSlots);
  return 0;
}
