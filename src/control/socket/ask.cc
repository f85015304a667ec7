#include "control/socket/ask.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "control/config/problem.h"
#include "control/config/value_text.h"
#include "control/socket/unix_address.h"
#include "image/file_descriptor.h"

namespace reveille {
namespace {

// Twice what a reveille sends at most.
constexpr std::size_t kAnswerMax = std::size_t{64} << 20;

using Sent = tl::expected<void, std::string>;
using Asked = tl::expected<Json, AskError>;

tl::unexpected<std::string> trouble_with(const std::string& path, const std::string& why) {
  return tl::unexpected("the control socket " + in_quotes(path) + ": " + why);
}

Asked unanswered(const tl::unexpected<std::string>& why) {
  return tl::unexpected(AskError{why.value()});
}

tl::expected<FileDescriptor, std::string> connect_to(const std::string& path) {
  const auto address = unix_address(path);
  if (!address) {
    return trouble_with(
        path, "the path of a socket has 1 to " + std::to_string(kSocketPathMax) + " bytes");
  }
  FileDescriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto* const generic = reinterpret_cast<const sockaddr*>(&*address);
  if (connect(descriptor.number(), generic, sizeof *address) == 0) return descriptor;
  if (errno == ENOENT || errno == ECONNREFUSED) {
    return tl::unexpected("no reveille answers on " + in_quotes(path) +
                          "; is it running, and is that its control socket (--control)?");
  }
  if (errno == EAGAIN) return trouble_with(path, "too many others are asking");
  return trouble_with(path, std::strerror(errno));
}

bool ready(const FileDescriptor& descriptor, short what, std::chrono::milliseconds patience) {
  pollfd one{.fd = descriptor.number(), .events = what, .revents = 0};
  return poll(&one, 1, static_cast<int>(patience.count())) > 0;
}

Sent send_all(const FileDescriptor& descriptor, std::string_view bytes,
              std::chrono::milliseconds patience) {
  while (!bytes.empty()) {
    if (!ready(descriptor, POLLOUT, patience)) {
      return tl::unexpected(std::string("reveille does not take the request"));
    }
    const ssize_t count = send(descriptor.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) {
      return tl::unexpected(std::string(std::strerror(errno)));
    }
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

tl::expected<std::string, std::string> receive_line(const FileDescriptor& descriptor,
                                                    std::chrono::milliseconds patience) {
  std::string line;
  std::array<char, 65536> bytes;
  while (line.size() <= kAnswerMax) {
    if (!ready(descriptor, POLLIN, patience)) {
      return tl::unexpected("no answer within " + duration_text(patience));
    }
    const ssize_t count = recv(descriptor.number(), bytes.data(), bytes.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) return tl::unexpected(std::string("reveille hung up"));
    line.append(bytes.data(), static_cast<std::size_t>(count));
    if (line.back() != '\n') continue;
    line.pop_back();
    return line;
  }
  return tl::unexpected(std::string("the answer is too long"));
}

Asked read_answer(const std::string& path, const std::string& line) {
  Json answer = Json::parse(line, nullptr, false);
  if (answer.is_object() && answer.contains("result")) return std::move(answer["result"]);
  if (answer.is_object() && answer.contains("error") && answer["error"].is_string()) {
    return tl::unexpected(AskError{answer["error"].get<std::string>(), true});
  }
  return unanswered(trouble_with(path, "what answers there is no reveille"));
}

}  // namespace

Asked ask(const std::string& path, std::string_view command, const Json& arguments,
          std::chrono::milliseconds patience) {
  const auto descriptor = connect_to(path);
  if (!descriptor) return unanswered(tl::unexpected(descriptor.error()));
  Json request{{"command", command}};
  if (!arguments.empty()) request["arguments"] = arguments;
  const std::string text = request.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (const auto sent = send_all(*descriptor, text, patience); !sent) {
    return unanswered(trouble_with(path, sent.error()));
  }
  const auto line = receive_line(*descriptor, patience);
  if (!line) return unanswered(trouble_with(path, line.error()));
  return read_answer(path, *line);
}

}  // namespace reveille
