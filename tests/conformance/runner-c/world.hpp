// One case while it runs: its clients, sessions, kept events and stored values.
#pragma once

#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "door.h"
#include "json.hpp"
#include "peers.hpp"

/// A step that failed: with a kind, the door said so; without, an expectation does not hold.
struct Failure {
  std::string kind, text, reason;
};
[[noreturn]] inline void unmet(const std::string& text) { throw Failure{"", text, ""}; }

/// Events as they come; looked at by other threads.
struct Log {
  std::mutex mutex;
  std::vector<Json> events;
  static void keep(void* log, const char* json, size_t len) {
    auto* self = static_cast<Log*>(log);
    Json event = Json::parse(std::string(json, len));
    std::lock_guard<std::mutex> guard(self->mutex);
    self->events.push_back(std::move(event));
  }
  std::vector<Json> all() {
    std::lock_guard<std::mutex> guard(mutex);
    return events;
  }
};

struct Subscription {
  void* session = nullptr;
  uint64_t listener = 0;
  std::shared_ptr<Log> log = std::make_shared<Log>();
};

struct World {
  const door& surface = door_of_this_program;
  bool real = false;
  std::string home, record, script;
  std::unique_ptr<Peer> model;
  int model_port = 0;
  std::vector<std::unique_ptr<Peer>> servers;
  std::recursive_mutex mutex;
  std::map<std::string, void*> clients;
  std::map<std::string, std::pair<void*, std::shared_ptr<Log>>> sessions;
  std::map<std::string, Subscription> subscriptions;
  std::map<std::string, std::shared_future<Json>> begun;
  Json values = Json::object();

  template <class T>
  T& named(std::map<std::string, T>& all, const std::string& name) {
    std::lock_guard<std::recursive_mutex> guard(mutex);
    auto found = all.find(name);
    if (found == all.end()) unmet("nothing is called " + name);
    return found->second;
  }
  void store(const std::string& name, const Json& value) {
    std::lock_guard<std::recursive_mutex> guard(mutex);
    if (!name.empty()) values.set(name, value);
  }
  Json expanded(const Json& json) {
    std::lock_guard<std::recursive_mutex> guard(mutex);
    return expand(json, [&](const std::string& path) -> const Json* {
      const Json* value = &values;
      std::stringstream parts(path);
      for (std::string part; value && std::getline(parts, part, '.');) {
        if (value->is(Json::Array)) {
          size_t index = static_cast<size_t>(std::atoi(part.c_str()));
          value = index < value->items.size() ? &value->items[index] : nullptr;
        } else {
          value = value->find(part);
        }
      }
      return value;
    });
  }
  /// The result of a call of the door, or its error.
  static Json result(door_outcome outcome) {
    std::string text = outcome.text ? outcome.text : "", kind = outcome.kind ? outcome.kind : "";
    std::string reason = outcome.reason ? Json::parse(outcome.reason)["code"].string() : "";
    bool failed = outcome.kind != nullptr;
    std::free(outcome.text), std::free(outcome.kind), std::free(outcome.reason);
    if (failed) throw Failure{kind, text, reason};
    return text.empty() ? Json() : Json::parse(text);
  }
  /// Looks at once, then again until the time is over.
  static void until(const Json& args, const std::function<std::string()>& look) {
    auto end = std::chrono::steady_clock::now() +
               std::chrono::milliseconds(static_cast<long>(args["within_ms"].number(5000)));
    for (;;) {
      std::string wrong = look();
      if (wrong.empty()) return;
      if (std::chrono::steady_clock::now() >= end) unmet(wrong);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
};
