// copilot.hpp - program the GitHub Copilot agent runtime from C++17. Header-only, over the C door in copilot.h, whose
// introduction holds here too: ownership, threads, where callbacks run.
//
// Every call exists twice: `f(...)` throws copilot::Error, `try_f(...)` returns a copilot::Result. Handles are move-only
// and free themselves. Texts go in as std::string_view and come out as std::string; JSON is text in both directions.
// An exception that leaves a handler becomes a failed answer, never undefined behaviour.
#ifndef COPILOT_HPP
#define COPILOT_HPP

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if __has_include(<version>)
#include <version>
#endif
#ifdef __cpp_lib_jthread
#include <stop_token>
#endif

#include "copilot.h"
#include "copilot_result.hpp"

namespace copilot {

namespace detail {

inline copilot_str view(std::string_view text) {
  // An empty std::string_view may have no data; for the C door that would mean "absent", not "empty".
  return copilot_sn(text.data() == nullptr ? "" : text.data(), text.size());
}
inline copilot_str optional_view(std::string_view text) { return text.empty() ? copilot_s(nullptr) : view(text); }
inline std::string_view view(copilot_str text) { return {text.data == nullptr ? "" : text.data, text.len}; }

inline std::string take(copilot_string* string) {
  std::string text(copilot_string_data(string) ? copilot_string_data(string) : "", copilot_string_len(string));
  copilot_string_free(string);
  return text;
}

inline Result<Unit> unit(copilot_error* error) {
  if (error) return Error::take(error);
  return Unit{};
}
inline Result<std::string> text(copilot_error* error, copilot_string*& string) {
  if (error) return Error::take(error);
  return take(string);
}

template <class F>
std::optional<std::string> find(F get, std::string_view json, std::string_view pointer) {
  copilot_string* found = nullptr;
  if (auto* error = get(view(json), view(pointer), &found)) throw Error::take(error);
  return found ? std::optional<std::string>(take(found)) : std::nullopt;
}

/// Owns a handle.
template <class T, copilot_code (*free_handle)(T*)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T* handle) : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      free_handle(handle_);
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Handle() { free_handle(handle_); }
  T* get() const noexcept { return handle_; }
  T* release() noexcept { return std::exchange(handle_, nullptr); }
  explicit operator bool() const noexcept { return handle_ != nullptr; }

 private:
  T* handle_ = nullptr;
};

template <class F>
void destroy(void* user_data) {
  delete static_cast<F*>(user_data);
}

