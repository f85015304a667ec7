// The variables of templates and name rules: what is known of a client, as text.
//
//   {{mac}}          52:54:00:12:34:56    {{mac:hexhyp}}  52-54-00-12-34-56
//   {{ip}}           10.77.1.5            {{ip:hexupper}} 0A4D0105
//   {{uuid}}         00112233-4455-…      {{uuid:hexraw}} 001122334455…
//   {{arch}}         x64-uefi             {{arch:number}} 7
//   {{serial}}       9f55bbfd             {{hostname}}    node1
//   {{next_server}}  10.77.0.1
//
// A text after `|` stands in for what is not known: {{hostname|unnamed}}.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "packet/client_facts.h"

namespace reveille {

enum class Variable : std::uint8_t { mac, ip, uuid, arch, serial, hostname, next_server };

enum class VariableForm : std::uint8_t {
  usual,
  hexhyp,    // octets in lower-case hexadecimal with hyphens, as iPXE's setting type of that name
  hexraw,    // without anything between
  hexupper,  // in upper case, as PXELINUX and GRUB name files after addresses
  number,    // in decimal
};

struct VariableUse {
  Variable variable{};
  VariableForm form = VariableForm::usual;
};

// The longest text that write_variable() makes.
inline constexpr std::size_t kVariableLengthMax = 64;

// "mac" or "mac:hexhyp": what stands between the braces before a `|`. The error is a sentence
// that says what there is instead.
[[nodiscard]] tl::expected<VariableUse, std::string> parse_variable(std::string_view text);

// Writes what is known and returns its length; 0: not known. What a client sent as text comes
// out as letters, digits, '-', '_' and dots that do not begin it; each other octet is '_'. So it
// is no command in a script, and neither a folder nor "..", in a name.
std::size_t write_variable(VariableUse use, const ClientFacts& client,
                           std::span<char, kVariableLengthMax> room);

}  // namespace reveille
