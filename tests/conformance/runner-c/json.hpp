// JSON for the test runner: a value, a parser, the partial match and the `$name` references of conformance cases.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

struct Json {
  enum Kind { Null, Bool, Number, String, Array, Object } kind = Null;
  bool truth = false;
  std::string text;  // of a string; of a number as written
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;

  static Json of(std::string value) {
    Json json;
    json.kind = String;
    json.text = std::move(value);
    return json;
  }
  static Json object() {
    Json json;
    json.kind = Object;
    return json;
  }
  bool is(Kind other) const { return kind == other; }
  bool has(const std::string& key) const { return find(key) != nullptr; }
  const Json* find(const std::string& key) const {
    for (const auto& member : members)
      if (member.first == key) return &member.second;
    return nullptr;
  }
  const Json& operator[](const std::string& key) const {
    static const Json none;
    const Json* found = find(key);
    return found ? *found : none;
  }
  void set(const std::string& key, Json value) {
    kind = Object;
    for (auto& member : members)
      if (member.first == key) {
        member.second = std::move(value);
        return;
      }
    members.emplace_back(key, std::move(value));
  }
  double number(double otherwise = 0) const { return is(Number) ? std::strtod(text.c_str(), nullptr) : otherwise; }
  std::string string(const std::string& otherwise = "") const { return is(String) ? text : otherwise; }

  std::string dump() const {
    switch (kind) {
      case Null: return "null";
      case Bool: return truth ? "true" : "false";
      case Number: return text;
      case String: return quote(text);
      case Array: {
        std::string out = "[";
        for (const auto& item : items) out += (out.size() > 1 ? "," : "") + item.dump();
        return out + "]";
      }
      default: {
        std::string out = "{";
        for (const auto& member : members)
          out += (out.size() > 1 ? "," : "") + quote(member.first) + ":" + member.second.dump();
        return out + "}";
      }
    }
  }
  static std::string quote(const std::string& text) {
    std::string out = "\"";
    for (unsigned char c : text) {
      char escaped[8];
      if (c == '"' || c == '\\') {
        out += '\\';
        out += static_cast<char>(c);
      } else if (c < 0x20) {
        std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
        out += escaped;
      } else {
        out += static_cast<char>(c);
      }
    }
    return out + "\"";
  }
  static Json parse(const std::string& text);
};

inline bool operator==(const Json& a, const Json& b) {
  if (a.kind != b.kind) return false;
  if (a.is(Json::Number)) return a.number() == b.number();
  if (a.is(Json::Object)) {
    if (a.members.size() != b.members.size()) return false;
    for (const auto& member : a.members)
      if (!b.has(member.first) || !(member.second == b[member.first])) return false;
    return true;
  }
  return a.truth == b.truth && a.text == b.text && a.items == b.items;
}

class JsonParser {
 public:
  explicit JsonParser(const std::string& text) : at_(text.data()), end_(text.data() + text.size()) {}
  Json whole() {
    Json json = value();
    space();
    if (at_ != end_) fail();
    return json;
  }

