#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/log/event_json.h"
#include "control/log/event_text.h"
#include "log_events.h"

namespace reveille {
namespace {

using test::dhcp;
using test::event;
using test::tftp;

constexpr auto kLastKind = EventKind::disk_failed;

TEST(EventText, EveryKindHasANameAndASentenceOfItsOwn) {
  std::set<std::string> names;
  std::set<std::string> sentences;
  for (int i = 0; i <= static_cast<int>(kLastKind); ++i) {
    const Event each = dhcp(static_cast<EventKind>(i));
    EXPECT_FALSE(name(each.kind).empty()) << i;
    EXPECT_FALSE(sentence(each).empty()) << i;
    names.emplace(name(each.kind));
    sentences.insert(sentence(each));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kLastKind) + 1);
  EXPECT_EQ(sentences.size(), names.size());
}

TEST(EventText, SaysWhyThereIsNoAddress) {
  Event none = dhcp(EventKind::dhcp_no_address, 0s, "");
  none.outcome = Outcome::dhcp_no_address;
  EXPECT_EQ(sentence(none), "gets no address: the pools of its subnet are empty");
  none.set_text("rack\x1b");
  none.outcome = Outcome::dhcp_pool_exhausted;
  EXPECT_EQ(sentence(none), "gets no address: pool rack\\x1b, which its rule names, is empty");
  none.outcome = Outcome::dhcp_pool_elsewhere;
  EXPECT_EQ(sentence(none),
            "gets no address: pool rack\\x1b, which its rule names, has none on its link");
}

TEST(EventText, SaysTheStepsOfABoot) {
  EXPECT_EQ(sentence(dhcp(EventKind::dhcp_offered)), "offered 10.77.1.5, boots snponly.efi");
  Event another = dhcp(EventKind::dhcp_offered);
  another.outcome = Outcome::dhcp_offered_another;
  EXPECT_EQ(sentence(another),
            "offered 10.77.1.5, for what its rule gives is not free, boots snponly.efi");
  EXPECT_EQ(sentence(dhcp(EventKind::dhcp_acked)), "acked 10.77.1.5, boots snponly.efi");
  EXPECT_EQ(sentence(dhcp(EventKind::dhcp_acked, 0s, "")), "acked 10.77.1.5");
  EXPECT_EQ(sentence(dhcp(EventKind::proxy_offered)), "told to boot snponly.efi (ProxyDHCP)");
  EXPECT_EQ(sentence(dhcp(EventKind::boot_server_acked)), "told to boot snponly.efi (boot server)");
  EXPECT_EQ(sentence(tftp(EventKind::tftp_opened, 0s, "snponly.efi", 1'033'728)),
            "asks for snponly.efi, 1.03 MB");
  EXPECT_EQ(sentence(tftp(EventKind::tftp_first_ack)), "receives snponly.efi");
  Event done = tftp(EventKind::tftp_completed, 0s, "snponly.efi", 1'033'728);
  done.elapsed = 120ms;
  EXPECT_EQ(sentence(done), "got snponly.efi, 1.03 MB in 0.12 s, 8.6 MB/s");
  done.elapsed = 0s;
  EXPECT_EQ(sentence(done), "got snponly.efi, 1.03 MB");
}

TEST(EventText, SaysWhyNot) {
  Event nak = dhcp(EventKind::dhcp_nakked);
  nak.outcome = Outcome::dhcp_no_subnet;
  nak.set_text("address is in use");
  EXPECT_EQ(sentence(nak), "refused 10.77.1.5: address is in use");
  nak.set_text("");
  EXPECT_EQ(sentence(nak),
            "refused 10.77.1.5: no configured subnet for the link or relay it came from");
  EXPECT_EQ(sentence(tftp(EventKind::tftp_not_found, 0s, "pxelinux.cfg/default")),
            "asks for pxelinux.cfg/default, which is not there");
  EXPECT_EQ(sentence(tftp(EventKind::tftp_timed_out, 0s, "a b", 512)),
            "fell silent in \"a b\" after 512 bytes");
  EXPECT_EQ(sentence(tftp(EventKind::tftp_aborted, 0s, "disk full", 40'000)),
            "gave up a transfer after 40.0 kB, saying \"disk full\"");
  Event unknown = event(EventKind::boot_file_unknown);
  unknown.architecture = 11;
  EXPECT_EQ(sentence(unknown), "no boot file for its architecture, 11 (ARM 64-bit UEFI)");
  unknown.architecture = 0xffff;
  EXPECT_EQ(sentence(unknown), "no boot file: it does not say its architecture (option 93)");
}

TEST(EventText, NamesTheRuleThatDenies) {
  Event denied = dhcp(EventKind::dhcp_denied);
  denied.set_text("no phones");
  EXPECT_EQ(sentence(denied), "denied by rule \"no phones\"");
  EXPECT_TRUE(is_trouble(denied));
  EXPECT_NE(json_line(denied, {}).find(R"("rule":"no phones")"), std::string::npos);
}

TEST(EventText, SaysWhichRelayAndVlan) {
  Event offer = dhcp(EventKind::dhcp_offered);
  offer.relay = Ipv4Address::of(10, 0, 0, 2);
  offer.vlan = 20;
  EXPECT_EQ(sentence(offer),
            "offered 10.77.1.5, boots snponly.efi, through relay 10.0.0.2, VLAN 20");
  Event copy = event(EventKind::dhcp_relay_copy);
  copy.relay = Ipv4Address::of(10, 0, 0, 3);
  copy.address = Ipv4Address::of(10, 0, 0, 2);
  EXPECT_EQ(sentence(copy), "copy through relay 10.0.0.3 dropped, 10.0.0.2 brought it first");
}

// An ERROR that follows EDK2's question for the size alarmed users of other servers.
TEST(EventText, ASizeProbeIsNoTrouble) {
  const Event probe = tftp(EventKind::tftp_aborted, 0s, "User aborted the transfer");
  EXPECT_EQ(sentence(probe),
            "ended a transfer before its first byte, saying \"User aborted the transfer\"");
  EXPECT_FALSE(is_trouble(probe));
  EXPECT_TRUE(is_trouble(tftp(EventKind::tftp_aborted, 0s, "", 1)));
  EXPECT_FALSE(is_trouble(tftp(EventKind::tftp_not_found)));
  EXPECT_TRUE(is_trouble(dhcp(EventKind::dhcp_no_address)));
}

TEST(EventText, NamesTheMachine) {
  Event each = event(EventKind::dhcp_acked);
  EXPECT_EQ(machine(each), "x64 UEFI");
  each.firmware = Firmware::ipxe;
  EXPECT_EQ(machine(each), "iPXE x64 UEFI");
  each.architecture = 0xffff;
  EXPECT_EQ(machine(each), "iPXE");
  each.firmware = Firmware::bios_pxe;
  EXPECT_EQ(machine(each), "BIOS");
  each.firmware = Firmware::other;
  EXPECT_EQ(machine(each), "");
  EXPECT_EQ(who(each), "52:54:00:12:34:56");
  EXPECT_EQ(who(tftp(EventKind::tftp_opened)), "10.77.1.5");
}

TEST(EventText, TextFromTheWireStaysOnItsLine) {
  const Event hostile = tftp(EventKind::tftp_not_found, 0s, "a\n12:00:00 ! root \x1b[2J\xff{} %v");
  EXPECT_EQ(sentence(hostile),
            "asks for \"a\\x0a12:00:00 ! root \\x1b[2J\\xff{} %v\", which is not there");
  const Event full = tftp(EventKind::tftp_aborted, 0s, std::string(500, '\x01'), 1);
  EXPECT_LE(sentence(full).size(), 800U);
}

TEST(EventText, SizesAndTimesAreShort) {
  EXPECT_EQ(amount_text(0), "0 bytes");
  EXPECT_EQ(amount_text(999), "999 bytes");
  EXPECT_EQ(amount_text(1000), "1.00 kB");
  EXPECT_EQ(amount_text(999'400), "999 kB");
  EXPECT_EQ(amount_text(999'600), "1.00 MB");
  EXPECT_EQ(amount_text(52'428'800), "52.4 MB");
  EXPECT_EQ(amount_text(5'000'000'000), "5.00 GB");
  EXPECT_EQ(seconds_text(120ms), "0.12 s");
  EXPECT_EQ(seconds_text(75300ms), "75.3 s");
  EXPECT_EQ(megabytes_per_second(1, 0s), 0);
}

TEST(EventJson, HasStableFields) {
  Event done = dhcp(EventKind::tftp_completed);
  done.bytes = 2'000'000;
  done.elapsed = 500ms;
  done.vlan = 20;
  done.relay = Ipv4Address::of(10, 0, 0, 2);
  const std::chrono::system_clock::time_point time{std::chrono::milliseconds{1'772'366'401'234}};
  EXPECT_EQ(json_line(done, time),
            R"({"time":"2026-03-01T12:00:01.234Z","level":"info","event":"tftp_completed",)"
            R"("client":"52:54:00:12:34:56","firmware":"uefi_pxe","architecture":7,)"
            R"("architecture_name":"x64 UEFI","vlan":20,"relay":"10.0.0.2","address":"10.77.1.5",)"
            R"("file":"snponly.efi","bytes":2000000,"seconds":0.5,"mb_per_s":4.0,)"
            R"("text":"got snponly.efi, 2.00 MB in 0.50 s, 4.0 MB/s, through relay 10.0.0.2, )"
            R"(VLAN 20"})");
}

TEST(EventJson, LeavesOutWhatIsNotKnownAndNamesTheOutcome) {
  Event refused = tftp(EventKind::tftp_refused, 0s, "");
  refused.outcome = Outcome::tftp_table_full;
  const auto parsed = nlohmann::json::parse(json_line(refused, {}));
  EXPECT_EQ(parsed["outcome"], "tftp_table_full");
  EXPECT_EQ(parsed["level"], "warning");
  for (const char* field :
       {"client", "firmware", "architecture", "vlan", "relay", "file", "bytes"}) {
    EXPECT_FALSE(parsed.contains(field)) << field;
  }
}

TEST(EventJson, HostileTextIsStillOneObjectOnOneLine) {
  std::string every_byte;
  for (int i = 1; i < 256; ++i) every_byte += static_cast<char>(i);
  for (std::size_t at = 0; at < every_byte.size(); at += 60) {
    const std::string line =
        json_line(tftp(EventKind::tftp_not_found, 0s, every_byte.substr(at, 60)), {});
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  }
}

}  // namespace
}  // namespace reveille
