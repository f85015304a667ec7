#include <array>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/log/outcome_table.h"

namespace reveille {
namespace {

TEST(OutcomeTable, ShowsWhatOccurredWithItsMeaning) {
  OutcomeCounts counts;
  counts.add(Outcome::dhcp_offered, 12'345);
  counts.add(Outcome::udp_bad_checksum, 1);
  EXPECT_EQ(outcome_table(counts),
            "outcome           verdict     frames  meaning\n"
            "udp_bad_checksum  refused          1  UDP checksum is wrong\n"
            "dhcp_offered      answered    12 345  DISCOVER answered with an OFFER\n"
            "                  answered    12 345\n"
            "                  refused          1\n"
            "                  frames      12 346\n");
}

TEST(OutcomeTable, HasAColumnForEachWorker) {
  std::array<OutcomeCounts, 2> workers;
  workers[0].add(Outcome::arp_answered, 1'000'000);
  workers[1].add(Outcome::arp_answered, 2);
  workers[1].add(Outcome::steering_ring_full, 7);
  EXPECT_EQ(
      outcome_table(workers),
      "outcome             verdict        frames   worker 0   worker 1  meaning\n"
      "steering_ring_full  shed                7          0          7  the ring to the owner "
      "core was full\n"
      "arp_answered        answered    1 000 002  1 000 000          2  ARP request for our "
      "address answered\n"
      "                    answered    1 000 002  1 000 000          2\n"
      "                    shed                7          0          7\n"
      "                    frames      1 000 009  1 000 000          9\n");
}

TEST(OutcomeTable, SaysWhenThereWasNothing) {
  EXPECT_EQ(outcome_table(OutcomeCounts{}), "no frame was received\n");
  EXPECT_EQ(nlohmann::json::parse(outcome_json({}))["frames"], 0);
}

TEST(OutcomeTable, HasARowForEveryOutcome) {
  OutcomeCounts all;
  for (std::size_t i = 0; i < kOutcomeCount; ++i) all.add(static_cast<Outcome>(i));
  const std::string table = outcome_table(all);
  for (const OutcomeInfo& outcome : kOutcomes) {
    EXPECT_NE(table.find(std::string{outcome.name} + ' '), std::string::npos) << outcome.name;
    EXPECT_NE(table.find(outcome.text), std::string::npos) << outcome.name;
  }
}

TEST(OutcomeTable, JsonCountsTheSame) {
  std::array<OutcomeCounts, 2> workers;
  workers[0].add(Outcome::arp_answered, 1);
  workers[1].add(Outcome::arp_answered, 2);
  workers[1].add(Outcome::icmp_echo_answered, 3);
  const auto parsed = nlohmann::json::parse(outcome_json(workers));
  EXPECT_EQ(parsed["frames"], 6);
  EXPECT_EQ(parsed["verdicts"]["answered"], 6);
  EXPECT_EQ(parsed["outcomes"]["arp_answered"]["workers"], (std::vector<int>{1, 2}));
  EXPECT_EQ(parsed["outcomes"]["arp_answered"]["verdict"], "answered");
}

}  // namespace
}  // namespace reveille