 private:
  [[noreturn]] void fail() const { throw std::runtime_error("bad JSON near: " + std::string(at_, rest())); }
  size_t rest() const { return static_cast<size_t>(end_ - at_ > 30 ? 30 : end_ - at_); }
  void space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) at_++;
  }
  bool take(char c) {
    space();
    if (at_ < end_ && *at_ == c) return at_++, true;
    return false;
  }
  bool word(const std::string& word) {
    if (std::string(at_, rest()).compare(0, word.size(), word) != 0) return false;
    at_ += word.size();
    return true;
  }
  Json value() {
    Json json;
    space();
    if (take('{')) {
      json.kind = Json::Object;
      while (!take('}')) {
        if (!json.members.empty() && !take(',')) fail();
        space();
        std::string key = string();
        if (!take(':')) fail();
        json.members.emplace_back(std::move(key), value());
      }
    } else if (take('[')) {
      json.kind = Json::Array;
      while (!take(']')) {
        if (!json.items.empty() && !take(',')) fail();
        json.items.push_back(value());
      }
    } else if (at_ < end_ && *at_ == '"') {
      json = Json::of(string());
    } else if (word("true") || word("false")) {
      json.kind = Json::Bool;
      json.truth = at_[-2] == 'u';
    } else if (!word("null")) {
      const char* start = at_;
      while (at_ < end_ && std::string("+-.eE0123456789").find(*at_) != std::string::npos) at_++;
      if (start == at_) fail();
      json.kind = Json::Number;
      json.text.assign(start, at_);
    }
    return json;
  }
  std::string string() {
    std::string out;
    if (!take('"')) fail();
    while (at_ < end_ && *at_ != '"') {
      if (*at_ != '\\') {
        out += *at_++;
        continue;
      }
      if (++at_ >= end_) fail();
      char c = *at_++;
      if (c == 'u') {
        uint32_t code = hex();
        if (code >= 0xd800 && code < 0xdc00 && at_ + 1 < end_ && at_[0] == '\\' && at_[1] == 'u') {
          at_ += 2;
          code = 0x10000 + ((code - 0xd800) << 10) + (hex() - 0xdc00);
        }
        utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
      } else {
        const std::string from = "bfnrt", to = "\b\f\n\r\t";
        size_t index = from.find(c);
        out += index == std::string::npos ? c : to[index];
      }
    }
    if (at_ >= end_) fail();
    at_++;
    return out;
  }
  uint32_t hex() {
    if (end_ - at_ < 4) fail();
    uint32_t code = static_cast<uint32_t>(std::strtoul(std::string(at_, 4).c_str(), nullptr, 16));
    at_ += 4;
    return code;
  }
  static void utf8(std::string& out, uint32_t code) {
    auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) return put(0xc0 | code >> 6), put(0x80 | (code & 63));
    if (code < 0x10000) return put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
    put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 63)), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
  }
  const char *at_, *end_;
};

inline Json Json::parse(const std::string& text) { return JsonParser(text).whole(); }

/// The test kit's partial match.
inline bool matches(const Json& pattern, const Json& actual) {
  if (pattern.is(Json::Object)) {
    if (pattern.members.size() == 1) {
      const auto& [key, value] = pattern.members[0];
      if (key == "$any") return true;
      if (key == "$absent") return false;
      if (key == "$contains") return actual.is(Json::String) && actual.text.find(value.text) != std::string::npos;
      if (key == "$oneOf") {
        for (const auto& one : value.items)
          if (matches(one, actual)) return true;
        return false;
      }
    }
    if (!actual.is(Json::Object)) return false;
    for (const auto& member : pattern.members) {
      const Json* value = actual.find(member.first);
      bool absent = member.second.members.size() == 1 && member.second.members[0].first == "$absent";
      if (value ? !matches(member.second, *value) : !absent) return false;
    }
    return true;
  }
  if (pattern.is(Json::Array)) {
    if (!actual.is(Json::Array) || pattern.items.size() != actual.items.size()) return false;
    for (size_t n = 0; n < pattern.items.size(); n++)
      if (!matches(pattern.items[n], actual.items[n])) return false;
    return true;
  }
  return pattern == actual;
}

/// Replaces references by what `lookup` knows; null from it leaves the text as it is.
inline Json expand(const Json& json, const std::function<const Json*(const std::string&)>& lookup) {
  Json out = json;
  if (json.is(Json::Array)) {
    for (auto& item : out.items) item = expand(item, lookup);
  } else if (json.is(Json::Object)) {
    const Json& repeat = json["$repeat"];
    if (repeat.items.size() == 2) {
      std::string text, piece = expand(repeat.items[0], lookup).string();
      for (double n = repeat.items[1].number(); n > 0; n--) text += piece;
      return Json::of(text);
    }
    for (auto& member : out.members) member.second = expand(member.second, lookup);
  } else if (json.is(Json::String)) {
    std::string text;
    for (size_t at = 0; at < json.text.size();) {
      size_t end = at + 1;
      while (json.text[at] == '$' && end < json.text.size() &&
             (std::isalnum(static_cast<unsigned char>(json.text[end])) || json.text[end] == '_' || json.text[end] == '.'))
        end++;
      while (json.text[at] == '$' && json.text[end - 1] == '.') end--;
      const Json* value = json.text[at] == '$' ? lookup(json.text.substr(at + 1, end - at - 1)) : nullptr;
      if (value && at == 0 && end == json.text.size()) return *value;
      text += !value ? json.text.substr(at, end - at) : value->is(Json::String) ? value->text : value->dump();
      at = end;
    }
    out.text = text;
  }
  return out;
}
