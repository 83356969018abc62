// std::stop_token in blocking calls: stopped before, during and after, in both flavours of errors.
#include <atomic>
#include <stop_token>
#include <thread>
#include <vector>

#include "fake.hpp"

namespace {

// "never" is never answered; nor are a session of the model "never" and a message "never".
const char* const kScript = R"([
  {"on": {"method": "never"}, "do": [{"noReply": true}]},
  {"on": {"method": "session.create", "where": {"model": "never"}}, "do": [{"noReply": true}]},
  {"on": {"method": "session.send", "where": {"prompt": "never"}}, "do": [{"reply": "default"}]}])";

template <class T>
bool is_cancelled(const copilot::Result<T>& result) {
  return !result && result.error().code() == COPILOT_ERROR_CANCELLED;
}
template <class F>
bool throws_cancelled(F call) {
  try {
    call();
  } catch (const copilot::Error& error) {
    return error.code() == COPILOT_ERROR_CANCELLED;
  }
  return false;
}
#define BOTH_ARE_CANCELLED(object, call)      \
  CHECK(is_cancelled((object).try_##call)); \
  CHECK(throws_cancelled([&] { (void)(object).call; }))

std::stop_token stopped() {
  std::stop_source source;
  source.request_stop();
  return source.get_token();
}

// Every blocking call of a client; scripts/abi_calls.py holds that none is missing.
void before_calls_of_a_client() {
  copilot::Client client(fake(kScript));
  copilot::SessionConfig config;
  const auto stop = stopped();
  BOTH_ARE_CANCELLED(client, start(stop));
  CHECK(client.state() == COPILOT_STATE_DISCONNECTED);
  client.start(std::stop_source().get_token());
  BOTH_ARE_CANCELLED(client, stop(stop));
  BOTH_ARE_CANCELLED(client, force_stop(stop));
  CHECK(client.state() == COPILOT_STATE_CONNECTED);
  BOTH_ARE_CANCELLED(client, create_session(config, stop));
  BOTH_ARE_CANCELLED(client, resume_session("s", config, stop));
  BOTH_ARE_CANCELLED(client, invoke("fake.echo", {}, stop));
  BOTH_ARE_CANCELLED(client, set_env("{}", stop));
  BOTH_ARE_CANCELLED(client, start_ahp_host(R"({"localServer":{}})", stop));
  BOTH_ARE_CANCELLED(client, list_models(stop));
  BOTH_ARE_CANCELLED(client, ping("x", stop));
  BOTH_ARE_CANCELLED(client, get_status(stop));
  BOTH_ARE_CANCELLED(client, get_auth_status(stop));
  BOTH_ARE_CANCELLED(client, list_sessions({}, stop));
  BOTH_ARE_CANCELLED(client, get_session_metadata("s", stop));
  BOTH_ARE_CANCELLED(client, get_last_session_id(stop));
  BOTH_ARE_CANCELLED(client, get_foreground_session_id(stop));
  BOTH_ARE_CANCELLED(client, set_foreground_session_id("s", stop));
  BOTH_ARE_CANCELLED(client, delete_session("s", stop));
  BOTH_ARE_CANCELLED(client, llm_start("r", {}, stop));
  BOTH_ARE_CANCELLED(client, llm_write_text("r", "x", stop));
  BOTH_ARE_CANCELLED(client, llm_write_bytes("r", "x", stop));
  BOTH_ARE_CANCELLED(client, llm_end("r", stop));
  BOTH_ARE_CANCELLED(client, llm_fail("r", "x", {}, stop));
  // Nothing of it was sent.
  CHECK(copilot::json_text(client.invoke("fake.received", R"({"method":"ping"})"), "/count") == "0");
  client.stop();
}

void before_calls_of_a_session() {
  copilot::Client client(fake(kScript));
  auto session = client.create_session(copilot::SessionConfig(), {std::chrono::minutes(1), std::stop_source().get_token()});
  const auto stop = stopped();
  BOTH_ARE_CANCELLED(session, send("x", {}, stop));
  BOTH_ARE_CANCELLED(session, send_and_wait("x", stop));
  BOTH_ARE_CANCELLED(session, send_and_wait("x", {std::chrono::minutes(1), stop}));
  BOTH_ARE_CANCELLED(session, send_and_wait_structured("x", "{}", {}, stop));
  BOTH_ARE_CANCELLED(session, serve_tools(copilot::SessionConfig(), stop));
  BOTH_ARE_CANCELLED(session, disconnect(stop));
  BOTH_ARE_CANCELLED(session, invoke("fake.echo", {}, stop));
  BOTH_ARE_CANCELLED(session, get_events(stop));
  BOTH_ARE_CANCELLED(session, abort(stop));
  BOTH_ARE_CANCELLED(session, set_model("m", {}, stop));
  BOTH_ARE_CANCELLED(session, set_auto_tier({}, stop));
  BOTH_ARE_CANCELLED(session, set_tools("[]", {}, stop));
  BOTH_ARE_CANCELLED(session, log("x", {}, stop));
  BOTH_ARE_CANCELLED(session, cancel_task("x", stop));
  BOTH_ARE_CANCELLED(session, confirm("x", stop));
  BOTH_ARE_CANCELLED(session, select("x", R"(["a"])", stop));
  BOTH_ARE_CANCELLED(session, input("x", {}, stop));
  BOTH_ARE_CANCELLED(session, elicit("x", "{}", stop));
  CHECK(session.try_send_and_wait("it still works", std::chrono::minutes(1)).ok());
  client.stop();
}

// The runtime has so many requests of this kind.
void wait_for(copilot::Client& client, const std::string& query, int count) {
  while (std::stoi(copilot::json_text(client.invoke("fake.received", query), "/count").value_or("0")) < count) sleep_ms(1);
}

// Makes the call, stops it from another thread once the runtime has its request.
template <class F>
void during(copilot::Client& client, const std::string& query, F call) {
  for (int turn = 1; turn <= 2; turn++) {
    std::stop_source source;
    std::thread other([&] {
      wait_for(client, query, turn);
      source.request_stop();
    });
    if (turn == 1) CHECK(is_cancelled(call(copilot::Wait(source.get_token()))));
    else CHECK(throws_cancelled([&] { call({std::chrono::minutes(2), source.get_token()}).value(); }));
    other.join();
  }
}

void during_calls(copilot_drive drive) {
  using copilot::Wait;
  copilot::Client client(fake(kScript, drive));
  copilot::SessionConfig config(R"({"model":"m"})"), never(R"({"model":"never"})");
  auto session = client.create_session(config);
  during(client, R"({"method":"never"})", [&](Wait wait) { return client.try_invoke("never", {}, wait); });
  during(client, R"({"method":"session.create","where":{"model":"never"}})",
         [&](Wait wait) { return client.try_create_session(never, wait); });
  during(client, R"({"method":"session.send","where":{"prompt":"never"}})",
         [&](Wait wait) { return session.try_send_and_wait("never", wait); });
  CHECK(client.try_ping("all the same", std::stop_token()).ok());
  CHECK(client.try_invoke("never", {}, {std::chrono::milliseconds(20), std::stop_source().get_token()}).error().code() ==
        COPILOT_ERROR_TIMEOUT);
  client.stop();
}

void after_calls() {
  copilot::Client client(fake(kScript));
  std::stop_source source;
  client.start(source.get_token());
  CHECK(client.ping("x", {std::chrono::minutes(1), source.get_token()}).find("pong") != std::string::npos);
  source.request_stop();
  CHECK(client.state() == COPILOT_STATE_CONNECTED && client.try_ping("y").ok());
  BOTH_ARE_CANCELLED(client, ping("z", source.get_token()));
  // At the moment when the call ends: one of both.
  for (int n = 0; n < 300; n++) {
    std::stop_source racing;
    std::thread other([&] { racing.request_stop(); });
    auto pong = client.try_ping("x", racing.get_token());
    CHECK(pong.ok() || pong.error().code() == COPILOT_ERROR_CANCELLED);
    other.join();
  }
  client.stop();
}

// One stop ends all calls that wait with it, and a std::jthread ends its own.
void shared() {
  copilot::Client client(fake(kScript));
  client.start();
  std::stop_source source;
  std::atomic<int> cancelled{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; n++)
    threads.emplace_back([&] { cancelled += is_cancelled(client.try_invoke("never", {}, source.get_token())); });
  wait_for(client, R"({"method":"never"})", 4);
  source.request_stop();
  for (auto& thread : threads) thread.join();
  CHECK(cancelled == 4);
  {
    std::jthread other([&](std::stop_token stop) { cancelled += is_cancelled(client.try_invoke("never", {}, stop)); });
    wait_for(client, R"({"method":"never"})", 5);
  }
  CHECK(cancelled == 5);
  client.stop();
}

// The loop of a program that is told to end.
void polling() {
  copilot::Client client(fake(kScript, COPILOT_DRIVE_POLL));
  std::atomic<int> polls{0};
  std::jthread loop([&](std::stop_token stop) {
    for (; !stop.stop_requested(); polls++) client.poll({}, stop);
  });
  std::atomic<bool> started{false};
  client.start_async([&](copilot::Result<std::string> result) { started = result.ok(); });
  while (!started) sleep_ms(1);
  loop.request_stop();
  loop.join();
  CHECK(polls > 0 && client.poll({}, stopped()) == 0);
}

}  // namespace

// The same in C++17, see cpp.cpp: a program may have parts of both.
static_assert(sizeof(copilot::Wait) == sizeof(std::chrono::milliseconds) + sizeof(void*) + sizeof(std::function<void()>));

int main() {
  before_calls_of_a_client();
  before_calls_of_a_session();
  during_calls(COPILOT_DRIVE_THREAD);
  during_calls(COPILOT_DRIVE_POLL);
  after_calls();
  shared();
  polling();
  puts("stops: ok");
}
