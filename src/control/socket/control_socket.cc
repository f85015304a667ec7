#include "control/socket/control_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <vector>

#include "control/socket/socket_file.h"

namespace reveille {
namespace {

constexpr std::uint64_t kListener = 0;
// What one client may move in a turn, so that none keeps the control thread to itself.
constexpr std::size_t kBytesPerTurn = 1 << 20;

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

tl::expected<std::unique_ptr<ControlSocket>, std::string> ControlSocket::listen(
    const std::string& path) {
  return listen(path, Limits{});
}

tl::expected<std::unique_ptr<ControlSocket>, std::string> ControlSocket::listen(
    const std::string& path, Limits limits) {
  auto listener = listen_at(path);
  if (!listener) return tl::unexpected(listener.error());
  FileDescriptor events(epoll_create1(EPOLL_CLOEXEC));
  if (!events) return tl::unexpected(std::string("epoll: ") + std::strerror(errno));
  return std::unique_ptr<ControlSocket>(
      new ControlSocket(path, std::move(*listener), std::move(events), limits));
}

ControlSocket::ControlSocket(std::string path, FileDescriptor listener, FileDescriptor events,
                             Limits limits)
    : path_(std::move(path)),
      limits_(limits),
      listener_(std::move(listener)),
      events_(std::move(events)) {
  struct stat status {};
  if (lstat(path_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kListener}};
  epoll_ctl(events_.number(), EPOLL_CTL_ADD, listener_.number(), &event);
}

ControlSocket::~ControlSocket() {
  struct stat status {};
  const bool ours =
      lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  if (ours) unlink(path_.c_str());
}

void ControlSocket::turn(Time now) {
  now_ = now;
  std::array<epoll_event, 16> events{};
  const int count = epoll_wait(events_.number(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == kListener) {
      accept_clients(now);
    } else {
      serve(event.data.u64, event.events, now);
    }
  }
  dismiss_late(now);
  watch_listener();
}

void ControlSocket::accept_clients(Time now) {
  while (clients_.size() < limits_.clients) {
    FileDescriptor descriptor(
        accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!descriptor) return;
    const std::uint64_t id = next_id_++;
    epoll_event event{.events = EPOLLIN, .data = {.u64 = id}};
    if (epoll_ctl(events_.number(), EPOLL_CTL_ADD, descriptor.number(), &event) != 0) return;
    Client& client = clients_[id];
    client.descriptor = std::move(descriptor);
    client.deadline = now + limits_.patience;
  }
}

void ControlSocket::serve(std::uint64_t id, std::uint32_t ready, Time now) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  const bool gone =
      (ready & EPOLLERR) != 0 || (found->second.phase == Phase::waiting && (ready & EPOLLHUP) != 0);
  if (gone || !go_on(id, found->second, now)) return dismiss(id);
  watch(id, found->second);
}

// One step of each kind: read, have it answered, write. False ends the connection.
bool ControlSocket::go_on(std::uint64_t id, Client& client, Time now) {
  if (client.phase == Phase::reading) {
    if (!read(client)) return false;
    hand_over(id, client);
  }
  if (client.phase == Phase::writing || client.phase == Phase::refusing) return write(client, now);
  // What is left of an unfinished line is no request.
  return client.phase == Phase::waiting || !client.ended;
}

bool ControlSocket::read(Client& client) const {
  std::array<char, 16384> bytes;
  while (!client.ended && client.request.size() <= limits_.request_bytes) {
    const ssize_t count = recv(client.descriptor.number(), bytes.data(), bytes.size(), 0);
    if (count < 0) return would_block();
    client.ended = count == 0;
    client.request.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return true;
}

void ControlSocket::hand_over(std::uint64_t id, Client& client) {
  const std::size_t end = client.request.find('\n');
  if (std::min(end, client.request.size()) > limits_.request_bytes) {
    client.answer = "{\"error\":\"a request has at most " + std::to_string(limits_.request_bytes) +
                    " bytes\"}\n";
    client.written = 0;
    client.phase = Phase::refusing;
    return;
  }
  if (end == std::string::npos) return;
  const std::string request = client.request.substr(0, end);
  client.request.erase(0, end + 1);
  client.phase = Phase::waiting;
  in_handler_ = true;
  handler_(request, [this, id](std::string answer) { take_answer(id, std::move(answer)); });
  in_handler_ = false;
}

void ControlSocket::take_answer(std::uint64_t id, std::string answer) {
  const auto found = clients_.find(id);
  if (found == clients_.end() || found->second.phase != Phase::waiting) return;
  Client& client = found->second;
  if (answer.size() > limits_.answer_bytes) {
    answer = "{\"error\":\"the answer has more than " + std::to_string(limits_.answer_bytes) +
             " bytes; ask for less\"}";
  }
  answer += '\n';
  client.answer = std::move(answer);
  client.written = 0;
  client.phase = Phase::writing;
  client.deadline = now_ + limits_.patience;
  // Later answers: the next turn() writes, as the descriptor is ready for that.
  if (!in_handler_) watch(id, client);
}

bool ControlSocket::write(Client& client, Time now) const {
  std::size_t moved = 0;
  while (client.written < client.answer.size() && moved < kBytesPerTurn) {
    const std::size_t left = std::min(client.answer.size() - client.written, kBytesPerTurn - moved);
    const ssize_t count =
        send(client.descriptor.number(), client.answer.data() + client.written, left, MSG_NOSIGNAL);
    if (count < 0) return would_block();
    client.written += static_cast<std::size_t>(count);
    moved += static_cast<std::size_t>(count);
    client.deadline = now + limits_.patience;
  }
  if (client.written < client.answer.size()) return true;
  if (client.phase == Phase::refusing) return false;
  client.answer = {};
  client.phase = Phase::reading;
  client.deadline = now + limits_.patience;
  return !client.ended || client.request.find('\n') != std::string::npos;
}

void ControlSocket::watch(std::uint64_t id, const Client& client) const {
  // A request that is here already needs no further byte to go on: ready to write means go on.
  const bool more =
      client.phase == Phase::reading && client.request.find('\n') != std::string::npos;
  epoll_event event{.events = 0, .data = {.u64 = id}};
  if (client.phase != Phase::waiting) {
    event.events = client.phase == Phase::reading && !more ? EPOLLIN : EPOLLOUT;
  }
  epoll_ctl(events_.number(), EPOLL_CTL_MOD, client.descriptor.number(), &event);
}

// While there is no room, those who want to come in must not wake us.
void ControlSocket::watch_listener() {
  const bool room = clients_.size() < limits_.clients;
  if (room == listening_) return;
  listening_ = room;
  epoll_event event{.events = room ? EPOLLIN : 0U, .data = {.u64 = kListener}};
  epoll_ctl(events_.number(), EPOLL_CTL_MOD, listener_.number(), &event);
}

void ControlSocket::dismiss(std::uint64_t id) {
  clients_.erase(id);  // closing it leaves epoll
}

void ControlSocket::dismiss_late(Time now) {
  std::erase_if(clients_, [now](const auto& entry) {
    const Client& client = entry.second;
    return client.phase != Phase::waiting && client.deadline < now;
  });
}

}  // namespace reveille
