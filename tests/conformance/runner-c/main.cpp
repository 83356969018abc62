// Runs the conformance cases through a door: `runner CASES_DIRECTORY [part of a name …]`. Each case runs in a process of its
// own. COPILOT_FAKE_RUNTIME, COPILOT_SCRIPTED_MODEL and COPILOT_CLI_PATH name the peers; CONFORMANCE_REPORT takes results as
// JSON lines; CONFORMANCE_LEVEL and CONFORMANCE_RUNTIME choose.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "clients.hpp"

namespace {

Json run(World& world, const Json& step);

std::vector<Json> sent(World& world) {
  std::vector<Json> frames;
  for (const auto& line : recording(world.record))
    if (line["dir"].string() == "in" && line["frame"].has("method")) frames.push_back(line["frame"]);
  return frames;
}

std::string in_order(const std::vector<Json>& wanted, const std::vector<Json>& actual,
                     const std::function<bool(const Json&, const Json&)>& fits) {
  size_t next = 0;
  for (const auto& one : actual)
    if (next < wanted.size() && fits(wanted[next], one)) next++;
  return next == wanted.size() ? "" : "missing in order: " + wanted[next].dump();
}

std::shared_ptr<Log> log_of(World& world, const Json& args) {
  if (args.has("subscription")) return world.named(world.subscriptions, args["subscription"].string()).log;
  return world.named(world.sessions, args["session"].string("session")).second;
}

void pause_ms(long ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

void expect_event(World& world, const Json& args) {
  auto log = log_of(world, args);
  auto there = [&] {
    for (const auto& event : log->all())
      if (event["type"] == args["type"] && (!args.has("data") || matches(args["data"], event["data"]))) return true;
    return false;
  };
  if (args["absent"].truth) {
    pause_ms(100);
    if (there()) unmet("there is such an event");
    return;
  }
  World::until(args, [&] { return there() ? "" : "no event " + args.dump(); });
}

void expect_sequence(World& world, const Json& args) {
  auto log = log_of(world, args);
  World::until(args, [&]() -> std::string {
    double next = 0;
    for (const auto& event : log->all()) {
      const Json& number = event["data"][args["field"].string()];
      if (!(event["type"] == args["type"]) || number.is(Json::Null)) continue;
      if (number.number(-1) != next) return "after " + std::to_string(next) + " comes " + number.dump();
      next++;
    }
    return next == args["count"].number() ? "" : std::to_string(next) + " in order";
  });
}

bool fits_frame(const Json& wanted, const Json& frame) {
  return matches(wanted["method"], frame["method"]) &&
         (!wanted.has("where") || matches(wanted["where"], frame["params"]));
}

std::string counted(const Json& args, long count) {
  bool right = args.has("count") ? count == static_cast<long>(args["count"].number()) : count > 0;
  return right ? "" : std::to_string(count) + " of " + args.dump();
}

void received(World& world, const Json& args) {
  auto look = [&] {
    auto frames = sent(world);
    return counted(args, std::count_if(frames.begin(), frames.end(),
                                       [&](const Json& frame) { return fits_frame(args, frame); }));
  };
  if (args.has("count") && args["count"].number() == 0) {
    pause_ms(200);
    if (auto wrong = look(); !wrong.empty()) unmet(wrong);
    return;
  }
  World::until(args, look);
}

void model_received(World& world, const Json& args) {
  World::until(args, [&] {
    auto requests = Json::parse(get(world.model_port, "/_requests")).items;
    return counted(args, std::count_if(requests.begin(), requests.end(), [&](const Json& request) {
                     return request.dump().find(args["contains"].string()) != std::string::npos;
                   }));
  });
}

void expect_value(const Json& args) {
  const Json& value = args["value"];
  if (args.has("equals") && !(value == args["equals"])) unmet("the value is " + value.dump());
  auto wrong = in_order(args["contains_in_order"].items, value.items, [](const Json& a, const Json& b) { return a == b; });
  if (!wrong.empty()) unmet(wrong);
}

void expect_error(World& world, const Json& args) {
  try {
    run(world, args["step"]);
  } catch (const Failure& failure) {
    if (failure.kind.empty()) throw;
    const Json& kind = args["kind"];
    bool right = kind.string() == failure.kind;
    for (const auto& one : kind.items) right = right || one.string() == failure.kind;
    if (!right || failure.text.find(world.expanded(args["contains"]).string()) == std::string::npos)
      unmet("it failed with " + failure.kind + " (" + failure.text + "), wanted " + args.dump());
    if (args.has("reason") && args["reason"].string() != failure.reason) unmet("the reason is " + failure.reason);
    return;
  }
  unmet("the step did not fail");
}

std::shared_future<Json> launch(World& world, const Json& step) {
  return std::async(std::launch::async, [&world, step] { return run(world, step); }).share();
}

void parallel(World& world, const Json& steps) {
  std::vector<std::shared_future<Json>> all;
  for (const auto& step : steps.items) all.push_back(launch(world, step));
  for (auto& one : all) one.wait();
  for (auto& one : all) one.get();
}

long runtime_pid(World& world) {
  for (const auto& line : recording(world.record))
    if (line["dir"].string() == "start") return static_cast<long>(line["pid"].number());
  unmet("the recording names no process");
}

void expect_no_process(World& world, const Json& args) {
  auto pid = static_cast<pid_t>(runtime_pid(world));
  World::until(args, [&] { return kill(pid, 0) == 0 ? "the process is still there" : std::string(); });
}

void get_events(World& world, const Json& args) {
  auto events = session_do(world, "get_events", args)["events"].items;
  auto wrong = in_order(args["expect_in_order"].items, events, matches);
  if (!wrong.empty()) unmet(wrong);
  for (const auto& event : events)
    for (const auto& type : args["absent"].items)
      if (event["type"] == type) unmet("the history holds " + type.dump());
}

void counters(World& world, const Json& args) {
  void* session = world.named(world.sessions, args["session"].string("session")).first;
  World::until(args, [&]() -> std::string {
    uint64_t in = 0, out = 0;
    World::result(world.surface.session_counters(session, &in, &out));
    bool enough = static_cast<double>(in) >= args["received_at_least"].number() &&
                  static_cast<double>(out) >= args["delivered_at_least"].number();
    return enough ? "" : "received " + std::to_string(in) + ", delivered " + std::to_string(out);
  });
}

void subscribe(World& world, const Json& args) {
  Subscription made;
  made.session = world.named(world.sessions, args["session"].string("session")).first;
  World::result(world.surface.session_on(made.session, Log::keep, made.log.get(), args["throws"].truth, &made.listener));
  std::lock_guard<std::recursive_mutex> guard(world.mutex);
  world.subscriptions[args["as"].string()] = made;
}

void host(World& world, const Json& args) {
  void* client = world.named(world.clients, args["client"].string("client"));
  Json options = args["options"];
  options.set("authenticate", Json::parse("true"));
  Json started = World::result(world.surface.client_host(client, options.dump().c_str()));
  expect(args, started);
  world.store(args["as"].string(), started);
}

void list_models(World& world, const Json& args) {
  void* client = world.named(world.clients, args["client"].string("client"));
  expect(args, World::result(world.surface.client_do(client, "list_models"))["models"]);
}

void listen_after_create(World& world, const Json& args) {
  size_t count = static_cast<size_t>(args["count"].number());
  std::vector<Subscription> made(count);
  for (auto& one : made) {
    void* client = world.named(world.clients, args["client"].string("client"));
    World::result(world.surface.session_open(client, nullptr, "{}", nullptr, 0, nullptr, nullptr, &one.session));
    World::result(world.surface.session_on(one.session, Log::keep, one.log.get(), 0, &one.listener));
  }
  World::until(args, [&]() -> std::string {
    size_t seen = 0;
    for (auto& one : made)
      for (const auto& event : one.log->all())
        if (event["type"] == args["type"]) {
          seen++;
          break;
        }
    return seen == count ? "" : std::to_string(seen) + " saw it";
  });
  for (auto& one : made) world.surface.session_free(one.session);
}

/// Verbs that look; true when it was one.
bool look(World& world, const std::string& verb, const Json& args) {
  if (verb == "expect_event") expect_event(world, args);
  else if (verb == "expect_sequence") expect_sequence(world, args);
  else if (verb == "expect_value") expect_value(args);
  else if (verb == "received") received(world, args);
  else if (verb == "model_received") model_received(world, args);
  else if (verb == "expect_no_process") expect_no_process(world, args);
  else if (verb == "counters") counters(world, args);
  else if (verb == "get_events") get_events(world, args);
  else if (verb == "received_in_order")
    World::until(args, [&] { return in_order(args["messages"].items, sent(world), fits_frame); });
  else if (verb == "expect_events_in_order") {
    auto log = log_of(world, args);
    World::until(args, [&] { return in_order(args["events"].items, log->all(), matches); });
  } else return false;
  return true;
}

Json act(World& world, const std::string& verb, const Json& args) {
  if (verb == "client") make_client(world, args, args["as"].string("client"));
  else if (verb == "start") start(world, args);
  else if (verb == "stop" || verb == "force_stop")
    World::result(world.surface.client_do(world.named(world.clients, args["client"].string("client")), verb.c_str()));
  else if (verb == "ping") {
    Json params = Json::object();
    if (args.has("message")) params.set("message", args["message"]);
    return invoke(world, args, "ping", params.dump());
  } else if (verb == "invoke")
    return invoke(world, args, args["method"].string(), args["params"].is(Json::Null) ? "" : args["params"].dump());
  else if (verb == "create" || verb == "resume") open_session(world, args, verb == "resume");
  else if (verb == "send" || verb == "send_and_wait" || verb == "abort" || verb == "disconnect")
    return session_do(world, verb, args);
  else if (verb == "on") subscribe(world, args);
  else if (verb == "off") {
    auto& subscription = world.named(world.subscriptions, args["subscription"].string());
    world.surface.session_off(subscription.session, subscription.listener);
  } else if (verb == "list_models") list_models(world, args);
  else if (verb == "host") host(world, args);
  else if (verb == "listen_after_create") listen_after_create(world, args);
  else if (verb == "kill_runtime") kill(static_cast<pid_t>(runtime_pid(world)), SIGKILL);
  else if (verb == "sleep") pause_ms(static_cast<long>(args["ms"].number()));
  else unmet("this runner does not know the verb " + verb);
  return Json();
}

/// Steps within steps are expanded when they run.
Json run(World& world, const Json& step) {
  const auto& [verb, raw] = step.members.at(0);
  if (verb == "expect_error") return expect_error(world, raw), Json();
  if (verb == "parallel") return parallel(world, raw.is(Json::Array) ? raw : raw["steps"]), Json();
  if (verb == "begin") {
    auto begun = launch(world, raw["step"]);
    std::lock_guard<std::recursive_mutex> guard(world.mutex);
    world.begun[raw["as"].string()] = begun;
    return Json();
  }
  Json args = world.expanded(raw);
  if (verb == "await") {
    Json result = world.named(world.begun, args["name"].string()).get();
    expect(args, result);
    return result;
  }
  return look(world, verb, args) ? Json() : act(world, verb, args);
}

void prepare(World& world, const Json& test) {
  std::string folder = (std::filesystem::temp_directory_path() / "conformance-XXXXXX").string();
  world.home = mkdtemp(folder.data());
  world.record = world.home + "/recording";
  world.script = world.home + "/script.json";
  std::ofstream(world.script) << (test.has("fake") ? test["fake"].dump() : "[]");
  world.values.set("home", Json::of(world.home));
  if (!world.real) return;
  setenv("COPILOT_HOME", (world.home + "/copilot").c_str(), 1);
  std::vector<std::string> argv{environment("COPILOT_SCRIPTED_MODEL")};
  if (test.has("model")) {
    std::ofstream(world.home + "/model.json") << test["model"].dump();
    argv.insert(argv.end(), {"--script", world.home + "/model.json"});
  }
  world.model = std::make_unique<Peer>(argv);
  std::string url = world.model->line.substr(world.model->line.find("http"));
  world.model_port = std::atoi(url.c_str() + url.rfind(':') + 1);
  world.values.set("modelUrl", Json::of(url));
}

/// Runs a case in this process; what was wrong, or nothing.
std::string run_case(const Json& test, bool real) {
  static World world;  // outlives late callbacks
  world.real = real;
  std::string wrong;
  try {
    prepare(world, test);
    int number = 0;
    for (const auto& step : test["steps"].items) {
      number++;
      try {
        run(world, step);
      } catch (const Failure& failure) {
        wrong = "step " + std::to_string(number) + ": " + failure.kind + " " + failure.text;
        break;
      }
    }
  } catch (const std::exception& error) {
    wrong = error.what();
  }
  for (auto& client : world.clients) {
    auto outcome = world.surface.client_do(client.second, "force_stop");
    std::free(outcome.kind), std::free(outcome.text), std::free(outcome.reason);
  }
  for (auto& session : world.sessions) world.surface.session_free(session.second.first);
  for (auto& client : world.clients) world.surface.client_free(client.second);
  if (wrong.empty() && !test["allow_failures"].truth)
    for (const auto& line : recording(world.record))
      if (line["dir"].string() == "failure") wrong = "the fake runtime: " + line["text"].string();
  world.servers.clear();
  world.model.reset();
  std::filesystem::remove_all(world.home);
  return wrong;
}

/// How many seconds a case may take: CONFORMANCE_LIMIT, for slow tools.
unsigned limit() {
  const char* given = std::getenv("CONFORMANCE_LIMIT");
  return given ? static_cast<unsigned>(std::stoul(given)) : 60;
}

/// The same in a process of its own, with a limit.
std::string isolated(const Json& test, bool real) {
  int ends[2], status = 0;
  if (pipe(ends) != 0) return "pipe";
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    alarm(limit());
    std::string wrong = run_case(test, real);
    bool told = write(ends[1], wrong.data(), wrong.size()) == static_cast<ssize_t>(wrong.size());
    _exit(told && wrong.empty() ? 0 : 1);
  }
  close(ends[1]);
  std::string wrong;
  char buffer[1024];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;) wrong.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGALRM ? "took over " + std::to_string(limit()) + " s" : "died of signal " + std::to_string(WTERMSIG(status));
  return WEXITSTATUS(status) != 0 && wrong.empty() ? "failed" : wrong;
}

