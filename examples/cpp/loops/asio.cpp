// A conversation inside Asio's io_context: one thread, no call that waits, and C++20 coroutines of Asio all the way.
//
// With COPILOT_DRIVE_POLL the library runs callbacks only inside Client::poll, and its descriptor is readable while there is
// something to run. `drive` watches the descriptor and calls poll; `awaited` makes any call of the library something that Asio
// can await. The tool takes its time with a timer of the same loop, and another timer ticks: the loop turns all the while.
//
//   c++ -std=c++20 asio.cpp $(pkg-config --cflags --libs copilot) -o asio; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./asio
#include <unistd.h>

#include <asio.hpp>
#include <copilot.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

using namespace std::chrono_literals;

// `start` takes the function that is told: `co_await awaited<std::string>([&](auto done) { return client.ping_async(done); })`.
template <class T, class Start>
asio::awaitable<T> awaited(Start start) {
  auto outcome = std::make_shared<std::optional<copilot::Result<T>>>();
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
      [&](auto handler) {
        auto resume = std::make_shared<decltype(handler)>(std::move(handler));
        start([outcome, resume](copilot::Result<T> result) {
          outcome->emplace(std::move(result));
          (*resume)();
        });
      },
      asio::use_awaitable);
  co_return std::move(**outcome).value();
}

// Runs the callbacks of the library when there are some, until it is cancelled.
asio::awaitable<void> drive(asio::posix::stream_descriptor& library, copilot::Client& client) {
  for (;;) {
    co_await library.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    client.poll(0ms);
  }
}

asio::awaitable<void> tick(asio::steady_timer& timer, int& ticks) {
  for (;; ticks++) {
    timer.expires_after(1ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> weather(copilot::Call call) {
  asio::steady_timer station(co_await asio::this_coro::executor, 20ms);
  co_await station.async_wait(asio::use_awaitable);
  (void)call.reply_text("Sunny, 21 degrees in Paris");
}

copilot::SessionConfig configuration(asio::io_context& loop) {
  copilot::SessionConfig config(R"({"streaming":true})");
  if (const char* url = std::getenv("COPILOT_MODEL_URL"))
    config.set(R"({"model":"m","provider":{"type":"openai","apiKey":"none","baseUrl":)" + copilot::json_quote(url) + "}}");
  config.on_event([](const copilot::Event& event) { std::cout << event.fields().delta; });
  config.on_permission([](const copilot::Invocation&) {
    std::cout << "[permission] yes" << std::endl;
    return R"({"kind":"approve-once"})";
  });
  config.tool_later("get_weather", "Tells the weather of a city", R"({"type":"object","properties":{"city":{"type":"string"}}})",
                    [&loop](const copilot::Invocation& asked, copilot::Call call) {
                      std::cout << "[tool] " << asked.name << std::endl;
                      asio::co_spawn(loop, weather(std::move(call)), asio::detached);
                    });
  return config;
}

asio::awaitable<void> converse(copilot::Client& client, const copilot::SessionConfig& config) {
  auto session = co_await awaited<copilot::Session>(  // starts the runtime
      [&](auto done) { return client.create_session_async(config, done); });
  co_await awaited<std::string>([&](auto done) { return session.send_and_wait_async("What is the weather in Paris?", done); });
  std::cout << std::endl;
  co_await awaited<std::string>([&](auto done) { return session.disconnect_async(done); });
  co_await awaited<std::string>([&](auto done) { return client.stop_async(done); });
}

int main() try {
  asio::io_context loop;
  copilot::ClientOptions options;
  options.drive = COPILOT_DRIVE_POLL;
  copilot::Client client(options);
  // A copy of the descriptor, as Asio closes what it watches.
  asio::posix::stream_descriptor library(loop, ::dup(static_cast<int>(client.fd())));
  asio::steady_timer timer(loop);
  auto config = configuration(loop);
  std::exception_ptr failure;
  int ticks = 0;
  asio::co_spawn(loop, drive(library, client), asio::detached);
  asio::co_spawn(loop, tick(timer, ticks), asio::detached);
  asio::co_spawn(loop, converse(client, config), [&](std::exception_ptr error) {
    failure = error;
    loop.stop();
  });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  std::cout << "the loop turned meanwhile: " << (ticks > 0 ? "yes" : "no") << std::endl;
} catch (const std::exception& error) {
  std::cerr << error.what() << std::endl;
  return 1;
}
