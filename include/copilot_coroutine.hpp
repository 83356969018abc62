// copilot_coroutine.hpp - calls, sessions and events for C++20 coroutines, over copilot.hpp.
//
//   copilot::Task<void> talk(copilot::Client& client) {
//     auto session = co_await copilot::create_session(client, config);
//     auto answer = co_await copilot::send_and_wait(session, "Hi");
//   }
//   copilot::run(talk(client));
//
// A coroutine goes on where the call ended: on the client's callback thread, or in the poll that found it. There a blocking
// call of the same client is refused (COPILOT_ERROR_WOULD_DEADLOCK); await it instead. Errors are thrown by co_await.
#ifndef COPILOT_COROUTINE_HPP
#define COPILOT_COROUTINE_HPP

#include <condition_variable>
#include <coroutine>
#include <deque>
#include <exception>
#include <mutex>
#include <stop_token>

#include "copilot.hpp"

namespace copilot {

namespace detail {

/// Shared by a coroutine that waits and the callback that ends the wait; whichever comes last resumes.
template <class T>
struct Wanted {
  std::mutex mutex;
  std::optional<Result<T>> result;
  std::optional<Operation> op;
  std::coroutine_handle<> waiter;
  bool is_cancelled = false;

  void settle(Result<T> outcome) {
    std::coroutine_handle<> ready;
    {
      std::lock_guard<std::mutex> guard(mutex);
      result.emplace(std::move(outcome));
      ready = std::exchange(waiter, nullptr);
    }
    if (ready) ready.resume();
  }
  void cancel() {
    std::lock_guard<std::mutex> guard(mutex);
    is_cancelled = true;
    if (op) op->cancel();
  }
};

}  // namespace detail

/// One asynchronous call, to be awaited once. It begins when it is awaited. `Start` takes the function that is told.
template <class T, class Start>
class [[nodiscard]] Awaitable {
 public:
  Awaitable(Start start, std::stop_token stop) : start_(std::move(start)), stop_(std::move(stop)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    auto wanted = wanted_;
    wanted->waiter = waiter;
    if (stop_.stop_possible()) stop_callback_.emplace(stop_, Cancel{wanted});
    // The call may end before this returns. Then the coroutine goes on elsewhere, and nothing of this object is touched.
    Operation op = start_([wanted](Result<T> outcome) { wanted->settle(std::move(outcome)); });
    std::lock_guard<std::mutex> guard(wanted->mutex);
    if (wanted->result) return;
    wanted->op.emplace(std::move(op));
    if (wanted->is_cancelled) wanted->op->cancel();
  }
  T await_resume() {
    stop_callback_.reset();
    return std::move(*wanted_->result).value();
  }