/// Runs a function of the user; nothing it throws gets out.
template <class F>
std::optional<std::string> guarded(F&& body) noexcept {
  try {
    body();
    return std::nullopt;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

}  // namespace detail

/// The value at a JSON pointer as its own text: strings decoded, others as JSON; nothing for null or none.
inline std::optional<std::string> json_text(std::string_view json, std::string_view pointer) {
  return detail::find(copilot_json_text, json, pointer);
}
/// The value at a JSON pointer as JSON text.
inline std::optional<std::string> json_get(std::string_view json, std::string_view pointer) {
  return detail::find(copilot_json_get, json, pointer);
}
/// The text as a JSON string.
inline std::string json_quote(std::string_view text) {
  copilot_string* quoted = nullptr;
  if (auto* error = copilot_json_quote(detail::view(text), &quoted)) throw Error::take(error);
  return detail::take(quoted);
}

/// Takes a line of what the library logs; on any thread, several at a time. Must not call the library.
using LogHandler = std::function<void(copilot_log_level, std::string_view target, std::string_view message)>;

/// Hands over what the library logs, for the whole process; COPILOT_LOG_OFF or no handler for silence.
inline void log_set(copilot_log_level level, LogHandler handler) {
  auto log = [](void* f, uint32_t line, copilot_str target, copilot_str message) {
    detail::guarded([&] {
      (*static_cast<LogHandler*>(f))(static_cast<copilot_log_level>(line), detail::view(target), detail::view(message));
    });
  };
  bool wanted = static_cast<bool>(handler);
  if (auto* error = copilot_log_set(static_cast<uint32_t>(level), wanted ? +log : nullptr,
                                    new LogHandler(std::move(handler)), detail::destroy<LogHandler>))
    throw Error::take(error);
}

/// Ends blocking calls from another thread.
class CancelToken {
 public:
  CancelToken() {
    copilot_cancel_token* token = nullptr;
    if (auto* error = copilot_cancel_token_new(&token)) throw Error::take(error);
    handle_ = Handle(token);
  }
  void cancel() { copilot_error_free(copilot_cancel_token_cancel(handle_.get())); }
  bool is_cancelled() const { return copilot_cancel_token_is_cancelled(handle_.get()); }
  copilot_cancel_token* get() const noexcept { return handle_.get(); }

 private:
  using Handle = detail::Handle<copilot_cancel_token, copilot_cancel_token_free>;
  Handle handle_;
};

namespace detail {
/// Lets something outside cancel a token for as long as what it returns is kept.
using BindStop = std::function<std::shared_ptr<void>(CancelToken&)>;
class Limits;
}  // namespace detail

/// How long a blocking call waits, and what ends it early; nothing given: without limit.
///
///   session.send_and_wait("Hi", std::chrono::minutes(1));
///   std::jthread other([&](std::stop_token stop) { session.send_and_wait("Hi", {std::chrono::minutes(1), stop}); });
struct Wait {
  std::chrono::milliseconds timeout{0};
  const CancelToken* token = nullptr;

  Wait() = default;
  template <class Rep, class Period>
  Wait(std::chrono::duration<Rep, Period> limit, const CancelToken* cancel = nullptr)
      : timeout(std::chrono::duration_cast<std::chrono::milliseconds>(limit)), token(cancel) {}
  Wait(const CancelToken& cancel) : token(&cancel) {}

#ifdef __cpp_lib_jthread
  /// A stop ends the call with COPILOT_ERROR_CANCELLED, before it began or while it waits, as a cancelled token does. For C++20.
  /// It takes the place of `token`.
  Wait(std::stop_token stop) {
    if (stop.stop_possible()) bind_ = [stop = std::move(stop)](CancelToken& bound) { return bind(stop, bound); };
  }
  template <class Rep, class Period>
  Wait(std::chrono::duration<Rep, Period> limit, std::stop_token stop) : Wait(std::move(stop)) {
    timeout = std::chrono::duration_cast<std::chrono::milliseconds>(limit);
  }
#endif

  /// Without a stop, which lasts for one call only.
  copilot_wait to_c() const {
    copilot_wait wait = COPILOT_WAIT_INIT;
    wait.timeout_ms = timeout.count() > 0 ? static_cast<uint64_t>(timeout.count()) : 0;
    wait.cancel_token = token ? token->get() : nullptr;
    return wait;
  }

 private:
  friend class detail::Limits;
#ifdef __cpp_lib_jthread
  static std::shared_ptr<void> bind(const std::stop_token& stop, CancelToken& bound) {
    auto cancel = [&bound] { bound.cancel(); };
    return std::make_shared<std::stop_callback<decltype(cancel)>>(stop, cancel);
  }
#endif
  /// There in every standard, so that a program may have parts in C++17 and parts in C++20.
  detail::BindStop bind_;
};

namespace detail {
/// The limits of one blocking call, while it goes on.
class Limits : public copilot_wait {
 public:
  explicit Limits(const Wait& wait) : copilot_wait(wait.to_c()) {
    if (!wait.bind_) return;
    token_.emplace();
    cancel_token = token_->get();
    bound_ = wait.bind_(*token_);
  }
  Limits(const Limits&) = delete;
  Limits& operator=(const Limits&) = delete;

 private:
  std::optional<CancelToken> token_;
  /// Goes first: afterwards nobody cancels the token.
  std::shared_ptr<void> bound_;
};

/// A blocking call with a text for its result. The call is made before its output is read.
template <class F>
Result<std::string> blocking(const Wait& wait, F&& call) {
  Limits limits(wait);
  copilot_string* out = nullptr;
  auto* error = call(&limits, &out);
  return text(error, out);
}
}  // namespace detail

/// What every event has beside its data. The ids are empty when the event has none.
struct EventHeader {
  std::string id, timestamp, parent_id, agent_id;
  /// Whether it is not kept in the session's history.
  bool ephemeral = false;
};

/// What programs read most of an event: see copilot_event_fields. The views are valid until the thread reads the fields of the
/// next event, or leaves the handler; what the event does not have is empty.
struct EventFields {
  std::string_view delta, content, tool_name, tool_call_id, arguments, request_id, model, error_code, message;
  std::optional<bool> success;
  std::optional<int64_t> input_tokens, output_tokens;

  explicit EventFields(std::string_view json) {
    copilot_event event{sizeof(copilot_event), copilot_s(nullptr), detail::view(json)};
    copilot_event_fields found = COPILOT_EVENT_FIELDS_INIT;
    if (auto* error = copilot_event_get_fields(&event, &found)) throw Error::take(error);
    delta = detail::view(found.delta), content = detail::view(found.content);
    tool_name = detail::view(found.tool_name), tool_call_id = detail::view(found.tool_call_id);
    arguments = detail::view(found.arguments), request_id = detail::view(found.request_id);
    model = detail::view(found.model);
    error_code = detail::view(found.error_code), message = detail::view(found.message);
    if (found.success >= 0) success = found.success != 0;
    if (found.input_tokens >= 0) input_tokens = found.input_tokens;
    if (found.output_tokens >= 0) output_tokens = found.output_tokens;
  }
};

/// An event, valid during the handler.
struct Event {
  std::string_view type;
  std::string_view json;
  /// Its id, time, parent and agent.
  EventHeader header() const {
    copilot_event event{sizeof(copilot_event), detail::view(type), detail::view(json)};
    copilot_event_header found = COPILOT_EVENT_HEADER_INIT;
    if (auto* error = copilot_event_get_header(&event, &found)) throw Error::take(error);
    auto text = [](copilot_str view) { return std::string(detail::view(view)); };
    return {text(found.id), text(found.timestamp), text(found.parent_id), text(found.agent_id), found.ephemeral != 0};
  }
  /// What programs read most of events, as plain texts.
  EventFields fields() const { return EventFields(json); }
  /// For example text("/data/deltaContent").
  std::optional<std::string> text(std::string_view pointer) const { return json_text(json, pointer); }
};
using EventHandler = std::function<void(const Event&)>;

/// What is asked: of a tool, for a permission, … `args` is JSON.
struct Invocation {
  uint32_t kind;
  std::string name;
  std::string args;
  /// For example text("/arguments/city") of a tool.
  std::optional<std::string> text(std::string_view pointer) const { return json_text(args, pointer); }
};

/// The right to answer, once, from any thread. Letting go of it unanswered answers with an error.
class Call {
 public:
  explicit Call(copilot_call* call) : handle_(call) {}
  Result<Unit> reply(std::string_view json) { return settle(copilot_call_reply(handle_.get(), detail::view(json))); }
  Result<Unit> reply_text(std::string_view text) {
    return settle(copilot_call_reply_text(handle_.get(), detail::view(text)));
  }
  Result<Unit> fail(std::string_view message) {
    return settle(copilot_call_fail(handle_.get(), detail::view(message)));
  }
  bool is_cancelled() const { return copilot_call_is_cancelled(handle_.get()); }
  /// Tells when the answer is no longer wanted; at once if that is so already.
  Result<Unit> on_cancel(std::function<void()> handler) {
    using Function = std::function<void()>;
    return detail::unit(copilot_call_on_cancel(
        handle_.get(), [](void* f) { detail::guarded(*static_cast<Function*>(f)); }, new Function(std::move(handler)),
        detail::destroy<Function>));
  }

 private:
  /// A failed answer may not have consumed the call; freeing a consumed one does nothing.
  Result<Unit> settle(copilot_error* error) {
    if (error) return Error::take(error);
    handle_.release();
    return Unit{};
  }
  detail::Handle<copilot_call, copilot_call_free> handle_;
};
/// Answers now or later.
using CallHandler = std::function<void(const Invocation&, Call)>;
/// Answers with what it returns.
using Handler = std::function<std::string(const Invocation&)>;

namespace detail {

inline void on_call(void* user_data, copilot_call* raw, const copilot_call_info* info) noexcept {
  auto failed = guarded([&] {
    Invocation asked{info->kind, std::string(view(info->name)), std::string(view(info->args))};
    (*static_cast<CallHandler*>(user_data))(asked, Call(raw));
  });
  // If the handler has answered before it threw, or its call was let go, this is refused and nothing happens.
  if (failed) copilot_error_free(copilot_call_fail(raw, view(std::string_view(*failed))));
}

inline void on_event(void* user_data, copilot_session*, const copilot_event* event) noexcept {
  guarded([&] { (*static_cast<EventHandler*>(user_data))(Event{view(event->type_name), view(event->json)}); });
}

/// Turns a handler that returns its answer into one that gives it.
inline CallHandler answering(Handler handler, bool as_text) {
  return [handler = std::move(handler), as_text](const Invocation& asked, Call call) {
    std::optional<std::string> answer;
    auto failed = guarded([&] { answer = handler(asked); });
    auto sent = failed ? call.fail(*failed) : as_text ? call.reply_text(*answer) : call.reply(*answer);
    if (!sent && !failed) (void)call.fail(sent.error().message());
  };
}

}  // namespace detail

}  // namespace copilot

