// copilot_tool.hpp - tools from C++ functions: the JSON Schema is made from their parameters. C++17, over copilot.hpp.
//
//   copilot::tool(config, "get_weather", "Tells the weather", {"city", "days"},
//                 [](std::string city, std::optional<int> days) { return "Sunny in " + city; });
//
//   struct Trip { std::string city; std::vector<int> days; };
//   COPILOT_STRUCT(Trip, city, days)
//   copilot::tool(config, "plan", "Plans a trip", [](Trip trip) { return trip; });
//
// Parameters and results may be bool, integers, floating-point numbers, std::string, std::optional, std::vector, structures
// that COPILOT_STRUCT describes, and copilot::Json, which is passed on as text. What the model gives in another shape, and what the
// function throws, becomes a failed answer that says what was wrong.
#ifndef COPILOT_TOOL_HPP
#define COPILOT_TOOL_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <tuple>
#include <type_traits>

#include "copilot.hpp"

namespace copilot {

/// Any JSON, as text.
struct Json {
  std::string text;
};

namespace detail {

[[noreturn]] inline void misfit(const std::string& where, const char* wanted, std::string_view got) {
  throw std::invalid_argument(where + ": expected " + wanted + ", got " + std::string(got.substr(0, 60)));
}

/// How values of a type are described, read and written. `optional` parameters may be left out.
template <class T, class = void>
struct Shape {
  static_assert(sizeof(T) == 0, "a tool cannot have this type; describe a structure with COPILOT_STRUCT");
};

template <>
struct Shape<bool> {
  static constexpr bool optional = false;
  static std::string schema() { return R"({"type":"boolean"})"; }
  static bool read(const std::string& json, const std::string& where) {
    if (json != "true" && json != "false") misfit(where, "true or false", json);
    return json == "true";
  }
  static std::string write(bool value) { return value ? "true" : "false"; }
};

template <class T>
struct Shape<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static constexpr bool optional = false;
  static std::string schema() { return R"({"type":"integer"})"; }
  static T read(const std::string& json, const std::string& where) {
    T value{};
    const char* end = json.data() + json.size();
    auto [rest, failed] = std::from_chars(json.data(), end, value);
    // A number such as 3.0 is an integer of JSON, too.
    if (failed == std::errc() && rest + 1 < end && *rest == '.') rest = std::find_if(rest + 1, end, [](char c) { return c != '0'; });
    if (failed != std::errc() || rest != end) misfit(where, "an integer", json);
    return value;
  }
  static std::string write(T value) { return std::to_string(value); }
};

template <class T>
struct Shape<T, std::enable_if_t<std::is_floating_point_v<T>>> {
  static constexpr bool optional = false;
  static std::string schema() { return R"({"type":"number"})"; }
  static T read(const std::string& json, const std::string& where) {
    std::istringstream in(json);
    in.imbue(std::locale::classic());
    T value{};
    char more = 0;
    if (!(in >> value) || in >> more) misfit(where, "a number", json);
    return value;
  }
  static std::string write(T value) {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out.precision(std::numeric_limits<T>::max_digits10);
    out << value;
    return out.str();
  }
};

template <>
struct Shape<std::string> {
  static constexpr bool optional = false;
  static std::string schema() { return R"({"type":"string"})"; }
  static std::string read(const std::string& json, const std::string& where) {
    if (json.empty() || json.front() != '"') misfit(where, "a text", json);
    return json_text(json, "").value_or("");
  }
  static std::string write(const std::string& value) { return json_quote(value); }
};

template <>
struct Shape<Json> {
  static constexpr bool optional = false;
  static std::string schema() { return "{}"; }
  static Json read(const std::string& json, const std::string&) { return {json}; }
  static std::string write(const Json& value) { return value.text; }
};

template <class T>
struct Shape<std::optional<T>> {
  static constexpr bool optional = true;
  static std::string schema() { return Shape<T>::schema(); }
  static std::optional<T> read(const std::string& json, const std::string& where) {
    if (json == "null") return std::nullopt;
    return Shape<T>::read(json, where);
  }
  static std::string write(const std::optional<T>& value) { return value ? Shape<T>::write(*value) : "null"; }
};

template <class T>
struct Shape<std::vector<T>> {
  static constexpr bool optional = false;
  static std::string schema() { return R"({"type":"array","items":)" + Shape<T>::schema() + "}"; }
  static std::vector<T> read(const std::string& json, const std::string& where) {
    if (json.empty() || json.front() != '[') misfit(where, "a list", json);
    std::vector<T> values;
    for (size_t n = 0;; n++) {
      auto item = json_get(json, "/" + std::to_string(n));
      if (!item) return values;
      values.push_back(Shape<T>::read(*item, where + "[" + std::to_string(n) + "]"));
    }
  }
  static std::string write(const std::vector<T>& values) {
    std::string out;
    for (const auto& value : values) out += (out.empty() ? "" : ",") + Shape<T>::write(value);
    return "[" + out + "]";
  }
};

/// A member that an object must or may have.
inline void describe(std::string& properties, std::string& required, std::string_view name, const std::string& schema,
                     bool optional) {
  properties += (properties.empty() ? "" : ",") + json_quote(name) + ":" + schema;
  if (!optional) required += (required.empty() ? "" : ",") + json_quote(name);
}
inline std::string object_schema(const std::string& properties, const std::string& required) {
  return R"({"type":"object","properties":{)" + properties + R"(},"required":[)" + required + "]}";
}
/// A name as a step of a JSON pointer.
inline std::string step(std::string_view name) {
  std::string out = "/";
  for (char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}
template <class T>
T member(const std::string& json, std::string_view name, const std::string& where) {
  auto found = json_get(json, step(name));
  std::string inside = where.empty() ? std::string(name) : where + "." + std::string(name);
  if (!found && !Shape<T>::optional) throw std::invalid_argument(inside + " is missing");
  return Shape<T>::read(found.value_or("null"), inside);
}

/// Structures that COPILOT_STRUCT describes.
template <class T>
struct Shape<T, std::void_t<decltype(copilot_members(static_cast<const T*>(nullptr)))>> {
  static constexpr bool optional = false;
  static auto members() { return copilot_members(static_cast<const T*>(nullptr)); }
  static std::string schema() {
    std::string properties, required;
    each([&](const char* name, auto pointer) {
      using M = std::decay_t<decltype(std::declval<T>().*pointer)>;
      describe(properties, required, name, Shape<M>::schema(), Shape<M>::optional);
    });
    return object_schema(properties, required);
  }
  static T read(const std::string& json, const std::string& where) {
    if (json.empty() || json.front() != '{') misfit(where.empty() ? "arguments" : where, "an object", json);
    T value{};
    each([&](const char* name, auto pointer) {
      value.*pointer = member<std::decay_t<decltype(value.*pointer)>>(json, name, where);
    });
    return value;
  }
  static std::string write(const T& value) {
    std::string out;
    each([&](const char* name, auto pointer) {
      using M = std::decay_t<decltype(value.*pointer)>;
      out += (out.empty() ? "" : ",") + json_quote(name) + ":" + Shape<M>::write(value.*pointer);
    });
    return "{" + out + "}";
  }

 private:
  template <class F>
  static void each(F&& visit) {
    std::apply([&](auto... pair) { (visit(pair.first, pair.second), ...); }, members());
  }
};

/// @cond
/// What a function takes and returns.
template <class F>
struct Signature : Signature<decltype(&F::operator())> {};
template <class R, class... A>
struct Signature<R (*)(A...)> {
  using Result = R;
  using Arguments = std::tuple<std::decay_t<A>...>;
};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...)> : Signature<R (*)(A...)> {};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...) const> : Signature<R (*)(A...)> {};
/// @endcond

