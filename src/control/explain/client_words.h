// A client as the command line describes it, for `reveille explain`.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace reveille {

// As written; not checked yet.
struct ClientWords {
  std::optional<std::string> mac;
  std::optional<std::string> architecture;  // makes it PXE or HTTP firmware of that kind
  bool ipxe = false;
  std::optional<std::string> vendor_class;
  std::optional<std::string> user_class;
  std::optional<std::string> client_id;
  std::optional<std::string> uuid;
  std::optional<std::string> host_name;
  std::optional<std::string> vlan;
  std::optional<std::string> relay;
  std::optional<std::string> circuit_id;
  std::optional<std::string> remote_id;
  std::vector<std::string> options;  // "94=0x010310" or "128=text"
  std::optional<std::string> requested;
  std::string message = "discover";
};

}  // namespace reveille
