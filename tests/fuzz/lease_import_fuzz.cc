// Lease files that nobody wrote: any text is refused, or yields leases within the limits.
#include <set>

#include "fuzz/require.h"
#include "store/import/lease_import.h"

namespace reveille {
namespace {

void check(std::string_view text) {
  const auto imported = import_leases(text);
  if (!imported) {
    require(!imported.error().empty());
    return;
  }
  require(imported->problems.size() <= ImportedLeases::kProblemsMax);
  require(imported->problems.size() <= imported->skipped);
  require(imported->leases.size() <= text.size());
  std::set<Ipv4Address> seen;
  for (const ImportedLease& lease : imported->leases) {
    require(!lease.address.is_zero() && !lease.address.is_multicast());
    require(seen.insert(lease.address).second);
    require(lease.client_id.size() <= 255);
    require(lease.line >= 1 && lease.line <= text.size() + 1);
    require(lease.state != RowState::conflict && lease.state != RowState::reserved);
  }
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reveille::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