/// The text for the model: a text as it is, nothing as "done", everything else as JSON.
template <class R>
std::string told(const R& value) {
  if constexpr (std::is_convertible_v<R, std::string>) return value;
  else return Shape<std::decay_t<R>>::write(value);
}
template <class F, class... A>
std::string answer(F& function, A&&... arguments) {
  if constexpr (std::is_void_v<decltype(function(std::forward<A>(arguments)...))>) {
    function(std::forward<A>(arguments)...);
    return "done";
  } else {
    return told(function(std::forward<A>(arguments)...));
  }
}
template <class Arguments, size_t... I>
std::string schema_of(const std::array<std::string, sizeof...(I)>& names, std::index_sequence<I...>) {
  std::string properties, required;
  (describe(properties, required, names[I], Shape<std::tuple_element_t<I, Arguments>>::schema(),
            Shape<std::tuple_element_t<I, Arguments>>::optional),
   ...);
  return object_schema(properties, required);
}
template <class Arguments, class F, size_t... I>
std::string apply(F& function, const std::string& json, const std::array<std::string, sizeof...(I)>& names,
                  std::index_sequence<I...>) {
  return answer(function, member<std::tuple_element_t<I, Arguments>>(json, names[I], "")...);
}
inline std::string arguments_of(const Invocation& asked) { return json_get(asked.args, "/arguments").value_or("{}"); }

}  // namespace detail

