// The plan of README.md through the C++ header. It does not fork: the library under it is C's.
#include <copilot.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

static std::string plan(const std::string& name) {
  const char* value = std::getenv(("FAULTS_" + name).c_str());
  return value ? value : "";
}

static void say(const std::string& line) { std::cout << line << std::endl; }

static void told(const std::string& step, const std::string& kind, const std::string& message, const std::string& force) {
  say(R"({"step":)" + copilot::json_quote(step) + R"(,"kind":)" + copilot::json_quote(kind) + R"(,"message":)" +
      copilot::json_quote(message) + R"(,"force":)" + copilot::json_quote(force) + "}");
}

static std::chrono::milliseconds limit_of(const std::string& step) {
  return std::chrono::milliseconds(plan("HANGS") == step ? std::stol(plan("LIMIT")) : 60000);
}

static copilot::Client new_client() {
  copilot::ClientOptions options;
  options.connection = plan("CONNECTION") == "tcp"         ? COPILOT_CONNECTION_TCP
                       : plan("CONNECTION") == "inprocess" ? COPILOT_CONNECTION_INPROCESS
                                                           : COPILOT_CONNECTION_STDIO;
  options.path = plan("RUNTIME");
  options.base_directory = plan("HOME");
  options.use_logged_in_user = false;
  options.json = plan("OPTIONS");
  return copilot::Client(options);
}

static copilot::Session new_session(copilot::Client& client, bool aloud) {
  copilot::SessionConfig config(plan("SESSION"));
  auto answer = [aloud](const copilot::Invocation&, copilot::Call call) {
    if (aloud) say("tool");
    if (aloud && plan("TOOL") == "wait") {
      static copilot::Call kept = std::move(call);
      return;
    }
    call.reply_text("ok").value();
  };
  config.tool_later("probe", "Answers ok", R"({"type":"object","properties":{}})", answer);
  config.on_permission([](const copilot::Invocation&) { return std::string(R"({"kind":"approve-once"})"); });
  if (!plan("RESUME").empty()) return client.resume_session(plan("RESUME"), config, limit_of("create"));
  return client.create_session(config, limit_of("create"));
}

// Start, session, turn and stop; the first that fails is told, and the client stopped by force.
static void turn() {
  auto client = new_client();
  std::string step = "start";
  try {
    client.start(limit_of("start"));
    step = "create";
    auto session = new_session(client, true);
    step = "turn";
    std::string once = R"({"idempotencyKey":")" + plan("KEY") + "\"}";
    session.send_and_wait("go", limit_of("turn"), plan("KEY").empty() ? "" : once);
    step = "stop";
    client.stop(limit_of("stop"));
    told("", "", "", "");
  } catch (const copilot::Error& error) {
    auto forced = client.try_force_stop(limit_of("force"));
    told(step, std::string(error.name()), error.what(), forced ? "" : forced.error().what());
  }
}

// Waits until the driver has looked at this process.
static void mark() {
  say("mark");
  std::string line;
  std::getline(std::cin, line);
}

static void cycles() {
  long count = std::stol(plan("COUNT")), warm = std::stol(plan("WARM"));
  for (long cycle = 0; cycle < count; cycle++) {
    if (cycle == warm) mark();
    auto client = new_client();
    auto session = new_session(client, false);
    session.send_and_wait("go", limit_of("turn"));
    client.stop();
  }
  mark();
  told("", "", "", "");
}

int main() try {
  if (plan("MODE") == "cycles") cycles();
  else turn();
} catch (const copilot::Error& error) {
  std::cerr << error.name() << ": " << error.what() << std::endl;
  return 1;
}
