// What the control socket takes for leases to be imported, and what it hands on.
#include "control/socket/lease_commands.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace reveille {
namespace {

// Takes over all that it is given.
class Desk : public LeaseDesk {
 public:
  void order_lease(LeaseOrder::Kind, Ipv4Address, LeaseOrders::Done done) override { done({}); }
  void import_leases(std::vector<LeaseChange> leases, LeaseImports::Done done) override {
    given = std::move(leases);
    done(std::vector(given.size(), LeaseImports::Fate::taken));
  }
  [[nodiscard]] std::optional<ForeignTerms> foreign_terms() const override {
    return ForeignTerms{};
  }

  std::vector<LeaseChange> given;
};

// {"taken":...}, or the sentence of the refusal as text.
Json import(Desk& desk, const Json& leases) {
  const Commands commands = lease_commands_of(desk);
  const auto found = std::ranges::find(commands, "import", &Command::name);
  Json told;
  found->run({{"leases", leases}}, [&told](const CommandResult& result) {
    told = result ? *result : Json(result.error());
  });
  return told;
}

Json bound(const std::string& address, int number) {
  const std::string mac = "52:54:00:00:00:0" + std::to_string(number);
  return Json::array({address, "bound", mac, nullptr, ""});
}

TEST(LeaseCommands, AnImportGoesToTheDeskAsItIs) {
  Desk desk;
  const Json told = import(desk, {bound("10.77.1.1", 1), bound("10.77.1.2", 2)});
  ASSERT_TRUE(told.is_object()) << told;
  EXPECT_EQ(told["taken"], 2);
  ASSERT_EQ(desk.given.size(), 2U);
  EXPECT_EQ(desk.given[1].address, Ipv4Address::of(10, 77, 1, 2));
}

TEST(LeaseCommands, AnImportHasEachAddressOnce) {
  Desk desk;
  const Json told =
      import(desk, {bound("10.77.1.1", 1), bound("10.77.1.2", 2), bound("10.77.1.1", 3)});
  ASSERT_TRUE(told.is_string()) << told;
  EXPECT_EQ(told, "lease 2: its address is that of one before");
  EXPECT_TRUE(desk.given.empty());
}

}  // namespace
}  // namespace reveille