bool holds(const Json& list, const std::string& text) {
  return std::any_of(list.items.begin(), list.items.end(), [&](const Json& one) { return one.string() == text; });
}

bool chosen(const std::string& name, int argc, char** argv) {
  bool any = argc <= 2;
  for (int n = 2; n < argc; n++) any = any || name.find(argv[n]) != std::string::npos;
  return any;
}

/// The first feature of a case that surfaces.json says this surface lacks.
std::string missing(const Json& test, const Json& lacking) {
  for (const auto& feature : test["features"].items)
    if (lacking.has(feature.string())) return feature.string();
  return "";
}

void note(std::ofstream& report, const std::string& name, const std::string& status, const std::string& reason) {
  report << "{\"surface\":\"" << door_of_this_program.surface << "\",\"case\":" << Json::quote(name) << ",\"status\":\""
         << status << "\",\"reason\":" << Json::quote(reason) << "}" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: runner CASES_DIRECTORY [part of a name …]\n", 2;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string level = environment("CONFORMANCE_LEVEL"), only = environment("CONFORMANCE_RUNTIME");
  std::ofstream report(environment("CONFORMANCE_REPORT"));
  Json lacks = Json::parse(read_file(std::string(argv[1]) + "/../surfaces.json"))[door_of_this_program.surface];
  int failed = 0, passed = 0;
  for (const auto& file : files) {
    Json test = Json::parse(read_file(file));
    if (file.extension() != ".json" || !chosen(test["name"].string(), argc, argv)) continue;
    if (!level.empty() && level != "all" && !holds(test["levels"], level)) continue;
    std::string lacking = missing(test, lacks);
    for (const auto& runtime : test["runtime"].items) {
      bool real = runtime.string() == "real";
      if (!only.empty() && only != "all" && only != runtime.string()) continue;
      if (real && environment("COPILOT_CLI_PATH").empty()) continue;
      std::string name = test["name"].string() + (real && holds(test["runtime"], "fake") ? "@real" : "");
      if (!lacking.empty()) {
        note(report, name, "skip", "needs " + lacking);
        continue;
      }
      std::string wrong = isolated(test, real);
      (wrong.empty() ? passed : failed)++;
      if (!wrong.empty()) std::cout << "FAIL " << name << ": " << wrong << std::endl;
      note(report, name, wrong.empty() ? "pass" : "fail", wrong);
    }
  }
  std::cout << "conformance " << door_of_this_program.surface << ": " << passed << " passed, " << failed << " failed" << std::endl;
  return failed != 0;
}
