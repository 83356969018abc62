// Coroutines over the C++ door: calls, failures, a stop, events, and who resumes.
#include "copilot_coroutine.hpp"
#include "copilot_coroutine.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>

#include "fake.hpp"

namespace {

copilot::Task<std::string> ask(copilot::Session& session, std::string prompt) {
  auto answer = co_await copilot::send_and_wait(session, prompt);
  co_return *copilot::json_text(answer, "/data/content");
}

copilot::Task<int> conversation(copilot::Client& client) {
  copilot::SessionConfig config("{\"model\":\"m\"}");
  co_await copilot::start(client);
  auto session = co_await copilot::create_session(client, config);
  auto ping = co_await copilot::call([&](copilot::Done done) { return client.ping_async(std::move(done), "hi"); });
  CHECK(ping.find("hi") != std::string::npos);
  CHECK(!(co_await ask(session, "one")).empty());
  auto again = co_await copilot::resume_session(client, session.id(), config);
  auto id = co_await copilot::send(again, "two");
  CHECK(copilot::json_text(id, "/messageId").has_value());
  co_await copilot::disconnect(again);
  co_await copilot::stop(client);
  co_return 7;
}

copilot::Task<void> fails(copilot::Client& client) {
  try {
    co_await copilot::call([&](copilot::Done done) { return client.invoke_async("no.such", {}, std::move(done)); });
    CHECK(false);
  } catch (const copilot::Error& error) {
    CHECK(error.rpc_code() == -32601);
  }
  throw std::runtime_error("of the program");
}

copilot::Task<void> stopped(copilot::Client& client, std::stop_token token) {
  try {
    co_await copilot::call([&](copilot::Done done) { return client.invoke_async("slow", {}, std::move(done)); }, token);
    CHECK(false);
  } catch (const copilot::Error& error) {
    CHECK(error.code() == COPILOT_ERROR_CANCELLED);
  }
}

copilot::Task<int> reading(copilot::Session& session, copilot::Events& events) {
  int deltas = 0;
  while (auto event = co_await events.next()) {
    if (!event->fields().delta.empty()) deltas++;
    if (event->type == "session.idle") events.close();
  }
  (void)session;
  co_return deltas;
}

void everything() {
  copilot::Client client(fake());
  CHECK(copilot::run(conversation(client)) == 7);
}

void failures() {
  copilot::Client client(fake("[{\"on\":{\"method\":\"slow\"},\"do\":[{\"noReply\":true}]}]"));
  client.start();
  try {
    copilot::run(fails(client));
    CHECK(false);
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()) == "of the program");
  }
  std::stop_source later, before;
  std::thread stopper([&] {
    sleep_ms(50);
    later.request_stop();
  });
  copilot::run(stopped(client, later.get_token()));
  stopper.join();
  before.request_stop();
  copilot::run(stopped(client, before.get_token()));
  copilot::Client never(fake());
  never.stop();
  try {
    copilot::run([](copilot::Client& gone) -> copilot::Task<void> {
      copilot::Client moved = std::move(gone);
      co_await copilot::start(gone);
    }(never));
    CHECK(false);
  } catch (const copilot::Error& error) {
    CHECK(error.code() == COPILOT_ERROR_BAD_HANDLE);
  }
}

void events() {
  copilot::Client client(fake());
  client.start();
  auto session = client.create_session(copilot::SessionConfig("{\"model\":\"m\",\"streaming\":true}"));
  copilot::Events of_session(session);
  std::atomic<bool> ended{false};
  session.send("hello");
  CHECK(copilot::run(reading(session, of_session)) == 3);
  copilot::spawn(
      [](copilot::Session& asked) -> copilot::Task<void> {
        for (int n = 0; n < 100; n++) (void)co_await copilot::send(asked, "x");
      }(session),
      [&](std::exception_ptr failure) {
        CHECK(!failure);
        ended = true;
      });
  while (!ended) sleep_ms(1);
}

// The loop of a program: every coroutine goes on inside poll().
void polled() {
  copilot::Client client(fake("", COPILOT_DRIVE_POLL));
  std::atomic<int> result{0};
  auto here = std::this_thread::get_id();
  auto work = [&]() -> copilot::Task<void> {
    result = co_await conversation(client);
    CHECK(std::this_thread::get_id() == here);
  };
  copilot::spawn(work(), [&](std::exception_ptr failure) { CHECK(!failure); });
  while (result == 0) client.poll(std::chrono::milliseconds(100));
  CHECK(result == 7);
}

void futures() {
  copilot::Client client(fake());
  client.start();
  auto pong = copilot::future([&](copilot::Done done) { return client.ping_async(std::move(done), "f"); });
  CHECK(pong.get().find("f") != std::string::npos);
  auto wrong = copilot::future([&](copilot::Done done) { return client.invoke_async("no.such", {}, std::move(done)); });
  try {
    wrong.get();
    CHECK(false);
  } catch (const copilot::Error& error) {
    CHECK(error.code() == COPILOT_ERROR_RPC);
  }
}

}  // namespace

int main() {
  everything();
  failures();
  events();
  polled();
  futures();
  std::puts("coroutines: ok");
}
