#include "control/socket/lease_commands.h"

#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "control/leases/foreign_lease.h"

namespace reveille {
namespace {

void run_order(LeaseOrder::Kind kind, LeaseDesk& desk, const Json& arguments, Answer answer) {
  if (auto good = only_arguments(arguments, {"address"}); !good) {
    return answer(tl::unexpected(good.error()));
  }
  const auto given = arguments.find("address");
  const auto address = given != arguments.end() && given->is_string()
                           ? Ipv4Address::parse(given->get<std::string>())
                           : std::nullopt;
  if (!address) {
    return answer(
        tl::unexpected(std::string("\"address\" wants an address such as \"10.77.1.5\"")));
  }
  desk.order_lease(kind, *address, [answer = std::move(answer)](const LeaseOrders::Result& done) {
    answer(done ? CommandResult(Json::object()) : tl::unexpected(done.error()));
  });
}

using Fate = LeaseImports::Fate;

std::string text_of(Fate fate, Ipv4Address address) {
  switch (fate) {
    case Fate::taken:
      return {};
    case Fate::known:
      return address.text() + " is in this database already";
    case Fate::held:
      return address.text() + " is another client's here, or set aside";
    case Fate::elsewhere:
      return "the client of " + address.text() + " has another address here";
    case Fate::unsettled:
      return address.text() + " is on its way from one worker to another; import it again";
  }
  return {};
}

// What was asked for, and which place in the request each lease has.
struct Importing {
  std::vector<LeaseChange> leases;
  std::vector<std::size_t> places;
  Json left_out = Json::array();

  [[nodiscard]] Json told(const std::vector<Fate>& fates) {
    std::size_t taken = 0;
    std::size_t bound = 0;
    for (std::size_t i = 0; i < fates.size(); ++i) {
      if (fates[i] != Fate::taken) {
        left_out.push_back(Json::array({places[i], text_of(fates[i], leases[i].address)}));
        continue;
      }
      ++taken;
      bound += leases[i].kind == LeaseChange::Kind::bound ? 1 : 0;
    }
    return {{"taken", taken}, {"bound", bound}, {"left_out", std::move(left_out)}};
  }
};

tl::expected<Importing, std::string> read_leases(const Json& all, const ForeignTerms& terms) {
  Importing importing;
  std::set<Ipv4Address> seen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto lease = foreign_lease_of(all[i]);
    if (!lease) return tl::unexpected("lease " + std::to_string(i) + ": " + lease.error());
    if (!seen.insert(lease->address).second) {
      return tl::unexpected("lease " + std::to_string(i) + ": its address is that of one before");
    }
    auto change = change_of(*lease, terms);
    if (change) {
      importing.leases.push_back(*change);
      importing.places.push_back(i);
    } else {
      importing.left_out.push_back(Json::array({i, change.error()}));
    }
  }
  return importing;
}

void run_import(LeaseDesk& desk, const Json& arguments, Answer answer) {
  if (auto good = only_arguments(arguments, {"leases"}); !good) {
    return answer(tl::unexpected(good.error()));
  }
  const auto given = arguments.find("leases");
  const bool is_list = given != arguments.end() && given->is_array();
  if (!is_list || given->size() > LeaseImport::kLeasesMax) {
    return answer(tl::unexpected("\"leases\" wants at most " +
                                 std::to_string(LeaseImport::kLeasesMax) + " leases"));
  }
  const auto terms = desk.foreign_terms();
  if (!terms) {
    return answer(tl::unexpected(std::string("this configuration keeps leases in memory only")));
  }
  auto importing = read_leases(*given, *terms);
  if (!importing) return answer(tl::unexpected(importing.error()));
  std::vector<LeaseChange> leases = importing->leases;
  desk.import_leases(std::move(leases),
                     [answer = std::move(answer), importing = std::move(*importing)](
                         const LeaseImports::Result& fates) mutable {
                       if (!fates) return answer(tl::unexpected(fates.error()));
                       answer(importing.told(*fates));
                     });
}

}  // namespace

Commands lease_commands_of(LeaseDesk& desk) {
  const auto order = [&desk](LeaseOrder::Kind kind) {
    return [kind, &desk](const Json& arguments, Answer answer) {
      run_order(kind, desk, arguments, std::move(answer));
    };
  };
  return {{"release", order(LeaseOrder::Kind::release)},
          {"reserve", order(LeaseOrder::Kind::reserve)},
          {"import", [&desk](const Json& arguments, Answer answer) {
             run_import(desk, arguments, std::move(answer));
           }}};
}

}  // namespace reveille
