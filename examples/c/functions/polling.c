/* Callbacks on the program's own thread: with COPILOT_DRIVE_POLL they run only inside copilot_client_poll.
 *
 * loops/epoll.c is a whole loop. Runs on the runtime that COPILOT_CLI_PATH names; no model is asked.
 *
 *   cc polling.c $(pkg-config --cflags --libs copilot) -o polling; COPILOT_CLI_PATH=… ./polling
 */
#include "common.h"

#include <poll.h>
#include <pthread.h>

static void started(void *user_data, copilot_error *error, copilot_string *info) {
  check(error);
  copilot_string_free(info);
  *(int *)user_data = 1;
}

static void *interrupt(void *client) {
  check(copilot_client_interrupt(client));
  return NULL;
}

int main(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  pthread_t thread;
  int64_t fd = -1;
  size_t count = 0, callbacks = 0;
  int is_started = 0;
  options.drive = COPILOT_DRIVE_POLL;
  check(copilot_client_new(&options, &client));

  /* The descriptor is readable while there is something to run. It belongs to the client: we only look at it. */
  check(copilot_client_fd(client, &fd));
  check(copilot_client_start_async(client, started, &is_started, NULL, NULL));
  while (!is_started) {
    struct pollfd ready = {(int)fd, POLLIN, 0};
    EXPECT(poll(&ready, 1, 90000) == 1);
    check(copilot_client_poll(client, 0, &count)); /* 0: does not wait */
    callbacks += count;
  }
  EXPECT(callbacks > 0);

  /* A poll without limit returns when another thread says so, though there may be nothing to run. */
  EXPECT(pthread_create(&thread, NULL, interrupt, client) == 0);
  check(copilot_client_poll(client, -1, NULL));
  pthread_join(thread, NULL);

  end(client); /* a call that waits runs the callbacks itself */
  puts("polling: ok");
  return 0;
}
