// copilot_client.hpp - the client of copilot.hpp, which includes it.
#ifndef COPILOT_CLIENT_HPP
#define COPILOT_CLIENT_HPP

#include <future>

#include "copilot.hpp"

namespace copilot {

/// An asynchronous call as a future: `future([&](auto done) { return session.send_async("Hi", done); })`. Do not wait for it on
/// the thread that runs the client's callbacks.
template <class Start>
std::future<std::string> future(Start&& start) {
  auto promise = std::make_shared<std::promise<std::string>>();
  auto outcome = promise->get_future();
  start([promise](Result<std::string> result) {
    if (result) promise->set_value(std::move(*result));
    else promise->set_exception(std::make_exception_ptr(result.error()));
  });
  return outcome;
}

/// Receives the session that was asked for, exactly once.
using SessionDone = std::function<void(Result<Session>)>;

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
  Operation start_async(Done done) { return detail::begin(copilot_client_start_async, std::move(done), get()); }
  void stop(Wait wait = {}) { try_stop(wait).value(); }
  Result<Unit> try_stop(Wait wait = {}) {
    detail::Limits limits(wait);
    return detail::unit(copilot_client_stop(get(), &limits));
  }
  Operation stop_async(Done done) { return detail::begin(copilot_client_stop_async, std::move(done), get()); }
  void force_stop(Wait wait = {}) { try_force_stop(wait).value(); }
  Result<Unit> try_force_stop(Wait wait = {}) {
    detail::Limits limits(wait);
    return detail::unit(copilot_client_force_stop(get(), &limits));
  }
  Operation force_stop_async(Done done) {
    return detail::begin(copilot_client_force_stop_async, std::move(done), get());
  }
  Session create_session(const SessionConfig& config, Wait wait = {}) { return try_create_session(config, wait).value(); }
  Result<Session> try_create_session(const SessionConfig& config, Wait wait = {}) {
    detail::Limits limits(wait);
    copilot_session* session = nullptr;
    if (auto* error = copilot_client_create_session(get(), config.get(), &limits, &session)) return Error::take(error);
    return Session(session);
  }
  Operation create_session_async(const SessionConfig& config, SessionDone done) {
    return opening(copilot_client_create_session_async, std::move(done), get(), config.get());
  }
  Session resume_session(std::string_view id, const SessionConfig& config, Wait wait = {}) {
    return try_resume_session(id, config, wait).value();
  }
  Result<Session> try_resume_session(std::string_view id, const SessionConfig& config, Wait wait = {}) {
    detail::Limits limits(wait);
    copilot_session* session = nullptr;
    if (auto* error = copilot_client_resume_session(get(), detail::view(id), config.get(), &limits, &session))
      return Error::take(error);
    return Session(session);
  }
  Operation resume_session_async(std::string_view id, const SessionConfig& config, SessionDone done) {
    return opening(copilot_client_resume_session_async, std::move(done), get(), detail::view(id), config.get());
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
    return detail::begin(copilot_client_invoke_async, std::move(done), get(), detail::view(method),
                         detail::optional_view(params));
  }
  /// Sends a notification to the runtime; a client that is not connected sends nothing.
  void notify(std::string_view method, std::string_view params = {}) { try_notify(method, params).value(); }
  Result<Unit> try_notify(std::string_view method, std::string_view params = {}) {
    return detail::unit(copilot_client_notify(get(), detail::view(method), detail::optional_view(params)));
  }
  /// Runs callbacks that are due on this thread; how many. Without a timeout: waits until there is one.
  size_t poll(std::optional<std::chrono::milliseconds> timeout = std::nullopt) {
    size_t count = 0;
    detail::unit(copilot_client_poll(get(), timeout ? timeout->count() : -1, &count)).value();
    return count;
  }
#ifdef __cpp_lib_jthread
  /// As above; a stop makes it return. For C++20.
  size_t poll(std::optional<std::chrono::milliseconds> timeout, std::stop_token stop) {
    std::stop_callback interrupting(std::move(stop), [this] { copilot_error_free(copilot_client_interrupt(get())); });
    return poll(timeout);
  }
#endif
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
  template <class F, class... Given>
  static Operation opening(F function, SessionDone done, Given... given) {
    copilot_op* op = nullptr;
    if (auto* error = function(given..., opened, new SessionDone(std::move(done)), detail::destroy<SessionDone>, &op))
      throw Error::take(error);
    return Operation(op);
  }
  static void opened(void* done, copilot_error* error, copilot_session* session) noexcept {
    detail::guarded([&] {
      auto& told = *static_cast<SessionDone*>(done);
      if (error) told(Error::take(error));
      else told(Session(session));
    });
  }
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

#endif  // COPILOT_CLIENT_HPP