/// The JSON Schema of a type, as tools describe it.
template <class T>
std::string schema() {
  return detail::Shape<T>::schema();
}

/// Adds a tool that is a function of named parameters; `names` are those that the model uses, in order. `more` are other members of
/// the tool as JSON, such as {"skipPermission":true}. Throws copilot::Error when the session would refuse it.
template <class F, size_t N>
SessionConfig& tool(SessionConfig& config, std::string_view name, std::string_view description, const char* const (&names)[N],
                    F function, std::string_view more = {}) {
  using Arguments = typename detail::Signature<F>::Arguments;
  static_assert(std::tuple_size_v<Arguments> == N, "one name for each parameter");
  constexpr auto indices = std::make_index_sequence<N>();
  std::array<std::string, N> kept;
  for (size_t n = 0; n < N; n++) kept[n] = names[n];
  auto handler = [kept, function = std::move(function)](const Invocation& asked) mutable {
    return detail::apply<Arguments>(function, detail::arguments_of(asked), kept, std::make_index_sequence<N>());
  };
  return config.tool(name, description, detail::schema_of<Arguments>(kept, indices), std::move(handler), more);
}

/// Adds a tool that is a function of nothing, or of one structure that COPILOT_STRUCT describes.
template <class F>
SessionConfig& tool(SessionConfig& config, std::string_view name, std::string_view description, F function,
                    std::string_view more = {}) {
  using Arguments = typename detail::Signature<F>::Arguments;
  static_assert(std::tuple_size_v<Arguments> <= 1, "several parameters need names, or a structure of them");
  if constexpr (std::tuple_size_v<Arguments> == 0) {
    auto handler = [function = std::move(function)](const Invocation&) mutable { return detail::answer(function); };
    return config.tool(name, description, detail::object_schema("", ""), std::move(handler), more);
  } else {
    using Given = std::tuple_element_t<0, Arguments>;
    auto handler = [function = std::move(function)](const Invocation& asked) mutable {
      return detail::answer(function, detail::Shape<Given>::read(detail::arguments_of(asked), ""));
    };
    return config.tool(name, description, detail::Shape<Given>::schema(), std::move(handler), more);
  }
}

}  // namespace copilot

#define COPILOT_PAIR_(Type, member) std::pair<const char*, decltype(&Type::member)>(#member, &Type::member)
#define COPILOT_EACH_1_(T, a) COPILOT_PAIR_(T, a)
#define COPILOT_EACH_2_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_1_(T, __VA_ARGS__)
#define COPILOT_EACH_3_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_2_(T, __VA_ARGS__)
#define COPILOT_EACH_4_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_3_(T, __VA_ARGS__)
#define COPILOT_EACH_5_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_4_(T, __VA_ARGS__)
#define COPILOT_EACH_6_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_5_(T, __VA_ARGS__)
#define COPILOT_EACH_7_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_6_(T, __VA_ARGS__)
#define COPILOT_EACH_8_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_7_(T, __VA_ARGS__)
#define COPILOT_EACH_9_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_8_(T, __VA_ARGS__)
#define COPILOT_EACH_10_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_9_(T, __VA_ARGS__)
#define COPILOT_EACH_11_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_10_(T, __VA_ARGS__)
#define COPILOT_EACH_12_(T, a, ...) COPILOT_PAIR_(T, a), COPILOT_EACH_11_(T, __VA_ARGS__)
#define COPILOT_PICK_(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, NAME, ...) NAME
/// Describes a structure for tools, beside it in the same namespace: its name, then up to 12 of its members.
#define COPILOT_STRUCT(Type, ...)                                                                                      \
  [[maybe_unused]] inline auto copilot_members(const Type*) {                                                          \
    return std::make_tuple(COPILOT_PICK_(__VA_ARGS__, COPILOT_EACH_12_, COPILOT_EACH_11_, COPILOT_EACH_10_,            \
                                         COPILOT_EACH_9_, COPILOT_EACH_8_, COPILOT_EACH_7_, COPILOT_EACH_6_,           \
                                         COPILOT_EACH_5_, COPILOT_EACH_4_, COPILOT_EACH_3_, COPILOT_EACH_2_,           \
                                         COPILOT_EACH_1_, unused)(Type, __VA_ARGS__));                                 \
  }

#endif  // COPILOT_TOOL_HPP
