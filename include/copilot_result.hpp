// How copilot.hpp reports: copilot::Error, thrown or in a copilot::Result. Included by it.
#ifndef COPILOT_RESULT_HPP
#define COPILOT_RESULT_HPP

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "copilot.h"

namespace copilot {

/// What went wrong. `code()` is stable and the same in every language.
class Error : public std::exception {
 public:
  Error(copilot_code code, std::string message) : code_(code), message_(std::move(message)) {}

  /// Takes over an error of the C door and frees it.
  static Error take(copilot_error* error) {
    Error taken(copilot_error_code(error), copilot_error_message(error));
    taken.name_ = copilot_error_name(error);
    int64_t rpc_code = 0;
    if (copilot_error_rpc_code(error, &rpc_code)) taken.rpc_code_ = rpc_code;
    if (const char* data = copilot_error_data(error)) taken.data_ = data;
    if (const char* reason = copilot_error_reason(error)) taken.reason_ = reason;
    copilot_error_free(error);
    return taken;
  }

  copilot_code code() const noexcept { return code_; }
  /// The language-neutral name of the code, for example "Timeout".
  const std::string& name() const noexcept { return name_; }
  const std::string& message() const noexcept { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }
  /// The JSON-RPC code, for COPILOT_ERROR_RPC.
  std::optional<int64_t> rpc_code() const noexcept { return rpc_code_; }
  /// Details as JSON text.
  const std::optional<std::string>& data() const noexcept { return data_; }
  /// Why, as JSON text with a stable `code`; docs/errors.md lists them.
  const std::optional<std::string>& reason() const noexcept { return reason_; }

 private:
  copilot_code code_;
  std::string name_, message_;
  std::optional<int64_t> rpc_code_;
  std::optional<std::string> data_, reason_;
};

struct Unit {};

/// A value or an Error: the flavour for programs without exceptions.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  /// The value; throws the error if there is none.
  T value() && {
    if (!ok()) throw std::get<1>(std::move(state_));
    return std::get<0>(std::move(state_));
  }
  T& operator*() { return *std::get_if<0>(&state_); }
  T* operator->() { return std::get_if<0>(&state_); }
  /// The error; only when !ok().
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace copilot

#endif  // COPILOT_RESULT_HPP
