// One conversation: a custom tool, a streamed answer, a permission question, the usage at the end.
//
// With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot. Without, it talks to the OpenAI-compatible server at
// COPILOT_MODEL_URL. The runtime is found by COPILOT_CLI_PATH.
//
//   c++ -std=c++17 chat.cpp $(pkg-config --cflags --libs copilot) -o chat
#include <copilot_tool.hpp>

#include <cstdlib>
#include <iostream>

static std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

static std::string get_weather(std::string city) {
  std::cout << "[tool] get_weather(" << city << ")" << std::endl;
  return "Sunny, 21 degrees in " + city;
}

static std::string ask_permission(const copilot::Invocation& asked) {
  std::cout << "[permission] " << asked.text("/permissionRequest/kind").value_or("something") << ": allow? [Y/n] ";
  std::string line;
  bool refused = std::getline(std::cin, line) && (line == "n" || line == "N");
  return refused ? R"({"kind":"reject","feedback":"the user said no"})" : R"({"kind":"approve-once"})";
}

int main() try {
  copilot::ClientOptions options;
  options.github_token = environment("COPILOT_GITHUB_TOKEN");
  if (options.github_token.empty()) options.github_token = environment("GITHUB_TOKEN");
  copilot::Client client(options);
  auto info = client.start(std::chrono::minutes(1));
  std::cout << "[runtime] " << copilot::json_text(info, "/version").value_or("of unknown version") << std::endl;

  int64_t input = 0, output = 0;
  copilot::SessionConfig config(R"({"streaming":true})");
  if (auto url = environment("COPILOT_MODEL_URL"); !url.empty())
    config.set(R"({"model":"scripted","provider":{"type":"openai","apiKey":"none","baseUrl":)" + copilot::json_quote(url) + "}}");
  copilot::tool(config, "get_weather", "Tells the weather of a city", {"city"}, get_weather);
  config.on_permission(ask_permission).on_event([&](const copilot::Event& event) {
    auto fields = event.fields();
    std::cout << fields.delta << std::flush;
    input += fields.input_tokens.value_or(0), output += fields.output_tokens.value_or(0);
  });
  auto session = client.create_session(config);
  session.send_and_wait("What is the weather in Paris?", std::chrono::minutes(2));
  std::cout << "\n[usage] " << input << " tokens in, " << output << " tokens out" << std::endl;
  session.disconnect();
  client.stop();
} catch (const copilot::Error& error) {
  std::cerr << error.name() << ": " << error.what() << std::endl;
  return 1;
}
