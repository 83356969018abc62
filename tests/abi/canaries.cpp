// Secrets do not show in C and C++: not in errors, not in the log at its most talkative level, not in what the library writes
// itself, not on a command line. What the engine leaves out is held by core/tests/canaries.rs; both take their secrets from
// tests/canaries.json.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <mutex>
#include <sstream>
#include <vector>

#include "fake.hpp"

namespace {

std::string slurp(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::string kGiven = slurp(environment("COPILOT_CANARIES"));

std::string given(const char* pointer) {
  auto found = copilot::json_text(kGiven, pointer);
  CHECK(found.has_value());
  return *found;
}

std::mutex mutex;
std::vector<std::string> said;

void say(std::string text) {
  std::lock_guard<std::mutex> lock(mutex);
  said.push_back(std::move(text));
}

void log_line(void*, uint32_t, copilot_str target, copilot_str message) {
  say(std::string(target.data, target.len) + ": " + std::string(message.data, message.len));
}

void say(const copilot::Error& error) {
  say(error.what() + error.name() + error.message() + error.data().value_or("") + error.reason().value_or(""));
}

template <class T>
void refused(const char* what, const copilot::Result<T>& result) {
  if (result) fprintf(stderr, "not refused: %s\n", what);
  CHECK(!result);
  say(result.error());
}

// What anybody on this machine can read of this process and those that it started.
void say_command_lines() {
  DIR* all = opendir("/proc");
  if (all == nullptr) return;
  int found = 0;
  while (const dirent* entry = readdir(all)) {
    const long pid = strtol(entry->d_name, nullptr, 10);
    if (pid <= 0) continue;
    const std::string folder = std::string("/proc/") + entry->d_name, stat = slurp(folder + "/stat");
    const auto end = stat.rfind(") ");
    const long parent = end == std::string::npos ? 0 : strtol(stat.c_str() + end + 4, nullptr, 10);
    if (pid != getpid() && parent != getpid()) continue;
    say("command line: " + slurp(folder + "/cmdline"));
    found++;
  }
  closedir(all);
  CHECK(found >= 2);
}

void repeats_what_it_is_told(bool tcp) {
  std::string env = given("/env");
  env.insert(env.size() - 1, std::string(R"(,"PATH":"/usr/bin:/bin")"));
  std::string json = given("/client");
  json.insert(json.size() - 1, R"(,"env":)" + env);
  copilot::ClientOptions options = fake();
  options.json = json;
  if (tcp) {
    options.connection = COPILOT_CONNECTION_TCP;
    options.connection_token = given("/connectionToken");
  }
  copilot::Client client(std::move(options));
  client.start();
  client.invoke("fake.script", R"({"script":)" + given("/script") + "}");
  copilot::SessionConfig config(given("/session"));
  refused("create", client.try_create_session(config));
  auto session = client.create_session(config);
  refused("send", session.try_send("hello", R"({"requestHeaders":)" + given("/requestHeaders") + "}"));
  for (const char* call : {"/calls/0", "/calls/1"}) {
    const std::string at(call);
    refused(call, client.try_invoke(given((at + "/method").c_str()), given((at + "/params").c_str())));
  }
  say(client.diagnostics());
  say_command_lines();
  refused("broken", client.try_invoke("test.broken", R"({"secret":"CANARY-api-key-\"q\"-0815"})"));
  (void)client.try_force_stop();
}

// Options of the wrong type, also those that hold secrets: errors name the type.
void wrong_types() {
  const char* const shapes[] = {R"([["CANARY-wrong-type"]])", R"({"token":"CANARY-wrong-type"})",
                                R"([{"apiKey":"CANARY-wrong-type"}])", R"({"a":{"headers":"CANARY-wrong-type"}})"};
  copilot::Client client(fake());
  for (const std::string shape : shapes) {
    for (const char* name : {"gitHubToken", "env", "telemetry", "logLevel", "baseDirectory", "sessionFs", "clientInfo", "handlers"}) {
      copilot::ClientOptions options = fake();
      options.json = std::string("{\"") + name + "\":" + shape + "}";
      try {
        copilot::Client made(std::move(options));
      } catch (const copilot::Error& error) {
        say(error);
      }
    }
    for (const char* name : {"gitHubToken", "model", "provider", "providers", "mcpServers", "customAgents", "streaming", "tools",
                             "systemMessage", "commands", "workingDirectory"}) {
      copilot_session_config* config = nullptr;
      const std::string json = std::string("{\"") + name + "\":" + shape + "}";
      if (copilot_error* error = copilot_session_config_new(copilot_s(json.c_str()), &config)) {
        say(copilot::Error::take(error));
        continue;
      }
      copilot_session* session = nullptr;
      if (copilot_error* error = copilot_client_create_session(client.get(), config, nullptr, &session)) {
        say(copilot::Error::take(error));
      }
      copilot_session_free(session);
      copilot_session_config_free(config);
    }
    auto session = client.create_session(copilot::SessionConfig());
    for (const char* name : {"requestHeaders", "attachments", "mode", "prompt"}) {
      auto result = session.try_send("hello", std::string("{\"") + name + "\":" + shape + "}");
      if (!result) say(result.error());
    }
  }
  client.stop();
}

// What this process writes to its standard error meanwhile, such as the text of a panic.
template <class F>
void with_standard_error(F run) {
  char name[] = "/tmp/copilot-canaries-XXXXXX";
  const int file = mkstemp(name), before = dup(STDERR_FILENO);
  CHECK(file >= 0 && before >= 0 && dup2(file, STDERR_FILENO) >= 0);
  run();
  CHECK(dup2(before, STDERR_FILENO) >= 0);
  close(file);
  close(before);
  say(slurp(name));
  unlink(name);
}

}  // namespace

int main() {
  OK(copilot_log_set(COPILOT_LOG_TRACE, log_line, nullptr, nullptr));
  with_standard_error([] {
    repeats_what_it_is_told(false);
    repeats_what_it_is_told(true);
    wrong_types();
  });
  OK(copilot_log_set(COPILOT_LOG_OFF, nullptr, nullptr, nullptr));
  int leaks = 0, hidden = 0;
  for (const auto& text : said) {
    if (text.find("[redacted]") != std::string::npos) hidden++;
    if (text.find("CANARY") == std::string::npos) continue;
    fprintf(stderr, "leak: %.500s\n", text.c_str());
    leaks++;
  }
  CHECK(leaks == 0 && hidden > 20);
  printf("canaries: ok, nothing in %zu texts\n", said.size());
  return 0;
}