#include "copilot_handlers.hpp"

namespace copilot {

/// What a session is made from; reusable.
class SessionConfig : public detail::ConfigHandlers<SessionConfig> {
 public:
  explicit SessionConfig(std::string_view json = {}) {
    copilot_session_config* config = nullptr;
    check(copilot_session_config_new(detail::optional_view(json), &config));
    handle_ = Handle(config);
  }
  /// Merges options in wire spelling, for example {"model":"…","streaming":true}.
  SessionConfig& set(std::string_view json) {
    check(copilot_session_config_set(handle_.get(), detail::view(json)));
    return *this;
  }
  SessionConfig& on_event(EventHandler handler) {
    check(copilot_session_config_on_event(handle_.get(), detail::on_event, new EventHandler(std::move(handler)),
                                          detail::destroy<EventHandler>));
    return *this;
  }
  /// Is told when the session has ended, and why: once, unless the session object is gone before.
  SessionConfig& on_ended(std::function<void(const Error&)> handler) {
    using Function = std::function<void(const Error&)>;
    check(copilot_session_config_on_ended(
        handle_.get(),
        [](void* f, copilot_session*, copilot_error* error) {
          detail::guarded([&] { (*static_cast<Function*>(f))(Error::take(error)); });
        },
        new Function(std::move(handler)), detail::destroy<Function>));
    return *this;
  }
  /// A tool that returns its text. `schema` is a JSON Schema, `more` other members such as {"skipPermission":true}.
  SessionConfig& tool(std::string_view name, std::string_view description, std::string_view schema, Handler handler,
                      std::string_view more = {}) {
    return tool_later(name, description, schema, detail::answering(std::move(handler), true), more);
  }
  /// A tool that answers when it can.
  SessionConfig& tool_later(std::string_view name, std::string_view description, std::string_view schema,
                            CallHandler handler, std::string_view more = {}) {
    copilot_tool tool = COPILOT_TOOL_INIT;
    tool.name = detail::view(name);
    tool.description = detail::view(description);
    tool.parameters = detail::optional_view(schema);
    tool.json = detail::optional_view(more);
    tool.call = detail::on_call;
    tool.user_data = new CallHandler(std::move(handler));
    tool.destroy = detail::destroy<CallHandler>;
    check(copilot_session_config_tool(handle_.get(), &tool));
    return *this;
  }
  /// Answers any kind with the JSON it returns.
  SessionConfig& on(copilot_call_kind kind, std::string_view name, Handler handler) {
    return on_call(kind, name, detail::answering(std::move(handler), false));
  }
  SessionConfig& on_call(copilot_call_kind kind, std::string_view name, CallHandler handler) {
    check(copilot_session_config_on_call(handle_.get(), static_cast<uint32_t>(kind), detail::optional_view(name),
                                         detail::on_call, new CallHandler(std::move(handler)),
                                         detail::destroy<CallHandler>));
    return *this;
  }
  copilot_session_config* get() const noexcept { return handle_.get(); }

