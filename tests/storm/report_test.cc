// Figures of a run as a table and as a page.
#include "storm/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reveille::storm {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

Json latency(std::uint64_t count) {
  return {{"count", count}, {"p50_ms", 0.5}, {"p99_ms", 2}, {"p999_ms", 1500}, {"max_ms", 3000}};
}

Json figures() {
  return {
      {"schema", 1},
      {"label", "reveille"},
      {"machines", 12345},
      {"profiles", {"ipxe:60", "edk2:40"}},
      {"relays", 2},
      {"driver", "net_memif"},
      {"impairment", {{"loss", 0.01}, {"duplicate", 0}, {"reorder", 0}, {"delay_ms", 0.5}}},
      {"elapsed_s", 12.5},
      {"silent_s", 0.01},
      {"link_up", true},
      {"powered_on", 12345},
      {"booted", 12340},
      {"failed", 5},
      {"failures", {{"stalled", 3}, {"no_offer", 2}}},
      {"first_error", ""},
      {"boot_s", {{"p50", 0.25}, {"p99", 3.5}, {"last", 9.0}}},
      {"dora", 12340},
      {"dora_per_s", 987.0},
      {"blocks_per_s", 1000.0},
      {"bytes", 4'000'000'000ULL},
      {"bytes_unverified", 0},
      {"mb_per_s", 320.5},
      {"latency",
       {{"lease", latency(12340)}, {"dhcp_reply", latency(12340)}, {"block", latency(9)}}},
      {"retransmissions", 77},
      {"answered_twice", 0},
      {"frames", {{"sent", 1}, {"received", 2}, {"not_sent", 0}, {"lost_on_purpose", 4}}},
      {"series", {{0.0, 0, 0, 0, 0}, {1.0, 100, 0, 100, 10'000'000}, {2.0, 12340, 5, 12340, 4e9}}},
      {"boot_curve_s", {0.1, 0.25, 9.0}},
  };
}

TEST(ResultTable, SaysWhatCameOut) {
  const std::string table = result_table(figures(), nullptr);
  EXPECT_THAT(table, HasSubstr("12 340 of 12 345"));
  EXPECT_THAT(table, HasSubstr("p50 250.00 ms, p99 3.50 s, last 9.00 s"));
  EXPECT_THAT(table, HasSubstr("4.00 GB, 320.5 MB/s"));
  EXPECT_THAT(table, HasSubstr("p50 500.0 us, p99 2.00 ms, p99.9 1.50 s"));
  EXPECT_THAT(table, Not(HasSubstr("ceiling")));
}

TEST(ResultTable, SaysWhyMachinesFailed) {
  const std::string table = result_table(figures(), nullptr);
  EXPECT_THAT(table, HasSubstr("3: "));
  EXPECT_THAT(table, Not(HasSubstr("no_offer"))) << "a sentence, not the name of a field";
}

TEST(ResultTable, SaysThatTheServerLeft) {
  Json result = figures();
  result["link_up"] = false;
  EXPECT_FALSE(server_left(result)) << "nobody waits";
  EXPECT_THAT(result_table(result, nullptr), Not(HasSubstr("left")));
  result["powered_on"] = 12445;
  EXPECT_TRUE(server_left(result));
  EXPECT_THAT(result_table(result, nullptr), HasSubstr("the server left"));
}

// A server that is there may be silent: frames are lost, and firmware waits long before it asks
// again.
TEST(ResultTable, SaysThatNothingCame) {
  Json result = figures();
  result["silent_s"] = 1.5;
  EXPECT_THAT(result_table(result, nullptr), Not(HasSubstr("nothing came"))) << "nobody waits";
  result["powered_on"] = 12445;
  EXPECT_FALSE(server_left(result));
  EXPECT_THAT(result_table(result, nullptr),
              HasSubstr("nothing came in the last 1.50 s, while 100 machines waited"));
  result["silent_s"] = 0.5;
  EXPECT_THAT(result_table(result, nullptr), Not(HasSubstr("nothing came")));
}

TEST(ResultTable, PutsTheCeilingBeside) {
  const std::string table = result_table(figures(), {{"dora_per_s", 1974.0}});
  EXPECT_THAT(table, HasSubstr("987/s   (ceiling of the swarm 1974/s, 50 %)"));
}

TEST(ResultTable, SaysHowManyBytesWereNotCompared) {
  Json result = figures();
  result["bytes_unverified"] = 1'000'000'000ULL;
  EXPECT_THAT(result_table(result, nullptr), HasSubstr("3 000 000 000 of 4 000 000 000"));
}

TEST(HtmlReport, HasALineForEachResultInEachPlot) {
  Json other = figures();
  other["label"] = "dnsmasq";
  const std::string page = html_report({figures(), other});
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = page.find("<polyline", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 6U);
  EXPECT_THAT(page, HasSubstr("reveille"));
  EXPECT_THAT(page, HasSubstr("dnsmasq"));
  EXPECT_THAT(page, HasSubstr("12340 of 12345"));
  EXPECT_THAT(page, HasSubstr("Throughput of TFTP"));
  EXPECT_THAT(page, HasSubstr("2 relays, 1 % of frames lost"));
}

TEST(HtmlReport, SaysTheConditionsOnceWhereTheyAreTheSame) {
  const std::string page = html_report({figures(), figures()});
  const std::size_t first = page.find("2 relays");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(page.find("2 relays", first + 1), std::string::npos);
}

TEST(HtmlReport, OfDhcpAloneShowsExchanges) {
  Json result = figures();
  result["bytes"] = 0;
  const std::string page = html_report({result});
  EXPECT_THAT(page, HasSubstr("DHCP exchanges"));
  EXPECT_THAT(page, Not(HasSubstr("Throughput of TFTP")));
}

TEST(HtmlReport, NobodyBootedIsNoTime) {
  Json result = figures();
  result["booted"] = 0;
  result["boot_curve_s"] = Json::array();
  EXPECT_THAT(html_report({result}), HasSubstr("<td>-</td>"));
}

TEST(HtmlReport, NeedsNothingFromAnywhereElse) {
  const std::string page = html_report({figures()});
  for (const char* outside : {"http:", "https:", "src=", "href=", "@import", "<script"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST(HtmlReport, ALabelIsText) {
  Json result = figures();
  result["label"] = "<img onerror=x>";
  EXPECT_THAT(html_report({result}), Not(HasSubstr("<img")));
}

TEST(HtmlReport, FiguresThatAreNotThereAreAnError) {
  EXPECT_THROW((void)html_report({{{"schema", 1}}}), Json::exception);
  Json result = figures();
  result["series"] = "text";
  EXPECT_THROW((void)html_report({result}), Json::exception);
}

}  // namespace
}  // namespace reveille::storm
