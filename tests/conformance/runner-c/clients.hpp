// Verbs on clients and sessions.
#pragma once

#include "kinds.hpp"
#include "world.hpp"

extern char** environ;

inline Json runtime_args(World& world) {
  Json args;
  args.kind = Json::Array;
  if (!world.real)
    for (const auto& arg : {std::string("--script"), world.script, std::string("--record"), world.record})
      args.items.push_back(Json::of(arg));
  return args;
}

inline std::string program(World& world) {
  return environment(world.real ? "COPILOT_CLI_PATH" : "COPILOT_FAKE_RUNTIME");
}

inline Json connection(World& world, const Json& args) {
  std::string kind = args["connection"].string("stdio");
  Json connection = Json::object();
  connection.set("kind", Json::of(kind));
  if (args.has("token")) connection.set("connectionToken", args["token"]);
  if (kind == "inprocess") {
    // The library finds there which program plays the runtime.
    std::ofstream words(world.home + "/fake-runtime");
    words << program(world);
    for (const auto& word : runtime_args(world).items) words << "\n" << word.string();
    connection.set("path", Json::of(environment("COPILOT_FAKE_LIBRARY")));
    return connection;
  }
  if (kind != "uri") {
    connection.set("path", Json::of(args["options"]["path"].string(program(world))));
    connection.set("args", runtime_args(world));
    return connection;
  }
  std::string url = args["url"].string();
  if (url.empty()) {
    auto server = std::make_unique<Peer>(
        std::vector<std::string>{program(world), "--script", world.script, "--record", world.record, "--port", "0"},
        args["serverToken"].string());
    url = "127.0.0.1:" + server->line.substr(server->line.rfind(' ') + 1);
    world.servers.push_back(std::move(server));
  }
  connection.set("url", Json::of(url));
  return connection;
}

/// `{"hang":true}`, `{"throw":text}`, a word for either, or the value to answer.
inline Json canned(const Json& given, bool echoes = false) {
  Json out = Json::object();
  if (given.string() == "hang" || given.has("hang")) out.set("hang", Json::parse("true"));
  else if (given.string() == "throw") out.set("fail", Json::of("the handler throws"));
  else if (given.has("throw")) out.set("fail", given["throw"]);
  else if (echoes && given.string() == "echo") out.set("echo", Json::parse("true"));
  else out.set("answer", given);
  return out;
}

inline Json decision(const Json& given) {
  std::string word = given.has("reject") ? "reject" : given.string();
  if (word == "hang" || word == "throw") return canned(given);
  Json kind = Json::object();
  kind.set("kind", Json::of(word == "approve" ? "approve-once" : word));
  if (given["reject"].has("feedback")) kind.set("feedback", given["reject"]["feedback"]);
  return canned(kind);
}

/// The handlers of a `create`, with the texts they point to.
struct HandlerList {
  std::vector<std::vector<std::string>> texts;
  std::vector<uint32_t> kinds;
  std::vector<door_handler> handlers;

  void add(uint32_t kind, const std::string& name, const Json& behaviour, const std::string& declaration = "") {
    texts.push_back({name, declaration, behaviour.dump()});
    kinds.push_back(kind);
  }
  void add_each(uint32_t kind, const Json& named) {
    for (const auto& one : named.members) add(kind, one.first, canned(one.second, kind == 6));
  }
  void add_tool(const Json& tool) {
    Json declaration = Json::object(), behaviour = Json::object();
    for (const auto& member : tool.members) {
      bool canned = member.first == "answer" || member.first == "fail" || member.first == "echo" ||
                    member.first == "hang" || member.first == "delay_ms";
      (canned ? behaviour : declaration).set(member.first, member.second);
    }
    add(1, tool["name"].string(), behaviour, declaration.dump());
  }
  HandlerList() = default;
  explicit HandlerList(const Json& args) {
    for (const auto& tool : args["tools"].items) add_tool(tool);
    if (args.has("permission")) add(2, "", decision(args["permission"]));
    if (args.has("user_input")) {
      Json answer = args["user_input"];
      if (answer.has("answer") && !answer.has("wasFreeform")) answer.set("wasFreeform", Json::parse("false"));
      add(3, "", canned(answer));
    }
    if (args.has("exit_plan_mode")) add(4, "", canned(args["exit_plan_mode"]));
    if (args.has("auto_mode_switch")) add(5, "", canned(args["auto_mode_switch"]));
    if (args.has("elicitation")) add(8, "", canned(args["elicitation"]));
    if (args.has("mcp_auth")) add(9, "", canned(args["mcp_auth"]));
    add_each(6, args["hooks"]);
    add_each(7, args["transforms"]);
    add_each(10, args["commands"]);
    add_each(11, args["provider_token"]);
    if (args.has("canvas")) add(12, "", canned(args["canvas"]));
    if (args.has("session_fs")) add(13, "", canned(args["session_fs"]));
    if (args.has("skill_provider")) add(16, "", canned(args["skill_provider"]));
    if (args.has("git_hub_token")) add(17, "", canned(args["git_hub_token"]));
    for (const auto& one : args["factories"].members) {
      Json result = Json::object();
      result.set("result", one.second);
      add(19, one.first, one.second.has("throw") ? canned(one.second) : canned(result));
    }
    point();
  }
  /// The handlers of a client.
  static HandlerList of_client(const Json& args) {
    HandlerList list;
    for (const auto& kind : client_kinds)
      if (args.has(kind.feature)) list.add(kind.number, "", canned(args[kind.feature]));
    list.point();
    return list;
  }
  /// The texts stay where they are from now on.
  void point() {
    for (size_t n = 0; n < texts.size(); n++)
      handlers.push_back({kinds[n], texts[n][0].c_str(), texts[n][1].empty() ? nullptr : texts[n][1].c_str(),
                          texts[n][2].c_str()});
  }
};

