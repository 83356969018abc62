// The promises of the engine, through the C++ door: no event is lost while the consumer is away, and no runtime survives
// a dropped client or a killed host.
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "copilot.hpp"
#include "process.h"

namespace {

constexpr long kEvents = 50000;

copilot::ClientOptions fake(copilot_drive drive) {
  copilot::ClientOptions options;
  options.path = environment("COPILOT_FAKE_RUNTIME");
  options.drive = drive;
  return options;
}

pid_t runtime_of(copilot::Client& client) {
  const std::string info = client.invoke("fake.info");
  const long pid = number_at(copilot_sn(info.data(), info.size()), "/pid");
  CHECK(pid > 1 && kill(static_cast<pid_t>(pid), 0) == 0);
  return static_cast<pid_t>(pid);
}

void flood_of_a_sleeping_consumer() {
  copilot::Client client(fake(COPILOT_DRIVE_POLL));
  long seen = 0, wrong = 0, after_call = -1;
  copilot::SessionConfig config;
  config.on_event([&](const copilot::Event& event) {
    if (event.type != "assistant.message_delta") return;
    const auto number = event.text("/data/n");
    if (!number || std::stol(*number) != seen) wrong++;
    seen++;
  });
  auto session = client.create_session(config);
  const std::string params =
      "{\"sessionId\":\"" + session.id() + "\",\"count\":" + std::to_string(kEvents) + ",\"bytes\":64}";
  auto op = client.invoke_async("fake.flood", params, [&](copilot::Result<std::string> result) {
    CHECK(result.ok());
    after_call = seen;
  });
  const double end = seconds() + LIMIT;
  while (session.counters().received < static_cast<uint64_t>(kEvents) && seconds() < end) sleep_ms(10);
  const copilot_counters asleep = session.counters();
  CHECK(asleep.received >= static_cast<uint64_t>(kEvents) && seen == 0);
  CHECK(asleep.received == asleep.delivered + asleep.queued_events && asleep.queued_bytes > 0);
  while (after_call < 0 && seconds() < end) client.poll(std::chrono::milliseconds(10));
  CHECK(seen == kEvents && wrong == 0 && after_call == kEvents);
  const copilot_counters awake = session.counters();
  CHECK(awake.received == awake.delivered && awake.queued_events == 0 && awake.queued_bytes == 0);
  client.stop();
}

void dropped_without_stop(copilot_drive drive) {
  pid_t runtime = 0;
  {
    copilot::Client client(fake(drive));
    client.start();
    runtime = runtime_of(client);
  }
  expect_gone(runtime, LIMIT);
}

void killed_host() {
  int ends[2], status = 0;
  pid_t runtime = 0;
  CHECK(pipe(ends) == 0);
  const pid_t host = fork();
  if (host == 0) {
    copilot::Client client(fake(COPILOT_DRIVE_THREAD));
    client.start();
    runtime = runtime_of(client);
    CHECK(write(ends[1], &runtime, sizeof runtime) == static_cast<ssize_t>(sizeof runtime));
    for (;;) pause();
  }
  CHECK(read(ends[0], &runtime, sizeof runtime) == static_cast<ssize_t>(sizeof runtime));
  CHECK(kill(host, SIGKILL) == 0 && waitpid(host, &status, 0) == host);
  expect_gone(runtime, LIMIT);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace

int main() {
  // First: after a fork the engine's thread of this process would not be there in the child.
  killed_host();
  flood_of_a_sleeping_consumer();
  dropped_without_stop(COPILOT_DRIVE_THREAD);
  dropped_without_stop(COPILOT_DRIVE_POLL);
  std::puts("lifetime_cpp: ok");
  return 0;
}
