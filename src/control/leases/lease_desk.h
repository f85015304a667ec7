// What an operator may ask of leases while somebody serves them.
#pragma once

#include <optional>
#include <vector>

#include "control/leases/foreign_lease.h"
#include "control/leases/lease_imports.h"
#include "control/leases/lease_orders.h"

namespace reveille {

// Thread: control.
class LeaseDesk {
 public:
  LeaseDesk() = default;
  virtual ~LeaseDesk() = default;
  LeaseDesk(const LeaseDesk&) = delete;
  LeaseDesk& operator=(const LeaseDesk&) = delete;

  // Has one address released or reserved, and tells `done` what came of it.
  virtual void order_lease(LeaseOrder::Kind kind, Ipv4Address address, LeaseOrders::Done done) = 0;
  // Takes over leases of another server, one of each address and at most LeaseImport::kLeasesMax of
  // them, and tells `done` what became of each.
  virtual void import_leases(std::vector<LeaseChange> leases, LeaseImports::Done done) = 0;
  // By which it would have them now; nullopt: it keeps leases in memory only, and takes over none.
  [[nodiscard]] virtual std::optional<ForeignTerms> foreign_terms() const = 0;
};

}  // namespace reveille
