// Tools from C++ functions: what the model is told of them, what they get, and what becomes of arguments that do not fit.
#include "copilot_tool.hpp"
#include "copilot_tool.hpp"

#include <stdexcept>

#include "fake.hpp"

namespace trips {

struct Stop {
  std::string city;
  std::optional<double> hours;
};
COPILOT_STRUCT(Stop, city, hours)

struct Trip {
  std::string name;
  std::vector<Stop> stops;
  bool by_train = false;
  uint16_t people = 1;
  copilot::Json notes;
};
COPILOT_STRUCT(Trip, name, stops, by_train, people, notes)

}  // namespace trips

namespace {

using trips::Stop;
using trips::Trip;

int add(int a, int b) { return a + b; }

void schemas() {
  CHECK(copilot::schema<std::optional<std::vector<int>>>() == R"({"type":"array","items":{"type":"integer"}})");
  CHECK(copilot::schema<Stop>() ==
        R"({"type":"object","properties":{"city":{"type":"string"},"hours":{"type":"number"}},"required":["city"]})");
  CHECK(copilot::schema<Trip>().find(R"("required":["name","stops","by_train","people","notes"])") != std::string::npos);
}

/// What the tool answers when it is called with these arguments.
std::string asked(copilot::Client& client, copilot::Session& session, const std::string& name, const std::string& arguments) {
  client.invoke("fake.script", R"({"script":[{"on":{"method":"act"},"do":[
    {"event":{"type":"external_tool.requested","data":{"requestId":"$params.id","toolCallId":"c","toolName":")" + name +
                                   R"(","arguments":)" + arguments + R"(}}},
    {"expect":{"method":"session.tools.handlePendingToolCall","where":{"requestId":"$params.id"},"as":"tool"}},
    {"reply":{"result":{"said":"$tool.params"}}}]}]})");
  static int count = 0;
  auto params = "{\"sessionId\":\"" + session.id() + "\",\"id\":\"q" + std::to_string(++count) + "\"}";
  auto said = *copilot::json_get(client.invoke("act", params), "/said");
  auto text = copilot::json_text(said, "/result/textResultForLlm");
  return text ? *text : copilot::json_text(said, "/result").value_or(copilot::json_text(said, "/error").value_or(said));
}

void called() {
  copilot::Client client(fake());
  copilot::SessionConfig config("{\"model\":\"m\"}");
  int calls = 0;
  copilot::tool(config, "add", "adds", {"a", "b"}, add);
  copilot::tool(config, "greet", "greets", {"name", "times"},
                [](const std::string& name, std::optional<int> times) { return name + ":" + std::to_string(times.value_or(1)); },
                R"({"skipPermission":true})");
  copilot::tool(config, "count", "counts", [calls]() mutable { return ++calls; });
  copilot::tool(config, "nothing", "does nothing", [] {});
  copilot::tool(config, "plan", "plans", [](Trip trip) {
    trip.stops.push_back({"Oslo", 1.5});
    return trip;
  });
  copilot::tool(config, "fails", "fails", {"x"}, [](double) -> std::string { throw std::runtime_error("no wind"); });
  client.start();
  auto session = client.create_session(config);
  auto created = client.invoke("fake.received", R"({"method":"session.create"})");
  CHECK(*copilot::json_get(created, "/messages/0/params/tools/0/parameters") ==
        R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"]})");
  CHECK(*copilot::json_get(created, "/messages/0/params/tools/1/skipPermission") == "true");
  auto ask = [&](const char* name, const char* arguments) { return asked(client, session, name, arguments); };
  CHECK(ask("add", "{\"a\":2,\"b\":-5}") == "-3");
  CHECK(ask("add", "{\"a\":2.0,\"b\":1}") == "3");
  CHECK(ask("greet", "{\"name\":\"J\\u00fcrgen \\\"x\\\"\"}") == "J\xc3\xbcrgen \"x\":1");
  CHECK(ask("greet", "{\"name\":\"a\",\"times\":null}") == "a:1" && ask("greet", "{\"name\":\"a\",\"times\":4}") == "a:4");
  CHECK(ask("count", "{}") == "1" && ask("count", "{\"more\":1}") == "2" && ask("nothing", "{}") == "done");
  CHECK(ask("plan", R"({"name":"N","stops":[{"city":"Bergen"}],"by_train":true,"people":3,"notes":{"a":[1]}})") ==
        R"({"name":"N","stops":[{"city":"Bergen","hours":null},{"city":"Oslo","hours":1.5}],"by_train":true,"people":3,"notes":{"a":[1]}})");
  for (auto [name, arguments, said] : {
           std::array<const char*, 3>{"add", "{\"a\":2}", "b is missing"},
           {"add", "{\"a\":\"2\",\"b\":1}", "a: expected an integer, got \"2\""},
           {"add", "{\"a\":2.5,\"b\":1}", "a: expected an integer, got 2.5"},
           {"add", "{\"a\":99999999999999,\"b\":1}", "a: expected an integer"},
           {"greet", "{\"name\":7}", "name: expected a text, got 7"},
           {"plan", R"({"name":"N","stops":[{"city":"B","hours":"x"}],"by_train":true,"people":3,"notes":1})", "stops[0].hours: expected a number"},
           {"plan", R"({"name":"N","stops":{},"by_train":true,"people":3,"notes":1})", "stops: expected a list"},
           {"plan", R"({"name":"N","stops":[],"by_train":1,"people":3,"notes":1})", "by_train: expected true or false"},
           {"plan", R"({"name":"N","stops":[],"by_train":true,"people":-3,"notes":1})", "people: expected an integer"},
           {"plan", "[]", "arguments: expected an object"},
           {"fails", "{\"x\":1e3}", "no wind"}}) {
    auto answer = ask(name, arguments);
    if (answer.find(said) == std::string::npos) std::fprintf(stderr, "%s %s: %s\n", name, arguments, answer.c_str());
    CHECK(answer.find(said) != std::string::npos);
  }
  client.invoke("fake.script", R"({"script":[{"on":{"method":"session.tools.set"},"do":[{"reply":{"result":{}}}]}]})");
  copilot::SessionConfig others;
  copilot::tool(others, "twice", "doubles", {"x"}, [](int x) { return 2 * x; });
  session.serve_tools(others);
  CHECK(ask("twice", "{\"x\":4}") == "8");
  client.stop();
}

}  // namespace

int main() {
  schemas();
  called();
  std::puts("tools: ok");
}
