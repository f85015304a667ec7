// The control socket: a Unix stream socket on which an operator's tool asks and reveille answers.
//
// A request is one line of text, an answer is one line of text; commands.h says what is in them.
// Several requests may follow each other on one connection, each answered before the next is read.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

#include <tl/expected.hpp>

#include "image/file_descriptor.h"

namespace reveille {

// Thread: control. Nothing here ever waits: a client that is slow, silent or hostile costs its
// own connection and nothing else.
class ControlSocket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Takes the answer, without its line end. May be called later, once; a client that has left
  // by then gets nothing. Not after the socket is gone.
  using Reply = std::function<void(std::string answer)>;
  using Handler = std::function<void(std::string_view request, Reply reply)>;

  struct Limits {
    std::size_t clients = 8;                            // the next ones wait in the kernel
    std::size_t request_bytes = std::size_t{64} << 10;  // a line
    std::size_t answer_bytes = std::size_t{32} << 20;
    std::chrono::milliseconds patience{10'000};  // without a whole request, or without reading
  };

  // Makes the socket, for its owner and group only (mode 0660). A socket that a dead process
  // left behind is replaced; one that is answered, or a file that is no socket, is an error of
  // one sentence. Makes the folder if only that is missing.
  static tl::expected<std::unique_ptr<ControlSocket>, std::string> listen(const std::string& path,
                                                                          Limits limits);
  static tl::expected<std::unique_ptr<ControlSocket>, std::string> listen(const std::string& path);
  ~ControlSocket();  // removes the file, unless somebody else has put another in its place
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  void set_handler(Handler handler) { handler_ = std::move(handler); }

  // Readable when turn() has something to do; for poll(2).
  [[nodiscard]] int descriptor() const { return events_.number(); }
  // Accepts, reads, answers and dismisses, as far as that is possible at once.
  void turn(Time now);
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  enum class Phase : std::uint8_t {
    reading,   // a request is not complete yet
    waiting,   // the handler has it
    writing,   // the answer is not all gone
    refusing,  // the same, and then the connection ends
  };
  struct Client {
    FileDescriptor descriptor;
    Phase phase = Phase::reading;
    std::string request;  // what has arrived of it, and of those after it
    std::string answer;
    std::size_t written = 0;
    bool ended = false;  // it will send no more
    Time deadline{};     // of reading and writing
  };

  ControlSocket(std::string path, FileDescriptor listener, FileDescriptor events, Limits limits);

  void accept_clients(Time now);
  void serve(std::uint64_t id, std::uint32_t ready, Time now);
  [[nodiscard]] bool go_on(std::uint64_t id, Client& client, Time now);
  [[nodiscard]] bool read(Client& client) const;
  [[nodiscard]] bool write(Client& client, Time now) const;
  void hand_over(std::uint64_t id, Client& client);
  void take_answer(std::uint64_t id, std::string answer);
  void watch(std::uint64_t id, const Client& client) const;
  void watch_listener();
  void dismiss(std::uint64_t id);
  void dismiss_late(Time now);

  const std::string path_;
  const Limits limits_;
  dev_t device_ = 0;  // of the file, to know it again
  ino_t inode_ = 0;
  FileDescriptor listener_;
  FileDescriptor events_;  // epoll
  Handler handler_;
  std::map<std::uint64_t, Client> clients_;
  std::uint64_t next_id_ = 1;  // 0 is the listener
  bool listening_ = true;
  bool in_handler_ = false;
  Time now_{};  // of the last turn
};

}  // namespace reveille
