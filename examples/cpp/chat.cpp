// One conversation: a custom tool, a streamed answer, a permission question, the usage at the end.
//
// With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot. Without, it talks to the OpenAI-compatible server at
// COPILOT_MODEL_URL. The runtime is found by COPILOT_CLI_PATH.
//
//   c++ -std=c++17 chat.cpp $(pkg-config --cflags --libs copilot) -o chat
#include <copilot.hpp>

#include <atomic>
#include <cstdlib>
#include <iostream>

#ifdef _WIN32
#include <io.h>
#define isatty _isatty
#else
#include <unistd.h>
#endif

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

long number(const copilot::Event& event, std::string_view pointer) {
  return std::strtol(event.text(pointer).value_or("0").c_str(), nullptr, 10);
}

std::string get_weather(const copilot::Invocation& asked) {
  auto city = asked.text("/arguments/city").value_or("an unknown place");
  std::cout << "[tool] get_weather(" << city << ")" << std::endl;
  return "Sunny, 21 degrees in " + city;
}

std::string ask_permission(const copilot::Invocation& asked) {
  std::cout << "[permission] " << asked.text("/permissionRequest/kind").value_or("something") << ": allow? [Y/n] "
            << std::flush;
  std::string line;
  if (!isatty(0)) {
    std::cout << "yes (no terminal)" << std::endl;
  } else if (std::getline(std::cin, line) && (line == "n" || line == "N")) {
    return R"({"kind":"reject","feedback":"the user said no"})";
  }
  return R"({"kind":"approve-once"})";
}

int chat() {
  copilot::ClientOptions options;
  options.github_token = environment("COPILOT_GITHUB_TOKEN");
  if (options.github_token.empty()) options.github_token = environment("GITHUB_TOKEN");
  copilot::Client client(options);
  auto info = client.start(std::chrono::minutes(1));
  std::cout << "[runtime] " << copilot::json_text(info, "/version").value_or("of unknown version") << std::endl;

  std::atomic<long> input{0}, output{0};
  copilot::SessionConfig config(R"({"streaming":true})");
  if (auto url = environment("COPILOT_MODEL_URL"); !url.empty()) {
    config.set(R"({"model":"scripted","provider":{"type":"openai","apiKey":"none","baseUrl":)" +
               copilot::json_quote(url) + "}}");
  }
  config
      .tool("get_weather", "Tells the weather of a city",
            R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})", get_weather)
      .on_permission(ask_permission)
      .on_event([&](const copilot::Event& event) {
        if (event.type == "assistant.message_delta") {
          std::cout << event.text("/data/deltaContent").value_or("") << std::flush;
        } else if (event.type == "assistant.usage") {
          input += number(event, "/data/inputTokens");
          output += number(event, "/data/outputTokens");
        }
      });
  auto session = client.create_session(config);
  session.send_and_wait("What is the weather in Paris?", std::chrono::minutes(2));
  std::cout << "\n[usage] " << input << " tokens in, " << output << " tokens out" << std::endl;

  session.disconnect();
  client.stop();
  return 0;
}

}  // namespace

int main() {
  try {
    return chat();
  } catch (const copilot::Error& error) {
    std::cerr << error.name() << ": " << error.what() << std::endl;
    return 1;
  }
}
