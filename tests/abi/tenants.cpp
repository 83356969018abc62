// Two tenants in one process: in one client each session's options, handlers, tokens and files are its own, and two clients have
// two runtimes with their own environment and folder.
#include <unistd.h>

#include <climits>
#include <string>
#include <vector>

#include "fake.hpp"

namespace {

const std::vector<std::string> kTenants = {"red", "blue"};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string without(std::string text, const std::string& part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
  return text;
}

std::string asked(copilot::Client& client, const std::string& method, const std::string& params) {
  return client.invoke("fake.request", R"({"method":")" + method + R"(","params":)" + params + "}");
}

void in_one_client() {
  copilot::Client client(fake());
  std::vector<copilot::Session> sessions;
  std::vector<std::string> seen(2);
  for (size_t at = 0; at < 2; at++) {
    const std::string name = kTenants[at];
    copilot::SessionConfig config(R"({"workingDirectory":"/home/)" + name + R"(","provider":{"type":"openai","baseUrl":"http://)" + name +
                                  R"(","apiKey":"key-of-)" + name + R"("}})");
    config.on_event([&seen, at](const copilot::Event& event) { seen[at] += std::string(event.json); });
    config.on_github_token([name](const copilot::Invocation&) {
      return R"({"kind":"token","accessToken":"token-of-)" + name + R"(","expiresIn":60})";
    });
    sessions.push_back(client.create_session(config));
  }
  for (size_t at = 0; at < 2; at++) {
    sessions[at].send_and_wait("hello from " + kTenants[at], {}, R"({"requestHeaders":{"authorization":"header-of-)" + kTenants[at] + R"("}})");
  }
  for (const char* const method : {"session.create", "session.send"}) {
    const std::string sent = client.invoke("fake.received", std::string(R"({"method":")") + method + R"("})");
    for (size_t at = 0; at < 2; at++) {
      const std::string place = "/messages/" + std::to_string(at) + "/params";
      const std::string own = without(copilot::json_text(sent, place).value(), sessions[at].id());
      CHECK(has(own, kTenants[at]) && !has(own, kTenants[1 - at]));
      if (strcmp(method, "session.create") != 0) continue;
      const auto registration = copilot::json_text(sent, place + "/gitHubTokenProviderRegistrationId").value();
      const std::string answer = asked(client, "gitHubToken.getToken",
                                       R"({"registrationId":")" + registration + R"(","host":"h","reason":"initial"})");
      CHECK(has(answer, "token-of-" + kTenants[at]));
    }
  }
  for (size_t at = 0; at < 2; at++) CHECK(has(seen[at], "hello from " + kTenants[at]) && !has(seen[at], "from " + kTenants[1 - at]));
  client.stop();
}

void files() {
  copilot::ClientOptions options = fake();
  options.json = R"({"sessionFs":{"initialCwd":"/","sessionStatePath":"/state","conventions":"posix","store":{"kind":"memory"}}})";
  copilot::Client client(std::move(options));
  auto red = client.create_session(copilot::SessionConfig()), blue = client.create_session(copilot::SessionConfig());
  const auto params = [](const copilot::Session& session, const std::string& path) {
    return R"({"sessionId":")" + session.id() + R"(","path":")" + path + R"(","content":"of red"})";
  };
  asked(client, "sessionFs.writeFile", params(red, "/state/secret"));
  CHECK(has(asked(client, "sessionFs.readFile", params(red, "/state/secret")), "of red"));
  const std::string theirs = "/../" + red.id() + "/state/secret";
  for (const std::string& path : {std::string("/state/secret"), theirs, "/state/.." + theirs, ".." + theirs}) {
    CHECK(!has(asked(client, "sessionFs.readFile", params(blue, path)), "of red"));
  }
  client.stop();
}

void two_clients() {
  char folder[PATH_MAX];
  CHECK(realpath("/tmp", folder) != nullptr);
  for (size_t at = 0; at < 2; at++) {
    const std::string name = kTenants[at];
    copilot::ClientOptions options = fake();
    options.json = R"({"env":{"WHO":")" + name + R"(","PATH":"/usr/bin:/bin"}})";
    options.github_token = "token-of-" + name;
    if (at == 1) options.working_directory = folder;
    copilot::Client client(std::move(options));
    client.start();
    const std::string info = client.invoke("fake.info");
    CHECK(copilot::json_text(info, "/env/WHO") == name);
    CHECK(copilot::json_text(info, "/env/COPILOT_SDK_AUTH_TOKEN") == "token-of-" + name);
    CHECK((copilot::json_text(info, "/cwd") == folder) == (at == 1) && !has(info, "token-of-" + kTenants[1 - at]));
    client.stop();
  }
}

}  // namespace

int main() {
  in_one_client();
  files();
  two_clients();
  puts("tenants: ok");
  return 0;
}