 private:
  using Handle = detail::Handle<copilot_session_config, copilot_session_config_free>;
  static void check(copilot_error* error) {
    if (error) throw Error::take(error);
  }
  Handle handle_;
};

/// Receives the JSON result of an asynchronous call, exactly once.
using Done = std::function<void(Result<std::string>)>;

namespace detail {
inline void on_done(void* user_data, copilot_error* error, copilot_string* result) noexcept {
  guarded([&] { (*static_cast<Done*>(user_data))(text(error, result)); });
}
}  // namespace detail

/// An asynchronous call under way; letting go of it does not cancel it.
class Operation {
 public:
  explicit Operation(copilot_op* op) : handle_(op) {}
  void cancel() { copilot_error_free(copilot_op_cancel(handle_.get())); }

 private:
  detail::Handle<copilot_op, copilot_op_free> handle_;
};

namespace detail {
/// Begins a call whose C function takes `given`, then who is told, then where its operation goes.
template <class F, class... Given>
Operation begin(F function, Done done, Given... given) {
  copilot_op* op = nullptr;
  if (auto* error = function(given..., on_done, new Done(std::move(done)), destroy<Done>, &op)) throw Error::take(error);
  return Operation(op);
}
}  // namespace detail

}  // namespace copilot

#include "copilot_calls.hpp"

namespace copilot {

/// A conversation. Moving is cheap; the last handle of a client ends the runtime.
class Session : public detail::SessionCalls<Session> {
 public:
  explicit Session(copilot_session* session) : handle_(session) {}