/// Which client-wide kinds the host serves.
inline Json served(const Json& args) {
  Json served = Json::object();
  for (const auto& kind : client_kinds)
    if (args.has(kind.feature) && *kind.served) served.set(kind.served, Json::parse("true"));
  return served;
}

inline void make_client(World& world, const Json& args, const std::string& name) {
  Json options = Json::object();
  options.set("connection", connection(world, args));
  if (args["connection"].string() == "inprocess") options.set("baseDirectory", Json::of(world.home));
  for (const auto& option : args["options"].members) {
    if (option.first == "path") continue;
    if (option.first != "env") {
      options.set(option.first, option.second);
      continue;
    }
    Json env = Json::object();
    for (char** entry = environ; *entry; entry++) {
      const char* equals = std::strchr(*entry, '=');
      if (equals) env.set(std::string(*entry, static_cast<size_t>(equals - *entry)), Json::of(equals + 1));
    }
    for (const auto& added : option.second.members) env.set(added.first, added.second);
    options.set("env", env);
  }
  HandlerList list = HandlerList::of_client(args);
  options.set("handlers", served(args));
  void* client = nullptr;
  World::result(world.surface.client_new(options.dump().c_str(), list.handlers.data(), list.handlers.size(), &client));
  std::lock_guard<std::recursive_mutex> guard(world.mutex);
  world.clients[name] = client;
}

inline void start(World& world, const Json& args) {
  std::string name = args["client"].string("client");
  if (!world.clients.count(name)) make_client(world, args, name);
  World::result(world.surface.client_do(world.named(world.clients, name), "start"));
}

inline void expect(const Json& args, const Json& actual) {
  if (args.has("expect") && !matches(args["expect"], actual))
    unmet("got " + actual.dump() + ", wanted " + args["expect"].dump());
}

inline Json invoke(World& world, const Json& args, const std::string& method, const std::string& params) {
  void* client = world.named(world.clients, args["client"].string("client"));
  Json result = World::result(world.surface.client_invoke(client, method.c_str(), params.c_str(),
                                                          static_cast<unsigned>(args["timeout_ms"].number())));
  expect(args, result);
  world.store(args["as"].string(), result);
  return result;
}

inline void open_session(World& world, const Json& args, bool resume) {
  HandlerList list(args);
  Json config = args["config"].is(Json::Object) ? args["config"] : Json::object();
  if (args.has("commands")) {
    Json commands;
    commands.kind = Json::Array;
    for (const auto& one : args["commands"].members) {
      Json command = Json::object();
      command.set("name", Json::of(one.first));
      commands.items.push_back(command);
    }
    config.set("commands", commands);
  }
  if (args.has("factories")) {
    Json factories;
    factories.kind = Json::Array;
    for (const auto& one : args["factories"].members)
      factories.items.push_back(Json::parse("{\"name\":" + Json::quote(one.first) + ",\"description\":\"\",\"phases\":[]}"));
    config.set("factories", factories);
  }
  auto log = std::make_shared<Log>();
  void *client = world.named(world.clients, args["client"].string("client")), *session = nullptr;
  std::string id = args["sessionId"].string();
  World::result(world.surface.session_open(client, resume ? id.c_str() : nullptr, config.dump().c_str(),
                                           list.handlers.data(), list.handlers.size(), Log::keep, log.get(),
                                           &session));
  Json stored = Json::object(), state = World::result(world.surface.session_do(session, "state", "", nullptr, 0));
  stored.set("id", state["sessionId"]);
  std::string name = args["as"].string("session");
  std::lock_guard<std::recursive_mutex> guard(world.mutex);
  world.sessions[name] = {session, log};
  world.store(name, stored);
  expect(args, stored);
}

inline Json session_do(World& world, const std::string& verb, const Json& args) {
  void* session = world.named(world.sessions, args["session"].string("session")).first;
  Json options = Json::object();
  if (args.has("idempotency_key")) options.set("idempotencyKey", args["idempotency_key"]);
  Json result = World::result(world.surface.session_do(session, verb.c_str(), args["prompt"].string().c_str(),
                                                       options.dump().c_str(),
                                                       static_cast<unsigned>(args["timeout_ms"].number())));
  if (verb == "send") result = result["messageId"];
  expect(args, result);
  world.store(args["as"].string(), result);
  return result;
}
