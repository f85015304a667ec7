// `reveille explain` where rules say whose address a machine gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/explain/explain.h"
#include "control/explain/question.h"

namespace reveille {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kConfigWithPools = R"(
[[interface]]
interface = "eth1"
address = "10.77.0.1/16"
  [[interface.vlan]]
  id = 20
  address = "10.20.0.1/24"
[[subnet]]
prefix = "10.77.0.0/16"
pools = ["10.77.1.0-10.77.1.99"]
[[subnet]]
prefix = "10.20.0.0/24"
pools = ["10.20.0.100-10.20.0.199"]
[[pool]]
name = "rack7"
ranges = ["10.77.7.0-10.77.7.9", "10.77.9.1"]
[[pool]]
name = "all taken"
ranges = ["10.77.8.1"]
[[host]]
mac = "52:54:00:00:00:08"
address = "10.77.8.1"
[[rule]]
name = "gate"
when.host_name = "^gate"
address = "10.77.0.50"
[[rule]]
name = "taken"
when.host_name = "^taken"
pool = "all taken"
[[rule]]
name = "rack 7"
when.host_name = "^rack7"
pool = "rack7"
)";

class ExplainPools : public testing::Test {
 protected:
  void SetUp() override {
    ParsedConfig parsed = parse_config(kConfigWithPools, "r.toml");
    ASSERT_EQ(parsed.problems.text(), "");
    origins_ = std::move(parsed.origins);
    const auto config = std::make_shared<const Config>(std::move(parsed.config));
    auto started = Rehearsal::start(config, stations_of(*config, std::nullopt));
    ASSERT_TRUE(started) << started.error();
    rehearsal_ = std::move(*started);
  }
  Explanation ask(const char* host_name, const char* mac = "52:54:00:aa:01:01",
                  std::optional<std::string> vlan = std::nullopt) {
    ClientWords words;
    words.mac = mac;
    words.host_name = host_name;
    if (vlan) words.vlan = *vlan;
    const auto question = compose(words);
    EXPECT_TRUE(question) << question.error();
    const auto request = request_of(*question, rehearsal_->snapshot().stations);
    EXPECT_TRUE(request) << request.error();
    return explain(*rehearsal_, *request, Instant{} + 1s, origins_, 5);
  }
  static std::string offered(const Explanation& told) {
    for (const ExplainedReply& reply : told.replies) {
      for (const auto& [name, value] : reply.fields) {
        if (name == "yiaddr") return value;
      }
    }
    return "nothing";
  }

  Origins origins_;
  std::unique_ptr<Rehearsal> rehearsal_;
};

TEST_F(ExplainPools, AnAddressThatTheRuleGives) {
  const Explanation told = ask("gate-1");
  EXPECT_EQ(told.address_reason, "address 10.77.0.50: the rule gives it");
  EXPECT_EQ(offered(told), "10.77.0.50");
  EXPECT_THAT(explanation_text(told, "r.toml"),
              HasSubstr("\n  address 10.77.0.50: the rule gives it\n"));
  EXPECT_EQ(nlohmann::json::parse(explanation_json(told))["address_reason"], told.address_reason);
}

TEST_F(ExplainPools, APoolThatItNames) {
  const Explanation told = ask("rack7-1");
  EXPECT_EQ(told.address_reason,
            "address of pool \"rack7\", 10.77.7.0-10.77.7.9, 10.77.9.1: the rule names it");
  EXPECT_EQ(offered(told), "10.77.7.0");
}

TEST_F(ExplainPools, AHostGoesFirst) {
  const Explanation told = ask("rack7-8", "52:54:00:00:00:08");
  EXPECT_EQ(told.address_reason, "address of its [[host]], which goes before the rule's");
  EXPECT_EQ(offered(told), "10.77.8.1");
}

TEST_F(ExplainPools, NothingOnAnotherLink) {
  const Explanation told = ask("rack7-1", "52:54:00:aa:01:01", "20");
  EXPECT_EQ(told.address_reason,
            "no address: pool \"rack7\", which the rule names, has none in 10.20.0.0/24");
  EXPECT_EQ(told.outcome, Outcome::dhcp_pool_elsewhere);
  EXPECT_TRUE(told.replies.empty());
  const Explanation gate = ask("gate-1", "52:54:00:aa:01:01", "20");
  EXPECT_EQ(gate.address_reason,
            "address of the subnet's pools: the rule's 10.77.0.50 is not in 10.20.0.0/24");
  EXPECT_EQ(offered(gate), "10.20.0.100");
}

TEST_F(ExplainPools, APoolWithoutAFreeAddress) {
  const Explanation told = ask("taken-1");
  EXPECT_EQ(told.outcome, Outcome::dhcp_pool_exhausted);
  EXPECT_THAT(explanation_text(told, "r.toml"),
              HasSubstr("dhcp_pool_exhausted: no free address in the pool that its rule names"));
}

TEST_F(ExplainPools, NothingWhereNoRuleSaysAnything) {
  const Explanation told = ask("another");
  EXPECT_EQ(told.address_reason, "");
  EXPECT_EQ(offered(told), "10.77.1.0");
  EXPECT_THAT(explanation_text(told, "r.toml"), Not(HasSubstr("address of")));
}

}  // namespace
}  // namespace reveille
