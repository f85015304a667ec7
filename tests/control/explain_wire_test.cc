// What `reveille explain` says a reply is, against what `reveille replay` puts on the wire: every
// captured frame, under several configurations, octet for octet.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include "control/explain/explain.h"
#include "control/explain/question.h"
#include "control/replay/capture_file.h"
#include "test_folder.h"
#include "vectors/frames.h"

namespace reveille {
namespace {

constexpr Ipv4Address kServer = Ipv4Address::of(10, 78, 0, 1);

constexpr const char* kSubnet = R"(
[[interface]]
interface = "lab"
address = "10.78.0.1/24"
[[subnet]]
prefix = "10.78.0.0/24"
pools = ["10.78.0.100-10.78.0.199"]
routers = ["10.78.0.254"]
dns = ["10.78.0.53"]
domain = "lab.example"
  [subnet.options]
  ntp-servers = ["10.78.0.123"]
  interface-mtu = 1400
[[subnet]]
prefix = "10.90.0.0/24"
pools = ["10.90.0.100-10.90.0.199"]
)";

constexpr const char* kRules = R"(
[[host]]
mac = "52:54:00:aa:01:02"
address = "10.78.0.20"
host_name = "node2"
boot_file = "special.efi"
[[rule]]
name = "scripts"
when.user_class = '^iPXE$'
boot_file = "node.ipxe"
root_path = "aoe:e1.1"
[[rule]]
name = "http"
when.firmware = "http"
boot_file = "http://10.78.0.1/shimx64.efi"
[[rule]]
name = "uefi"
when.arch = "x64-uefi"
when.not = { mac = "52:54:00:00:00:09" }
next_server = "10.78.0.2"
  [rule.options]
  ntp-servers = ["10.78.0.124"]
  209 = { text = "menu.cfg" }
[[rule]]
name = "rack"
when.circuit_id = '^ge-0/0/7'
boot_file = "rack.efi"
[[rule]]
name = "no phones"
when.vendor_class = '^AVAYA'
deny = true
[[template]]
name = "node.ipxe"
text = "#!ipxe\necho {{mac}} {{ip}}\n"
)";

struct Stamped {
  Octets frame;
  Instant at{};
};

void write_capture(const std::string& path, const std::vector<Stamped>& frames) {
  pcap_t* shape = pcap_open_dead(DLT_EN10MB, 65535);
  pcap_dumper_t* file = pcap_dump_open(shape, path.c_str());
  ASSERT_NE(file, nullptr);
  for (const Stamped& one : frames) {
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(one.at.time_since_epoch());
    pcap_pkthdr header{};
    header.ts.tv_sec = since.count() / 1'000'000;
    header.ts.tv_usec = since.count() % 1'000'000;
    header.caplen = header.len = static_cast<bpf_u_int32>(one.frame.size());
    pcap_dump(reinterpret_cast<u_char*>(file), &header, one.frame.data());
  }
  pcap_dump_close(file);
  pcap_close(shape);
}

std::vector<Octets> every_vector() {
  std::set<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(VECTORS)) {
    if (file.path().extension() == ".hex") names.insert(file.path().stem().string());
  }
  std::vector<Octets> frames;
  for (const std::string& name : names) frames.push_back(captured(name));
  return frames;
}

Octets composed(ClientWords words) {
  const auto question = compose(words);
  EXPECT_TRUE(question) << question.error();
  UdpFrame frame;
  frame.source_mac = question->mac;
  frame.destination_mac = MacAddress::broadcast();
  frame.source = question->relay;
  frame.destination = question->relay.is_zero() ? Ipv4Address::broadcast() : kServer;
  frame.source_port = question->relay.is_zero() ? 68 : 67;
  frame.destination_port = 67;
  frame.payload = question->body;
  return frame.bytes();
}

// UDP from our port 67 or 4011.
bool is_dhcp_reply(const Octets& frame) {
  if (frame.size() < 42 || load_be16(&frame[12]) != 0x0800 || frame[23] != 17) return false;
  const std::uint16_t port = load_be16(&frame[34]);
  return port == 67 || port == 4011;
}

class ExplainOnTheWire : public testing::TestWithParam<const char*> {
 protected:
  // A capture in which `server` is the boot server, and all captured frames follow.
  std::string capture_for(const MacAddress& server) const {
    UdpFrame read_request;
    read_request.destination_mac = server;
    read_request.payload = {0, 1, 'x', 0, 'o', 'c', 't', 'e', 't', 0};
    Instant at = Instant{} + 1'700'000'000s;
    std::vector<Stamped> frames{{read_request.bytes(), at}};
    const auto add = [&](Octets frame) { frames.push_back({std::move(frame), at += 1500ms}); };
    for (Octets& frame : every_vector()) add(std::move(frame));
    ClientWords words;
    words.mac = "52:54:00:00:00:09";
    words.architecture = "x64-uefi";
    add(composed(words));
    words.mac = "52:54:00:00:00:0a";
    words.relay = "10.90.0.1";
    words.circuit_id = "ge-0/0/7.0";
    words.options = {"57=0x0240"};
    add(composed(words));
    ClientWords phone;
    phone.mac = "52:54:00:00:00:0b";
    phone.vendor_class = "AVAYA";
    add(composed(phone));
    const std::string path = folder_.path("in.pcap");
    write_capture(path, frames);
    return path;
  }

