// The packet path takes no memory: after construction nothing calls operator new, whatever
// arrives. This program counts every call.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "dhcp/lab.h"
#include "policy/rule_builder.h"
#include "table/huge_vector.h"

namespace {

thread_local bool counting = false;
thread_local std::size_t allocations = 0;

void* take(std::size_t size) {
  if (counting) ++allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return take(size);
}
void* operator new[](std::size_t size) {
  return take(size);
}
// For what begins at a multiple of more than a pointer's size: tables of many megabytes.
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (counting) ++allocations;
  const auto multiple = static_cast<std::size_t>(alignment);
  void* memory = std::aligned_alloc(multiple, (size + multiple - 1) / multiple * multiple);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
// std::stable_sort() asks in this way.
void* operator new(std::size_t size, const std::nothrow_t& /*unused*/) noexcept {
  if (counting) ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace reveille::test {
namespace {

Config config_with_everything() {
  Config config = campus_config(40);
  config.dhcp.authoritative = true;
  config.boot.default_file = "a/rather/long/path/to/a/boot/file.efi";
  config.boot.next_server = Ipv4Address::of(203, 113, 213, 223);
  Uuid uuid;
  uuid.octets.fill(0x42);
  config.hosts.push_back({.uuid = uuid, .address = Ipv4Address::of(10, 77, 0, 200)});
  config.subnets[0].options = {{119, Octets(300, 7)}};
  // Each fourth machine has addresses of a pool, which are soon gone, and one has its own.
  config.pools = {{"few", {{Ipv4Address::of(10, 77, 0, 240), Ipv4Address::of(10, 77, 0, 244)}}}};
  std::vector<ValueRange> fourth;
  for (std::uint32_t i = 4; i < 60; i += 4) {
    fourth.push_back({machine(i).number(), machine(i).number()});
  }
  config.rules = {rule(values(RuleField::mac, fourth)),
                  rule(value(RuleField::mac, machine(1).number()))};
  config.rules[0].pool = "few";
  config.rules[1].address = Ipv4Address::of(10, 77, 0, 15);
  return config;
}

class Allocations : public testing::TestWithParam<unsigned> {};

TEST_P(Allocations, AreNoneInAnyConversation) {
  Lab lab(config_with_everything(), GetParam());
  lab.around_engines([] { counting = true; }, [] { counting = false; });
  const Octets identifier = concatenated({{0}, Octets(16, 0x42)});
  const std::vector<Option> firmware{
      {DhcpOption::vendor_class, bytes("PXEClient:Arch:00007:UNDI:003016")},
      {DhcpOption::client_architecture, {0, 7}},
      {DhcpOption::client_machine_identifier, identifier},
      {DhcpOption::client_identifier, Octets(300, 1)},
      {DhcpOption::parameter_request_list, {1, 3, 6, 13, 15, 43, 60, 66, 67, 97, 175}}};
  for (std::uint32_t i = 0; i < 60; ++i) {
    lab.lease(machine(i), firmware);
    lab.lease_through(kRelay, machine(i));
    lab.send({.mac = machine(i), .giaddr = kOtherRelay});
    lab.send({.type = DhcpType::none, .mac = machine(i + 100)});
    lab.send({.type = DhcpType::request,
              .mac = machine(i + 200),
              .requested = Ipv4Address::of(10, 77, 0, 19)});
    lab.send(
        {.type = DhcpType::inform, .mac = machine(i), .ciaddr = Ipv4Address::of(10, 77, 0, 99)});
    lab.send({.type = DhcpType::decline,
              .mac = machine(i),
              .requested = Ipv4Address::of(10, 77, 0, 10),
              .server = kServer});
    lab.send({.mac = machine(i), .giaddr = Ipv4Address::of(172, 16, 0, 1)});
    lab.wait(1s);
  }
  lab.wait(2h);
  EXPECT_EQ(allocations, 0U);
}

TEST(AllocationCounter, Counts) {
  counting = true;
  const std::vector<int> numbers(100);
  const HugeVector<int> table(100);
  const HugeVector<int> large_table(kHugePageBytes);
  counting = false;
  EXPECT_EQ(allocations, 3U);
  EXPECT_EQ(numbers.size() + table.size(), 200U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large_table.data()) % kHugePageBytes, 0U);
  allocations = 0;
}

INSTANTIATE_TEST_SUITE_P(Workers, Allocations, testing::Values(1U, 2U));

}  // namespace
}  // namespace reveille::test
