// The C++ door: copilot.hpp.
#include <cstring>
#include <map>
#include <stdexcept>
#include <thread>

#include "copilot.hpp"
#include "door.h"

namespace {

char* copied(const std::string& text) {
  char* copy = static_cast<char*>(std::malloc(text.size() + 1));
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

/// Runs a call of the throwing flavour.
template <class F>
door_outcome ended(F&& call) {
  try {
    return {nullptr, copied(call()), nullptr};
  } catch (const copilot::Error& error) {
    return {copied(error.name()), copied(error.message() + " " + error.data().value_or("")),
            error.reason() ? copied(*error.reason()) : nullptr};
  }
}

copilot::Client& client_of(void* client) { return *static_cast<copilot::Client*>(client); }
copilot::Session& session_of(void* session) { return *static_cast<copilot::Session*>(session); }

void client_free(void* client) { delete &client_of(client); }

door_outcome client_do(void* client, const char* name) {
  std::string verb = name;
  return ended([&] {
    if (verb == "start") client_of(client).start();
    else if (verb == "stop") client_of(client).stop();
    else if (verb == "list_models") return client_of(client).list_models();
    else client_of(client).force_stop();
    return std::string();
  });
}

door_outcome client_host(void* client, const char* options) {
  return ended([&] { return client_of(client).start_ahp_host(options); });
}

door_outcome client_invoke(void* client, const char* method, const char* params, unsigned timeout_ms) {
  return ended([&] { return client_of(client).invoke(method, params, std::chrono::milliseconds(timeout_ms)); });
}

/// The client that was made last, for actions of its runtime's library.
copilot::Client* latest = nullptr;

/// Does what the case says; throws where it says so.
std::string answer(const std::string& canned, const copilot::Invocation& asked) {
  if (auto delay = copilot::json_text(canned, "/delay_ms"))
    std::this_thread::sleep_for(std::chrono::milliseconds(std::stol(*delay)));
  if (auto fail = copilot::json_text(canned, "/fail")) throw std::runtime_error(*fail);
  if (asked.kind == COPILOT_CALL_UI_THREAD)
    latest->run_ui_action(static_cast<uint32_t>(std::stoul(*copilot::json_text(asked.args, "/actionId"))));
  if (asked.kind == COPILOT_CALL_LLM_REQUEST) {
    auto id = *copilot::json_text(asked.args, "/requestId");
    latest->llm_start(id, *copilot::json_get(canned, "/answer"));
    latest->llm_end(id);
  }
  bool tool = asked.kind == COPILOT_CALL_TOOL;
  if (copilot::json_get(canned, "/echo")) {
    auto args = copilot::json_get(asked.args, tool ? "/arguments" : "/input").value_or("null");
    return tool ? copilot::json_quote(args) : args;
  }
  auto value = copilot::json_get(canned, "/answer");
  if (tool && value && !copilot::json_get(canned, "/answer/textResultForLlm"))
    return copilot::json_quote(*copilot::json_text(canned, "/answer"));
  return value.value_or("null");
}

copilot::CallHandler handler_of(const std::string& canned) {
  return [canned](const copilot::Invocation& asked, copilot::Call call) {
    if (copilot::json_get(canned, "/hang")) {
      // Kept until nobody wants the answer any longer.
      auto kept = std::make_shared<copilot::Call>(std::move(call));
      auto cycle = std::make_shared<std::shared_ptr<copilot::Call>>(kept);
      (void)kept->on_cancel([cycle] { cycle->reset(); });
      return;
    }
    std::thread([canned, asked, call = std::move(call)]() mutable {
      try {
        (void)call.reply(answer(canned, asked));
      } catch (const std::exception& error) {
        (void)call.fail(error.what());
      }
    }).detach();
  };
}

door_outcome client_new(const char* json, const door_handler* handlers, size_t count, void** client) {
  return ended([&] {
    copilot::ClientOptions options;
    options.json = json;
    std::map<uint32_t, copilot::CallHandler> answers;
    for (size_t n = 0; n < count; n++) answers[handlers[n].kind] = handler_of(handlers[n].canned);
    options.on_call = [answers](const copilot::Invocation& asked, copilot::Call call) {
      answers.at(static_cast<uint32_t>(asked.kind))(asked, std::move(call));
    };
    *client = latest = new copilot::Client(options);
    return std::string();
  });
}

copilot::EventHandler keeper(door_event_fn keep, void* log, bool throws) {
  return [=](const copilot::Event& event) {
    keep(log, event.json.data(), event.json.size());
    if (throws) throw std::runtime_error("a subscriber that throws");
  };
}

door_outcome session_open(void* client, const char* id, const char* json, const door_handler* handlers, size_t count,
                          door_event_fn keep, void* log, void** session) {
  return ended([&] {
    copilot::SessionConfig config(json);
    if (keep) config.on_event(keeper(keep, log, false));
    for (size_t n = 0; n < count; n++) {
      const door_handler& one = handlers[n];
      if (one.declaration) {
        std::string declaration = one.declaration;
        config.tool_later(one.name, copilot::json_text(declaration, "/description").value_or(""),
                          copilot::json_get(declaration, "/parameters").value_or(""), handler_of(one.canned),
                          declaration);
      } else {
        config.on_call(static_cast<copilot_call_kind>(one.kind), one.name, handler_of(one.canned));
      }
    }
    auto opened = id ? client_of(client).resume_session(id, config) : client_of(client).create_session(config);
    *session = new copilot::Session(std::move(opened));
    return std::string();
  });
}

void session_free(void* session) { delete &session_of(session); }

door_outcome session_do(void* raw, const char* name, const char* prompt, const char* options, unsigned timeout_ms) {
  std::string verb = name;
  auto& session = session_of(raw);
  std::chrono::milliseconds limit(timeout_ms);
  return ended([&]() -> std::string {
    if (verb == "send") return session.send(prompt, {}, limit);
    if (verb == "send_and_wait") return session.send_and_wait(prompt, limit, options ? options : "").value_or("null");
    if (verb == "get_events") return session.get_events(limit);
    if (verb == "state") return session.state();
    if (verb == "abort") session.abort(limit);
    else session.disconnect(limit);
    return {};
  });
}

door_outcome session_on(void* session, door_event_fn keep, void* log, int throws, uint64_t* listener) {
  return ended([&] {
    *listener = session_of(session).on("", keeper(keep, log, throws != 0));
    return std::string();
  });
}

void session_off(void* session, uint64_t listener) { session_of(session).off(listener); }

door_outcome session_counters(void* session, uint64_t* received, uint64_t* delivered) {
  return ended([&] {
    auto counters = session_of(session).counters();
    *received = counters.received;
    *delivered = counters.delivered;
    return std::string();
  });
}

}  // namespace

const door door_of_this_program = {"cpp",        client_new, client_free, client_do,   client_host, client_invoke,   session_open,
                                   session_free, session_do, session_on,  session_off, session_counters};
