// The C++ door: RAII, both flavours of errors, handlers that throw, and the polling loop.
#include "copilot.hpp"
#include "copilot.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>

#include "fake.hpp"

namespace {

void errors() {
  copilot::ClientOptions options;
  options.json = "{\"nonsense\":1}";
  try {
    copilot::Client client(options);
    CHECK(false);
  } catch (const copilot::Error& error) {
    CHECK(error.code() == COPILOT_ERROR_INVALID_ARGUMENT && error.name() == "InvalidArgument");
    CHECK(std::string(error.what()).find("nonsense") != std::string::npos);
  }
  auto made = copilot::Client::try_new(options);
  CHECK(!made && made.error().code() == COPILOT_ERROR_INVALID_ARGUMENT);
  copilot::Client client(fake("[{\"on\":{\"method\":\"x\"},\"do\":[{\"reply\":{\"error\":"
                              "{\"code\":-5,\"message\":\"no\",\"data\":[1]}}}]}]"));
  CHECK(client.state() == COPILOT_STATE_DISCONNECTED);
  client.start();
  CHECK(client.diagnostics().find("\"state\":\"connected\"") != std::string::npos);
  CHECK(client.state() == COPILOT_STATE_CONNECTED);
  auto result = client.try_invoke("x");
  CHECK(!result && result.error().rpc_code() == -5 && result.error().data() == "[1]");
  CHECK(client.try_invoke("ping", "{\"message\":\"hi\"}").ok());
  copilot::Client moved = std::move(client);
  CHECK(client.get() == nullptr && client.try_start().error().code() == COPILOT_ERROR_BAD_HANDLE);
  moved.stop();
}

void conversation() {
  auto alive = std::make_shared<int>(1);
  std::weak_ptr<int> watched = alive;
  std::atomic<int> events{0}, deltas{0}, deferred{0};
  copilot::Client client(fake());
  copilot::SessionConfig config("{\"model\":\"m\"}");
  std::atomic<int> ends{0};
  config.set("{\"streaming\":true}")
      .on_ended([&](const copilot::Error& error) {
        CHECK(error.code() == COPILOT_ERROR_SESSION_CLOSED);
        ends++;
      })
      .on_event([&, alive](const copilot::Event&) {
        events++;
        throw std::runtime_error("handlers may throw");
      })
      .tool("shout", "says it louder", "{\"type\":\"object\"}",
            [](const copilot::Invocation& asked) { return asked.text("/arguments/word").value_or("") + "!"; })
      .tool("broken", "throws", "", [](const copilot::Invocation&) -> std::string { throw std::runtime_error("ouch"); })
      .tool_later("later", "answers later", "",
                  [&](const copilot::Invocation&, copilot::Call call) {
                    std::thread([call = std::move(call), &deferred]() mutable {
                      deferred++;
                      CHECK(call.reply_text("done").ok());
                    }).detach();
                  })
      .tool_later("odd", "throws with the call in its hand", "",
                  [](const copilot::Invocation&, copilot::Call) { throw 7; })
      .on_permission([](const copilot::Invocation&) { return "{\"kind\":\"approve-once\"}"; });
  alive.reset();
  auto session = client.create_session(config);
  auto listener = session.on("assistant.message_delta", [&](const copilot::Event& event) {
    CHECK(event.type == "assistant.message_delta" && event.text("/data/deltaContent"));
    CHECK(event.header().id.size() == 36);
    deltas++;
  });
  auto last = session.send_and_wait("hello", std::chrono::seconds(10));
  CHECK(last && copilot::json_text(*last, "/type") == "assistant.message");
  CHECK(events > 5 && deltas == 3);
  session.off(listener);
  CHECK(client.ping("hi").find("pong: hi") != std::string::npos && client.try_get_status().ok());
  session.set_model("m2", "{\"contextTier\":\"long_context\"}");
  auto refused = session.try_set_model("m2", "{\"contextTier\":\"wide\"}");
  CHECK(!refused && refused.error().code() == COPILOT_ERROR_INVALID_ARGUMENT);
  std::atomic<int> logged{0};
  session.log_async("a line", [&](copilot::Result<std::string> result) { logged += result.ok() ? 1 : 2; });
  while (logged == 0) std::this_thread::yield();
  CHECK(logged == 1);
  CHECK(session.try_send_and_wait("again").ok() && deltas == 3);
  int number = 0;
  auto run = [&](const std::string& tool, const std::string& expected) {
    auto request = "r" + std::to_string(++number);
    client.invoke("fake.emit", "{\"sessionId\":" + copilot::json_quote(session.id()) +
                                   ",\"event\":{\"type\":\"external_tool.requested\",\"data\":{\"requestId\":\"" +
                                   request + "\",\"toolCallId\":\"c\",\"toolName\":\"" + tool +
                                   "\",\"arguments\":{\"word\":\"hi\"}}}}");
    auto query = "{\"method\":\"session.tools.handlePendingToolCall\",\"where\":{\"requestId\":\"" + request + "\"}}";
    for (double end = seconds() + LIMIT; seconds() < end; sleep_ms(2)) {
      auto received = client.invoke("fake.received", query);
      if (copilot::json_text(received, "/count") == "0") continue;
      CHECK(received.find(expected) != std::string::npos);
      return;
    }
    CHECK(false);
  };
  run("shout", "hi!");
  run("broken", "ouch");
  run("later", "done");
  run("odd", "error");
  CHECK(deferred == 1);
  session.disconnect();
  while (ends == 0) std::this_thread::yield();
  config = copilot::SessionConfig();
  CHECK(watched.expired());  // handlers are gone with their session and configuration
  client.stop();
}

void polling() {
  copilot::Client client(fake("", COPILOT_DRIVE_POLL));
  auto here = std::this_thread::get_id();
  bool idle = false, done = false;
  copilot::SessionConfig config;
  config.on_event([&](const copilot::Event& event) {
    CHECK(std::this_thread::get_id() == here);
    idle = idle || event.type == "session.idle";
  });
  auto session = client.create_session(config);
  CHECK(client.fd() >= 0);
  auto op = session.send_and_wait_async("x", [&](copilot::Result<std::string> result) {
    CHECK(result.ok() && idle);
    CHECK(client.try_stop().error().code() == COPILOT_ERROR_WOULD_DEADLOCK);
    done = true;
  });
  while (!done) client.poll(std::chrono::milliseconds(1000));
  client.stop();
}

void cancelling() {
  copilot::Client client(fake("[{\"on\":{\"method\":\"never\"},\"do\":[{\"noReply\":true}]}]"));
  client.start();
  CHECK(client.try_invoke("never", "", std::chrono::milliseconds(50)).error().code() == COPILOT_ERROR_TIMEOUT);
  copilot::CancelToken token;
  std::thread other([&] {
    sleep_ms(50);
    token.cancel();
  });
  CHECK(client.try_invoke("never", "", token).error().code() == COPILOT_ERROR_CANCELLED);
  other.join();
  std::atomic<bool> ended{false};
  auto op = client.invoke_async("never", "", [&](copilot::Result<std::string> result) {
    CHECK(!result && result.error().code() == COPILOT_ERROR_CANCELLED);
    ended = true;
  });
  op.cancel();
  while (!ended) sleep_ms(1);
}

void lost_connection() {
  std::atomic<bool> closed{false};
  auto options = fake("[{\"on\":{\"method\":\"die\"},\"do\":[{\"exit\":9}]}]");
  options.on_closed = [&](const copilot::Error& error) {
    CHECK(error.code() != COPILOT_OK);
    closed = true;
  };
  copilot::Client client(options);
  client.start();
  CHECK(client.try_invoke("die").error().code() == COPILOT_ERROR_PROCESS_EXITED);
  for (double end = seconds() + LIMIT; !closed && seconds() < end; sleep_ms(1)) {
  }
  CHECK(closed);
}

}  // namespace

// The same in C++20, see stops.cpp: a program may have parts of both.
static_assert(sizeof(copilot::Wait) == sizeof(std::chrono::milliseconds) + sizeof(void*) + sizeof(std::function<void()>));

int main() {
  errors();
  conversation();
  polling();
  cancelling();
  lost_connection();
  puts("cpp: ok");
}