 private:
  struct Cancel {
    std::shared_ptr<detail::Wanted<T>> wanted;
    void operator()() const { wanted->cancel(); }
  };
  Start start_;
  std::stop_token stop_;
  std::shared_ptr<detail::Wanted<T>> wanted_ = std::make_shared<detail::Wanted<T>>();
  std::optional<std::stop_callback<Cancel>> stop_callback_;
};

/// Any call that is told by a `Done`: `co_await call([&](auto done) { return client.ping_async(done, "hi"); })`. A stop cancels it.
template <class Start>
auto call(Start start, std::stop_token stop = {}) {
  return Awaitable<std::string, Start>(std::move(start), std::move(stop));
}

/// As Client::start.
inline auto start(Client& client, std::stop_token stop = {}) {
  return call([&client](Done done) { return client.start_async(std::move(done)); }, std::move(stop));
}
/// As Client::stop.
inline auto stop(Client& client) {
  return call([&client](Done done) { return client.stop_async(std::move(done)); });
}
/// As Client::create_session.
inline auto create_session(Client& client, const SessionConfig& config, std::stop_token stop = {}) {
  auto begin = [&client, &config](SessionDone done) { return client.create_session_async(config, std::move(done)); };
  return Awaitable<Session, decltype(begin)>(std::move(begin), std::move(stop));
}
/// As Client::resume_session.
inline auto resume_session(Client& client, std::string id, const SessionConfig& config, std::stop_token stop = {}) {
  auto begin = [&client, &config, id = std::move(id)](SessionDone done) {
    return client.resume_session_async(id, config, std::move(done));
  };
  return Awaitable<Session, decltype(begin)>(std::move(begin), std::move(stop));
}
/// As Session::send; the JSON {"messageId"}.
inline auto send(Session& session, std::string prompt, std::string options = {}, std::stop_token stop = {}) {
  return call([&session, prompt = std::move(prompt), options = std::move(options)](
                  Done done) { return session.send_async(prompt, std::move(done), options); },
              std::move(stop));
}
/// As Session::send_and_wait; the JSON of the last assistant.message, "null" when there was none. A stop ends the wait; the
/// turn goes on.
inline auto send_and_wait(Session& session, std::string prompt, std::string options = {}, std::stop_token stop = {}) {
  return call([&session, prompt = std::move(prompt), options = std::move(options)](
                  Done done) { return session.send_and_wait_async(prompt, std::move(done), options); },
              std::move(stop));
}
/// As Session::disconnect.
inline auto disconnect(Session& session) {
  return call([&session](Done done) { return session.disconnect_async(std::move(done)); });
}

/// Work that others may await. It begins when it is awaited, or by run() or spawn().
template <class T>
class [[nodiscard]] Task;

namespace detail {

struct Continued {
  std::coroutine_handle<> then = std::noop_coroutine();
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> done) noexcept {
      return done.promise().then;
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
};

template <class T>
struct Promise : Continued {
  std::variant<std::monostate, T, std::exception_ptr> outcome;
  Task<T> get_return_object();
  void return_value(T value) { outcome.template emplace<1>(std::move(value)); }
  void unhandled_exception() { outcome.template emplace<2>(std::current_exception()); }
  T take() {
    if (outcome.index() == 2) std::rethrow_exception(std::get<2>(outcome));
    return std::move(std::get<1>(outcome));
  }
};

template <>
struct Promise<void> : Continued {
  std::exception_ptr failure;
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void unhandled_exception() { failure = std::current_exception(); }
  void take() const {
    if (failure) std::rethrow_exception(failure);
  }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    handle_.promise().then = waiter;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

/// Runs on its own and frees itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

template <class T, class Told>
Detached detach(Task<T> task, Told told) {
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    try {
      co_await task;
    } catch (...) {
      failure = std::current_exception();
    }
    told(failure);
  } else {
    std::optional<T> value;
    try {
      value.emplace(co_await task);
    } catch (...) {
      failure = std::current_exception();
    }
    told(failure, std::move(value));
  }
}

}  // namespace detail

/// Begins a task and goes on. `told` gets its exception, or none, when it has ended.
template <class Told>
void spawn(Task<void> task, Told told) {
  detail::detach(std::move(task), std::move(told));
}

/// Begins a task and blocks this thread until it has ended. Not on a thread that runs the client's callbacks.
template <class T>
T run(Task<T> task) {
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  std::exception_ptr failure;
  auto finish = [&](std::exception_ptr why) {
    std::lock_guard<std::mutex> guard(mutex);
    failure = why;
    done = true;
    ended.notify_one();
  };
  auto wait = [&] {
    std::unique_lock<std::mutex> guard(mutex);
    ended.wait(guard, [&] { return done; });
    if (failure) std::rethrow_exception(failure);
  };
  if constexpr (std::is_void_v<T>) {
    detail::detach(std::move(task), finish);
    wait();
  } else {
    std::optional<T> result;
    detail::detach(std::move(task), [&](std::exception_ptr why, std::optional<T> value) {
      result = std::move(value);
      finish(why);
    });
    wait();
    return std::move(*result);
  }
}

/// An event that is kept.
struct OwnedEvent {
  std::string type, json;
  /// As Event::fields; valid as long as this object.
  EventFields fields() const { return EventFields(json); }
};

/// The events of a session, one after the other; none is lost however slow the reader is. Ends by close() only.
///
///   copilot::Events events(session);
///   while (auto event = co_await events.next()) { … }
class Events {
 public:
  explicit Events(Session& session, std::string_view type = {}) : session_(session) {
    listener_ = session.on(type, [queue = queue_](const Event& event) {
      queue->put(OwnedEvent{std::string(event.type), std::string(event.json)});
    });
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() { close(); }

  /// The next event; nothing once it is closed and all that came was read. One reader at a time.
  auto next() { return Next{queue_}; }
  /// Takes no further events, and lets the reader go.
  void close() {
    session_.off(listener_);
    queue_->end();
  }

 private:
  struct Queue {
    std::mutex mutex;
    std::deque<OwnedEvent> events;
    std::coroutine_handle<> waiter;
    bool is_over = false;

    void put(OwnedEvent event) {
      std::unique_lock<std::mutex> guard(mutex);
      if (is_over) return;
      events.push_back(std::move(event));
      wake(guard);
    }
    void end() {
      std::unique_lock<std::mutex> guard(mutex);
      is_over = true;
      wake(guard);
    }
    void wake(std::unique_lock<std::mutex>& guard) {
      auto ready = std::exchange(waiter, nullptr);
      guard.unlock();
      if (ready) ready.resume();
    }
  };
  struct Next {
    std::shared_ptr<Queue> queue;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> reader) const {
      std::lock_guard<std::mutex> guard(queue->mutex);
      if (!queue->events.empty() || queue->is_over) return false;
      queue->waiter = reader;
      return true;
    }
    std::optional<OwnedEvent> await_resume() const {
      std::lock_guard<std::mutex> guard(queue->mutex);
      if (queue->events.empty()) return std::nullopt;
      OwnedEvent event = std::move(queue->events.front());
      queue->events.pop_front();
      return event;
    }
  };
  Session& session_;
  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
  uint64_t listener_ = 0;
};

}  // namespace copilot

#endif  // COPILOT_COROUTINE_HPP
