/* No runtime survives its host: not when a client is freed without stop, not when the host is killed, not when a stopped
 * runtime hangs. */
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "process.h"

/* The process id of the runtime, asked of itself. */
static pid_t runtime_of(copilot_client *client) {
  copilot_string *info = NULL;
  long pid;
  OK(copilot_client_invoke(client, copilot_s("fake.info"), copilot_s(NULL), NULL, &info));
  pid = number_at(copilot_string_view(info), "/pid");
  copilot_string_free(info);
  CHECK(pid > 1 && kill((pid_t)pid, 0) == 0);
  return (pid_t)pid;
}

static void freed_without_stop(uint32_t drive) {
  copilot_client *client = fake_client(NULL, drive);
  copilot_session *session = NULL;
  pid_t runtime;
  OK(copilot_client_create_session(client, NULL, NULL, &session));
  runtime = runtime_of(client);
  copilot_client_free(client); /* the session still needs it */
  OK(copilot_session_send_and_wait(session, copilot_s("x"), copilot_s(NULL), NULL, NULL));
  CHECK(!is_gone(runtime));
  copilot_session_free(session);
  expect_gone(runtime, LIMIT);
}

static void freed_while_opening(void) {
  copilot_client *client =
      fake_client("[{\"on\":{\"method\":\"session.create\"},\"do\":[{\"noReply\":true}]}]", COPILOT_DRIVE_POLL);
  pid_t runtime;
  OK(copilot_client_start(client, NULL, NULL));
  runtime = runtime_of(client);
  /* A session that is being opened does not keep the client: nobody could free it. */
  FAILS(copilot_client_create_session_async(client, NULL, NULL, NULL, NULL, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  {
    copilot_wait wait = patience(200);
    copilot_session *session = NULL;
    FAILS(copilot_client_create_session(client, NULL, &wait, &session), COPILOT_ERROR_TIMEOUT);
    CHECK(session == NULL);
  }
  copilot_client_free(client);
  expect_gone(runtime, LIMIT);
}

static void killed_host(int parent_waits) {
  int ends[2], status = 0;
  pid_t host, runtime = 0;
  CHECK(pipe(ends) == 0);
  host = fork();
  if (host == 0) {
    copilot_client *client = fake_client(NULL, COPILOT_DRIVE_THREAD);
    copilot_session *session = NULL;
    OK(copilot_client_create_session(client, NULL, NULL, &session));
    runtime = runtime_of(client);
    CHECK(write(ends[1], &runtime, sizeof runtime) == (ssize_t)sizeof runtime);
    for (;;) {
      pause();
    }
  }
  CHECK(read(ends[0], &runtime, sizeof runtime) == (ssize_t)sizeof runtime);
  if (parent_waits) {
    sleep_ms(50);
  }
  CHECK(kill(host, SIGKILL) == 0 && waitpid(host, &status, 0) == host);
  expect_gone(runtime, LIMIT);
  close(ends[0]);
  close(ends[1]);
}

static void start_and_stop_many_times(void) {
  int n;
  for (n = 0; n < 30; n++) {
    copilot_client *client = fake_client(NULL, (uint32_t)(n % 2));
    pid_t runtime;
    OK(copilot_client_start(client, NULL, NULL));
    runtime = runtime_of(client);
    OK(copilot_client_stop(client, NULL));
    CHECK(is_gone(runtime));
    copilot_client_free(client);
  }
}

int main(void) {
  freed_without_stop(COPILOT_DRIVE_THREAD);
  freed_without_stop(COPILOT_DRIVE_POLL);
  freed_while_opening();
  killed_host(0);
  killed_host(1);
  start_and_stop_many_times();
  puts("lifetime: ok");
  return 0;
}
