// The control socket against clients of every kind, and the client against servers of every kind.
#include "control/socket/control_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/socket/ask.h"
#include "control/socket/unix_address.h"
#include "test_folder.h"

namespace reveille {
namespace {

using Time = ControlSocket::Time;

// A client in the test's hands; nothing of it waits.
class Caller {
 public:
  explicit Caller(const std::string& path)
      : descriptor_(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    const auto address = *unix_address(path);
    connected_ = connect(descriptor_.number(), reinterpret_cast<const sockaddr*>(&address),
                         sizeof address) == 0;
  }
  [[nodiscard]] bool connected() const { return connected_; }
  ssize_t send(std::string_view bytes) const {
    return ::send(descriptor_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void end() const { shutdown(descriptor_.number(), SHUT_WR); }
  std::string received() const {
    std::string all(1 << 20, '\0');
    const ssize_t count = recv(descriptor_.number(), all.data(), all.size(), 0);
    all.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return all;
  }
  // The other end has closed the connection.
  [[nodiscard]] bool dismissed() const {
    char byte = 0;
    return recv(descriptor_.number(), &byte, 1, 0) == 0;
  }

 private:
  FileDescriptor descriptor_;
  bool connected_ = false;
};

class Listening : public testing::Test {
 protected:
  void listen(ControlSocket::Limits limits = {}) {
    auto made = ControlSocket::listen(path_, limits);
    ASSERT_TRUE(made) << made.error();
    control_ = std::move(*made);
    control_->set_handler([this](std::string_view request, ControlSocket::Reply reply) {
      requests_.emplace_back(request);
      if (later_) {
        replies_.push_back(std::move(reply));
      } else {
        reply("to " + std::string(request));
      }
    });
  }
  void turns(int count = 5) {
    for (int i = 0; i < count; ++i) control_->turn(now_);
  }
  [[nodiscard]] bool wants_a_turn() const {
    pollfd one{.fd = control_->descriptor(), .events = POLLIN, .revents = 0};
    return poll(&one, 1, 0) > 0;
  }

  test::Folder folder_;
  const std::string path_ = folder_.path("control.sock");
  std::unique_ptr<ControlSocket> control_;
  Time now_{};
  std::vector<std::string> requests_;
  std::vector<ControlSocket::Reply> replies_;
  bool later_ = false;
};

TEST_F(Listening, AnswersLineByLine) {
  listen();
  const Caller caller(path_);
  EXPECT_TRUE(wants_a_turn());
  caller.send("one\ntwo\nthr");
  turns();
  EXPECT_EQ(caller.received(), "to one\nto two\n");
  EXPECT_FALSE(wants_a_turn());
  caller.send("ee\n");
  turns();
  EXPECT_EQ(caller.received(), "to three\n");
}

TEST_F(Listening, IsForItsOwnerAndGroupOnly) {
  listen();
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
}

TEST_F(Listening, IsGoneWhenItEnds) {
  listen();
  control_.reset();
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(Listening, LeavesAnothersSocketInItsPlace) {
  listen();
  ASSERT_EQ(unlink(path_.c_str()), 0);
  const auto other = ControlSocket::listen(path_);
  ASSERT_TRUE(other);
  control_.reset();
  EXPECT_TRUE(Caller(path_).connected());
}

TEST_F(Listening, ReplacesWhatADeadProcessLeft) {
  {
    const FileDescriptor dead(socket(AF_UNIX, SOCK_STREAM, 0));
    const auto address = *unix_address(path_);
    ASSERT_EQ(bind(dead.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(dead.number(), 1), 0);
  }
  ASSERT_EQ(access(path_.c_str(), F_OK), 0);
  ASSERT_FALSE(Caller(path_).connected());
  listen();
  EXPECT_TRUE(Caller(path_).connected());
}

TEST_F(Listening, DoesNotTakeALivingSocket) {
  listen();
  const auto second = ControlSocket::listen(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "another reveille (process " + std::to_string(getpid()) +
                                ") has the control socket \"" + path_ +
                                "\"; give this one its own with --control");
  EXPECT_TRUE(Caller(path_).connected());
}

// Whoever cannot be asked may be alive.
TEST_F(Listening, RemovesNoSocketUnlessNobodyListensForCertain) {
  const FileDescriptor other(socket(AF_UNIX, SOCK_DGRAM, 0));
  const auto address = *unix_address(path_);
  ASSERT_EQ(bind(other.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto refused = ControlSocket::listen(path_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("who listens there cannot be found out"), std::string::npos)
      << refused.error();
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(Listening, DoesNotTakeALivingSocketWhenDescriptorsRunOut) {
  listen();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  // So many that the lock can be opened, and the socket cannot.
  const int next = dup(0);
  close(next);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto refused = ControlSocket::listen(path_);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(refused);
  const Caller caller(path_);
  EXPECT_TRUE(caller.connected());
}

TEST_F(Listening, OfTwoStartsAtOnceOneIsRefused) {
  const FileDescriptor other(open((path_ + ".lock").c_str(), O_RDWR | O_CREAT, 0600));
  ASSERT_EQ(flock(other.number(), LOCK_EX), 0);
  const auto refused = ControlSocket::listen(path_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().find("another reveille is starting"), 0U) << refused.error();
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
  ASSERT_EQ(flock(other.number(), LOCK_UN), 0);
  listen();
  struct stat status {};
  ASSERT_EQ(stat((path_ + ".lock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0077, 0u) << "nobody else can hold it";
}

TEST_F(Listening, RemovesNoFileThatIsNoSocket) {
  folder_.write("control.sock", "dear to somebody");
  const auto refused = ControlSocket::listen(path_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "the control socket \"" + path_ +
                                 "\" cannot be made: there is a file that is no socket");
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(Listening, SaysWhyAPathCannotBe) {
  const auto too_long = ControlSocket::listen("/tmp/" + std::string(120, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().find("1 to 107 bytes"), std::string::npos) << too_long.error();
  const auto nowhere = ControlSocket::listen(folder_.path("a/b/control.sock"));
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().find("No such file or directory"), std::string::npos);
}

TEST_F(Listening, MakesTheFolderIfOnlyThatIsMissing) {
  EXPECT_TRUE(ControlSocket::listen(folder_.path("run/control.sock")));
}

TEST_F(Listening, RefusesARequestThatHasNoEnd) {
  listen();
  const Caller caller(path_);
  std::string flood(200'000, 'x');
  caller.send(flood);
  turns();
  EXPECT_EQ(caller.received(), "{\"error\":\"a request has at most 65536 bytes\"}\n");
  EXPECT_EQ(control_->clients(), 0u);
  EXPECT_TRUE(requests_.empty());
}

TEST_F(Listening, SaysTheWholeRefusalAfterAnAnswer) {
  listen();
  const Caller caller(path_);
  caller.send("one\n");
  turns();
  EXPECT_EQ(caller.received(), "to one\n");
  caller.send(std::string(70'000, 'x'));
  turns();
  EXPECT_EQ(caller.received(), "{\"error\":\"a request has at most 65536 bytes\"}\n");
  EXPECT_TRUE(caller.dismissed());
}

TEST_F(Listening, TakesARequestOfTheFullLength) {
  listen({.request_bytes = 1000});
  const Caller caller(path_);
  caller.send(std::string(1000, 'x') + "\n");
  turns();
  ASSERT_EQ(requests_.size(), 1u);
  caller.send(std::string(1001, 'x') + "\n");
  turns();
  EXPECT_EQ(requests_.size(), 1u);
  EXPECT_EQ(control_->clients(), 0u);
}

TEST_F(Listening, BoundsTheAnswer) {
  listen({.answer_bytes = 10});
  const Caller caller(path_);
  caller.send("a request that is echoed\n");
  turns();
  EXPECT_EQ(caller.received(), "{\"error\":\"the answer has more than 10 bytes; ask for less\"}\n");
}

TEST_F(Listening, BoundsTheClients) {
  listen({.clients = 2});
  const Caller first(path_);
  const Caller second(path_);
  const Caller third(path_);
  third.send("hello\n");
  turns();
  EXPECT_EQ(control_->clients(), 2u);
  EXPECT_EQ(third.received(), "");
  EXPECT_FALSE(wants_a_turn());      // one that waits does not keep the control thread busy
  now_ += std::chrono::seconds{11};  // the first two say nothing for too long
  turns();
  EXPECT_TRUE(first.dismissed());
  EXPECT_TRUE(second.dismissed());
  EXPECT_EQ(third.received(), "to hello\n");
}

TEST_F(Listening, DismissesWhoDoesNotTakeItsAnswer) {
  listen();
  later_ = true;
  const Caller caller(path_);
  caller.send("much\n");
  turns();
  ASSERT_EQ(replies_.size(), 1u);
  replies_[0](std::string(8 << 20, 'x'));
  turns();
  EXPECT_EQ(control_->clients(), 1u);
  now_ += std::chrono::seconds{11};
  turns();
  EXPECT_EQ(control_->clients(), 0u);
}

TEST_F(Listening, AnswersWhenTheHandlerIsDone) {
  listen();
  later_ = true;
  const Caller caller(path_);
  const Caller other(path_);
  caller.send("slow\nnext\n");
  turns();
  ASSERT_EQ(requests_, std::vector<std::string>{"slow"});
  now_ += std::chrono::minutes{5};  // a handler may take its time; a silent client may not
  turns();
  EXPECT_EQ(control_->clients(), 1u);
  EXPECT_FALSE(wants_a_turn());
  replies_[0]("done");
  EXPECT_TRUE(wants_a_turn());
  turns();
  EXPECT_EQ(caller.received(), "done\n");
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_EQ(requests_[1], "next");
}

TEST_F(Listening, ForgetsAClientThatLeaves) {
  listen();
  later_ = true;
  {
    const Caller caller(path_);
    caller.send("slow\n");
    turns();
  }
  turns();
  EXPECT_EQ(control_->clients(), 0u);
  replies_[0]("nobody hears this");
  turns();
  EXPECT_FALSE(wants_a_turn());
}

TEST_F(Listening, AnswersWhoHasSaidAllAndListens) {
  listen();
  const Caller caller(path_);
  caller.send("one\ntwo\nthree");
  caller.end();
  turns();
  EXPECT_EQ(caller.received(), "to one\nto two\n");
  EXPECT_TRUE(caller.dismissed());
  EXPECT_EQ(requests_.size(), 2u);
}

TEST_F(Listening, SendsALargeAnswerWhole) {
  listen();
  later_ = true;
  const Caller caller(path_);
  caller.send("much\n");
  turns();
  const std::string answer(5'000'000, 'y');
  replies_[0](answer);
  std::string got;
  for (int i = 0; i < 10'000 && got.size() <= answer.size(); ++i) {
    turns(1);
    got += caller.received();
  }
  EXPECT_EQ(got, answer + "\n");
}

// A server in a thread of its own, for the client that waits.
class Asking : public Listening {
 protected:
  tl::expected<Json, AskError> ask_answered_with(const std::string& answer) {
    listen();
    control_->set_handler(
        [answer](std::string_view, const ControlSocket::Reply& reply) { reply(answer); });
    std::jthread server([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        control_->turn(std::chrono::steady_clock::now());
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
      }
    });
    return ask(path_, "status", Json::object());
  }
};

TEST_F(Asking, GetsTheResult) {
  const auto result = ask_answered_with(R"({"result":{"up":true}})");
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ((*result)["up"], true);
}

TEST_F(Asking, GetsTheSentenceOfARefusal) {
  const AskError refusal = ask_answered_with(R"({"error":"not today"})").error();
  EXPECT_EQ(refusal.text, "not today");
  EXPECT_TRUE(refusal.was_answered);
}

TEST_F(Asking, KnowsAStranger) {
  const AskError error = ask_answered_with("HTTP/1.1 400 Bad Request").error();
  EXPECT_FALSE(error.was_answered);
  EXPECT_EQ(error.text, "the control socket \"" + path_ + "\": what answers there is no reveille");
}

TEST_F(Asking, SaysThatNobodyListens) {
  EXPECT_EQ(ask(path_, "status", Json::object()).error().text,
            "no reveille answers on \"" + path_ +
                "\"; is it running, and is that its control socket (--control)?");
}

TEST_F(Asking, DoesNotWaitForEver) {
  listen();
  EXPECT_EQ(ask(path_, "status", Json::object(), std::chrono::milliseconds{50}).error().text,
            "the control socket \"" + path_ + "\": no answer within 50ms");
}

}  // namespace
}  // namespace reveille
