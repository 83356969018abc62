// A thousand sessions in one thread: each is a coroutine, all go on inside the client's poll.
//
//   c++ -std=c++20 thousand.cpp $(pkg-config --cflags --libs copilot) -o thousand; COPILOT_CLI_PATH=… ./thousand
#include <copilot_coroutine.hpp>

#include <cstdlib>
#include <iostream>
#include <memory>

static copilot::Task<void> converse(copilot::Client& client, const copilot::SessionConfig& config, int number) {
  auto session = co_await copilot::create_session(client, config);
  auto prompt = "session " + std::to_string(number);
  auto answer = co_await copilot::send_and_wait(session, prompt);
  if (copilot::json_text(answer, "/data/content").value_or("").find(prompt) == std::string::npos)
    throw std::runtime_error(prompt + " got the answer of another one");
  co_await copilot::disconnect(session);
}

int main() try {
  constexpr int sessions = 1000;
  copilot::ClientOptions options;
  options.drive = COPILOT_DRIVE_POLL;
  copilot::Client client(options);
  client.start();
  copilot::SessionConfig config;
  if (const char* url = std::getenv("COPILOT_MODEL_URL"))
    config.set(R"({"model":"m","provider":{"type":"openai","apiKey":"none","baseUrl":)" + copilot::json_quote(url) + "}}");
  int over = 0;
  std::exception_ptr first;
  for (int n = 0; n < sessions; n++)
    copilot::spawn(converse(client, config, n), [&](std::exception_ptr failure) {
      over++;
      if (failure && !first) first = failure;
    });
  while (over < sessions) client.poll();
  if (first) std::rethrow_exception(first);
  std::cout << sessions << " sessions have answered, all in this thread" << std::endl;
  client.stop();
} catch (const std::exception& error) {
  std::cerr << error.what() << std::endl;
  return 1;
}