  std::vector<Octets> replayed(const std::string& capture, const std::string& config) const {
    const char* program = std::getenv("REVEILLE");
    if (program == nullptr) throw std::runtime_error("REVEILLE names no program");
    const std::string out = folder_.path("out.pcap");
    const std::string command = std::string(program) + " replay " + capture + " --config " +
                                config + " --out " + out + " > " + folder_.path("log") + " 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    std::vector<Octets> frames;
    const auto read = for_each_frame(out, [&](Bytes frame, Instant) {
      Octets octets{frame.begin(), frame.end()};
      if (is_dhcp_reply(octets)) frames.push_back(std::move(octets));
    });
    EXPECT_TRUE(read) << read.error();
    return frames;
  }

  std::vector<Octets> explained(const std::string& capture, const std::string& config) const {
    CommandLine line;
    line.capture = capture;
    line.config.config_file = config;
    const auto server = find_capture_server(capture);
    ParsedConfig parsed = configure_explain(line, *server);
    EXPECT_FALSE(parsed.problems.any_error()) << parsed.problems.text();
    auto rehearsal = Rehearsal::start(std::make_shared<const Config>(parsed.config),
                                      stations_of(parsed.config, *server));
    EXPECT_TRUE(rehearsal) << rehearsal.error();
    std::vector<Octets> frames;
    const auto read =
        explain_capture(**rehearsal, capture, parsed.origins, 5, [&](const Explanation& one) {
          for (const ExplainedReply& reply : one.replies) frames.push_back(reply.frame);
        });
    EXPECT_TRUE(read) << read.error();
    return frames;
  }

  test::Folder folder_;
};

// Those to whom some captured client speaks directly.
std::set<MacAddress> captured_servers() {
  std::set<MacAddress> servers;
  for (const Octets& frame : every_vector()) {
    const MacAddress to = MacAddress::from(frame.data());
    const bool is_udp = frame.size() > 42 && load_be16(&frame[12]) == 0x0800 && frame[23] == 17;
    const std::uint16_t port = is_udp ? load_be16(&frame[36]) : 0;
    if ((port == 67 || port == 4011) && !to.is_group()) servers.insert(to);
  }
  return servers;
}

TEST_P(ExplainOnTheWire, SaysWhatIsSent) {
  std::filesystem::create_directory(folder_.path("boot"));
  for (const char* name : {"undionly.kpxe", "snponly.efi", "special.efi", "rack.efi"}) {
    folder_.write(std::string("boot/") + name, std::string(70'000, 'x'));
  }
  const std::string config = folder_.write(
      "r.toml", std::string(GetParam()) + "[images]\nroot = \"" + folder_.path("boot") + "\"\n");
  const std::set<MacAddress> servers = captured_servers();
  ASSERT_GE(servers.size(), 1U);
  for (const MacAddress& server : servers) {
    const std::string capture = capture_for(server);
    const std::vector<Octets> sent = replayed(capture, config);
    // Seven captured DISCOVERs at least, whoever is the server.
    EXPECT_GE(sent.size(), 7U);
    EXPECT_EQ(explained(capture, config), sent) << "server " << server.text();
  }
}

const std::string kWithRules = std::string(kSubnet) + kRules;
// Addresses by rule: of a pool on this link and on another, one's own, and none at all.
const std::string kWithPools = std::string(kSubnet) + R"(
[[pool]]
name = "uefi"
ranges = ["10.78.0.20-10.78.0.22", "10.90.0.20-10.90.0.29"]
[[pool]]
name = "far"
ranges = ["10.90.0.30-10.90.0.39"]
[[host]]
mac = "52:54:00:aa:01:02"
address = "10.78.0.40"
[[rule]]
name = "the gate"
when.mac = "52:54:00:00:00:09"
address = "10.78.0.50"
[[rule]]
name = "phones"
when.vendor_class = '^AVAYA'
pool = "far"
[[rule]]
name = "uefi"
when.firmware = "uefi"
pool = "uefi"
)";
const std::string kProxy = kWithRules + "[dhcp]\nmode = \"proxy\"\n";

std::string name_of(const testing::TestParamInfo<const char*>& configuration) {
  const std::array kNames{"Plain", "Rules", "Pools", "Proxy"};
  return kNames.at(configuration.index);
}

INSTANTIATE_TEST_SUITE_P(Configurations, ExplainOnTheWire,
                         testing::Values(kSubnet, kWithRules.c_str(), kWithPools.c_str(),
                                         kProxy.c_str()),
                         name_of);

}  // namespace
}  // namespace reveille