  /// Sends a message; returns {"messageId"}. `options` is JSON, for example {"attachments":[…]}.
  std::string send(std::string_view prompt, std::string_view options = {}, Wait wait = {}) {
    return try_send(prompt, options, wait).value();
  }
  Result<std::string> try_send(std::string_view prompt, std::string_view options = {}, Wait wait = {}) {
    return detail::blocking(wait, [&](const copilot_wait* limits, copilot_string** out) {
      return copilot_session_send(get(), detail::view(prompt), detail::optional_view(options), limits, out);
    });
  }
  Operation send_async(std::string_view prompt, Done done, std::string_view options = {}) {
    return detail::begin(copilot_session_send_async, std::move(done), get(), detail::view(prompt),
                         detail::optional_view(options));
  }
  /// Sends a message and waits for the end of the turn; the last assistant.message event, if there was one.
  std::optional<std::string> send_and_wait(std::string_view prompt, Wait wait = {}, std::string_view options = {}) {
    return try_send_and_wait(prompt, wait, options).value();
  }
  Result<std::optional<std::string>> try_send_and_wait(std::string_view prompt, Wait wait = {},
                                                       std::string_view options = {}) {
    auto result = detail::blocking(wait, [&](const copilot_wait* limits, copilot_string** out) {
      return copilot_session_send_and_wait(get(), detail::view(prompt), detail::optional_view(options), limits, out);
    });
    if (!result) return result.error();
    return *result == "null" ? std::optional<std::string>() : std::optional<std::string>(std::move(*result));
  }
  Operation send_and_wait_async(std::string_view prompt, Done done, std::string_view options = {}) {
    return detail::begin(copilot_session_send_and_wait_async, std::move(done), get(), detail::view(prompt),
                         detail::optional_view(options));
  }
  void disconnect(Wait wait = {}) { try_disconnect(wait).value(); }
  Result<Unit> try_disconnect(Wait wait = {}) {
    detail::Limits limits(wait);
    return detail::unit(copilot_session_disconnect(get(), &limits));
  }
  Operation disconnect_async(Done done) {
    return detail::begin(copilot_session_disconnect_async, std::move(done), get());
  }
  /// Replaces the tools of this session by those of a configuration, with their functions; all else in it is left aside.
  void serve_tools(const SessionConfig& tools, Wait wait = {}) { try_serve_tools(tools, wait).value(); }
  Result<Unit> try_serve_tools(const SessionConfig& tools, Wait wait = {}) {
    detail::Limits limits(wait);
    return detail::unit(copilot_session_serve_tools(get(), tools.get(), &limits));
  }
  Operation serve_tools_async(const SessionConfig& tools, Done done) {
    return detail::begin(copilot_session_serve_tools_async, std::move(done), get(), tools.get());
  }
  /// Calls any method for this session.
  std::string invoke(std::string_view method, std::string_view params = {}, Wait wait = {}) {
    return try_invoke(method, params, wait).value();
  }
  Result<std::string> try_invoke(std::string_view method, std::string_view params = {}, Wait wait = {}) {
    return detail::blocking(wait, [&](const copilot_wait* limits, copilot_string** out) {
      return copilot_session_invoke(get(), detail::view(method), detail::optional_view(params), limits, out);
    });
  }
  Operation invoke_async(std::string_view method, std::string_view params, Done done) {
    return detail::begin(copilot_session_invoke_async, std::move(done), get(), detail::view(method),
                         detail::optional_view(params));
  }
  /// Adds a listener for events of one type, or all (""); the number is for off().
  uint64_t on(std::string_view type, EventHandler handler) {
    uint64_t listener = 0;
    if (auto* error =
            copilot_session_on(get(), detail::optional_view(type), detail::on_event,
                               new EventHandler(std::move(handler)), detail::destroy<EventHandler>, &listener))
      throw Error::take(error);
    return listener;
  }
  void off(uint64_t listener) { copilot_error_free(copilot_session_off(get(), listener)); }

  std::string id() const {
    copilot_string* id = nullptr;
    return detail::text(copilot_session_id(get(), &id), id).value();
  }
  /// {"sessionId","workspacePath","capabilities","openCanvases"}.
  std::string state() const {
    copilot_string* state = nullptr;
    return detail::text(copilot_session_state(get(), &state), state).value();
  }
  copilot_counters counters() const {
    copilot_counters counters = COPILOT_COUNTERS_INIT;
    detail::unit(copilot_session_counters(get(), &counters)).value();
    return counters;
  }
  copilot_session* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<copilot_session, copilot_session_free> handle_;
};

}  // namespace copilot

#include "copilot_client.hpp"

#endif  // COPILOT_HPP
