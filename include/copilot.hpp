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

/// How long a blocking call waits; nothing given: without limit.
struct Wait {
  std::chrono::milliseconds timeout{0};
  const CancelToken* token = nullptr;

  Wait() = default;
  template <class Rep, class Period>
  Wait(std::chrono::duration<Rep, Period> limit, const CancelToken* cancel = nullptr)
      : timeout(std::chrono::duration_cast<std::chrono::milliseconds>(limit)), token(cancel) {}
  Wait(const CancelToken& cancel) : token(&cancel) {}

  copilot_wait to_c() const {
    copilot_wait wait = COPILOT_WAIT_INIT;
    wait.timeout_ms = timeout.count() > 0 ? static_cast<uint64_t>(timeout.count()) : 0;
    wait.cancel_token = token ? token->get() : nullptr;
    return wait;
  }
};

namespace detail {
/// A blocking call with a text for its result. The call is made before its output is read.
template <class F>
Result<std::string> blocking(const Wait& wait, F&& call) {
  auto limits = wait.to_c();
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

/// What a session is made from; reusable.
class SessionConfig {
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
  /// Returns a decision, for example {"kind":"approve-once"}.
  SessionConfig& on_permission(Handler handler) { return on(COPILOT_CALL_PERMISSION, {}, std::move(handler)); }
  /// Returns {"answer":…,"wasFreeform":…}.
  SessionConfig& on_user_input(Handler handler) { return on(COPILOT_CALL_USER_INPUT, {}, std::move(handler)); }
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
    copilot_op* op = nullptr;
    if (auto* error =
            copilot_session_send_async(get(), detail::view(prompt), detail::optional_view(options), detail::on_done,
                                       new Done(std::move(done)), detail::destroy<Done>, &op))
      throw Error::take(error);
    return Operation(op);
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
    copilot_op* op = nullptr;
    if (auto* error = copilot_session_send_and_wait_async(get(), detail::view(prompt), detail::optional_view(options),
                                                          detail::on_done, new Done(std::move(done)),
                                                          detail::destroy<Done>, &op))
      throw Error::take(error);
    return Operation(op);
  }
  void disconnect(Wait wait = {}) { try_disconnect(wait).value(); }
  Result<Unit> try_disconnect(Wait wait = {}) {
    auto limits = wait.to_c();
    return detail::unit(copilot_session_disconnect(get(), &limits));
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

/// Options of a client; what is empty is left to the engine. `json` holds every other option.
struct ClientOptions {
  copilot_drive drive = COPILOT_DRIVE_THREAD;
  copilot_connection connection = COPILOT_CONNECTION_DEFAULT;
  std::string path;
  std::vector<std::string> args;
  std::string url, connection_token, working_directory, base_directory, log_level, github_token, json;
  uint16_t port = 0;
  std::optional<bool> use_logged_in_user;
  /// Client-wide questions; declare their kinds in `json`.
  CallHandler on_call;
  std::function<void(std::string_view json)> on_lifecycle;
  std::function<void(std::string_view method, std::string_view json)> on_notification;
  std::function<void(const Error&)> on_closed;
};

/// A connection to one runtime. Going out of scope kills the runtime, once its sessions are gone too; stop() is polite.
class Client : public detail::ClientCalls<Client> {
 public:
  explicit Client(const ClientOptions& options = {}) { *this = try_new(options).value(); }

  static Result<Client> try_new(const ClientOptions& options) {
    copilot_client_options c = COPILOT_CLIENT_OPTIONS_INIT;
    std::vector<copilot_str> args;
    for (const auto& arg : options.args) args.push_back(detail::view(std::string_view(arg)));
    c.drive = static_cast<uint32_t>(options.drive);
    c.connection = static_cast<uint32_t>(options.connection);
    c.path = detail::optional_view(options.path);
    c.args = args.data();
    c.args_len = args.size();
    c.url = detail::optional_view(options.url);
    c.connection_token = detail::optional_view(options.connection_token);
    c.port = options.port;
    c.use_logged_in_user = !options.use_logged_in_user ? 0 : *options.use_logged_in_user ? 1 : 2;
    c.working_directory = detail::optional_view(options.working_directory);
    c.base_directory = detail::optional_view(options.base_directory);
    c.log_level = detail::optional_view(options.log_level);
    c.github_token = detail::optional_view(options.github_token);
    c.json = detail::optional_view(options.json);
    if (options.on_call) c.on_call = client_call;
    if (options.on_lifecycle) c.on_lifecycle = lifecycle;
    if (options.on_notification) c.on_notification = notification;
    if (options.on_closed) c.on_closed = closed;
    c.user_data = new ClientOptions(options);
    c.destroy = detail::destroy<ClientOptions>;
    copilot_client* client = nullptr;
    if (auto* error = copilot_client_new(&c, &client)) return Error::take(error);
    return Client(client);
  }
  explicit Client(copilot_client* client) : handle_(client) {}

  /// Starts the runtime; {"version","protocolVersion","timings"}.
  std::string start(Wait wait = {}) { return try_start(wait).value(); }
  Result<std::string> try_start(Wait wait = {}) {
    return detail::blocking(
        wait, [&](const copilot_wait* limits, copilot_string** out) { return copilot_client_start(get(), limits, out); });
  }
  void stop(Wait wait = {}) { try_stop(wait).value(); }
  Result<Unit> try_stop(Wait wait = {}) {
    auto limits = wait.to_c();
    return detail::unit(copilot_client_stop(get(), &limits));
  }
  void force_stop(Wait wait = {}) { try_force_stop(wait).value(); }
  Result<Unit> try_force_stop(Wait wait = {}) {
    auto limits = wait.to_c();
    return detail::unit(copilot_client_force_stop(get(), &limits));
  }
  Session create_session(const SessionConfig& config, Wait wait = {}) { return try_create_session(config, wait).value(); }
  Result<Session> try_create_session(const SessionConfig& config, Wait wait = {}) {
    auto limits = wait.to_c();
    copilot_session* session = nullptr;
    if (auto* error = copilot_client_create_session(get(), config.get(), &limits, &session)) return Error::take(error);
    return Session(session);
  }
  Session resume_session(std::string_view id, const SessionConfig& config, Wait wait = {}) {
    return try_resume_session(id, config, wait).value();
  }
  Result<Session> try_resume_session(std::string_view id, const SessionConfig& config, Wait wait = {}) {
    auto limits = wait.to_c();
    copilot_session* session = nullptr;
    if (auto* error = copilot_client_resume_session(get(), detail::view(id), config.get(), &limits, &session))
      return Error::take(error);
    return Session(session);
  }
  /// Calls any method of the runtime.
  std::string invoke(std::string_view method, std::string_view params = {}, Wait wait = {}) {
    return try_invoke(method, params, wait).value();
  }
  Result<std::string> try_invoke(std::string_view method, std::string_view params = {}, Wait wait = {}) {
    return detail::blocking(wait, [&](auto* limits, auto** out) {
      return copilot_client_invoke(get(), detail::view(method), detail::optional_view(params), limits, out);
    });
  }
  Operation invoke_async(std::string_view method, std::string_view params, Done done) {
    copilot_op* op = nullptr;
    if (auto* error =
            copilot_client_invoke_async(get(), detail::view(method), detail::optional_view(params), detail::on_done,
                                        new Done(std::move(done)), detail::destroy<Done>, &op))
      throw Error::take(error);
    return Operation(op);
  }
  /// Runs callbacks that are due on this thread; how many. Without a timeout: waits until there is one.
  size_t poll(std::optional<std::chrono::milliseconds> timeout = std::nullopt) {
    size_t count = 0;
    detail::unit(copilot_client_poll(get(), timeout ? timeout->count() : -1, &count)).value();
    return count;
  }
  void interrupt() { detail::unit(copilot_client_interrupt(get())).value(); }
  int64_t fd() const {
    int64_t fd = -1;
    detail::unit(copilot_client_fd(get(), &fd)).value();
    return fd;
  }
  /// Runs an action that a call of kind `COPILOT_CALL_UI_THREAD` named, on the calling thread, which must be the
  /// application's main thread. To be called once, before the call is answered.
  void run_ui_action(uint32_t action) { try_run_ui_action(action).value(); }
  Result<Unit> try_run_ui_action(uint32_t action) { return detail::unit(copilot_client_run_ui_action(get(), action)); }
  copilot_state state() const {
    copilot_state state = COPILOT_STATE_DISCONNECTED;
    detail::unit(copilot_client_state(get(), &state)).value();
    return state;
  }
  /// Where the client stands, how its last start went, what went over the wire: JSON, see copilot_client_diagnostics.
  std::string diagnostics() const {
    copilot_string* result = nullptr;
    return detail::text(copilot_client_diagnostics(get(), &result), result).value();
  }
  copilot_client* get() const noexcept { return handle_.get(); }

 private:
  static void client_call(void* options, copilot_call* call, const copilot_call_info* info) noexcept {
    detail::on_call(&static_cast<ClientOptions*>(options)->on_call, call, info);
  }
  static void lifecycle(void* options, copilot_str, copilot_str json) noexcept {
    detail::guarded([&] { static_cast<ClientOptions*>(options)->on_lifecycle(detail::view(json)); });
  }
  static void notification(void* options, copilot_str method, copilot_str json) noexcept {
    detail::guarded(
        [&] { static_cast<ClientOptions*>(options)->on_notification(detail::view(method), detail::view(json)); });
  }
  static void closed(void* options, copilot_error* error) noexcept {
    detail::guarded([&] { static_cast<ClientOptions*>(options)->on_closed(Error::take(error)); });
  }
  detail::Handle<copilot_client, copilot_client_free> handle_;
};

}  // namespace copilot

#endif  // COPILOT_HPP
