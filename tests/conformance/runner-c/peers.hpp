// The processes beside a case: the fake runtime as a server, the scripted model, and what they recorded.
#pragma once

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json.hpp"

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A child process that prints one line about where it listens.
struct Peer {
  pid_t pid = 0;
  int input = -1;
  std::string line;

  Peer(const std::vector<std::string>& argv, const std::string& token = "") {
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) throw std::runtime_error("pipe");
    pid = fork();
    if (pid == 0) {
      if (!token.empty()) setenv("COPILOT_CONNECTION_TOKEN", token.c_str(), 1);
      dup2(in[0], 0), dup2(out[1], 1);
      for (int fd : {in[0], in[1], out[0], out[1]}) close(fd);
      std::vector<char*> args;
      for (const auto& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
      args.push_back(nullptr);
      execv(args[0], args.data());
      _exit(127);
    }
    close(in[0]), close(out[1]);
    input = in[1];
    for (char c; read(out[0], &c, 1) == 1 && c != '\n';) line += c;
    close(out[0]);
  }
  ~Peer() {
    close(input);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
};

/// Is that a whole answer? The server may keep the connection open behind it.
inline bool complete(const std::string& answer) {
  std::string head = answer.substr(0, answer.find("\r\n\r\n"));
  for (auto& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  auto length = head.find("content-length:");
  return head.size() < answer.size() && length != std::string::npos &&
         answer.size() >= head.size() + 4 + std::strtoul(head.c_str() + length + 15, nullptr, 10);
}

/// GET from a loopback server; the body.
inline std::string get(int port, const std::string& path) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    for (ssize_t got; !complete(answer) && (got = read(fd, buffer, sizeof buffer)) > 0;)
      answer.append(buffer, static_cast<size_t>(got));
  }
  close(fd);
  auto body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "[]" : answer.substr(body + 4);
}

/// The lines of a recording so far; a half-written last one is left out.
inline std::vector<Json> recording(const std::string& path) {
  std::vector<Json> lines;
  std::string text = read_file(path);
  for (size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
    lines.push_back(Json::parse(text.substr(start, end - start)));
  return lines;
}
