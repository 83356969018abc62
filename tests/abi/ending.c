/* What is over is over: no callback runs after the last handle of a polled client was freed, the first events of a session
 * are not lost, and sessions that were left leave nothing behind. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "check.h"

/* The runtime tells of the start behind its answer, both in one write. */
static const char *const TELLS_AFTER_ANSWER =
    "[{\"on\":{\"method\":\"session.create\"},\"do\":[{\"reply\":\"default\"},{\"event\":{\"type\":\"session.start\"}}]}]";

/* What callbacks work with. Freed as soon as no callback can run any more: a sanitizer sees the one that does. */
struct seen {
  atomic_int running, slow, destroyed;
  int events; /* written by callbacks only, one at a time */
};

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  struct seen *seen = user_data;
  (void)session;
  (void)event;
  seen->running = 1;
  seen->events++;
  if (seen->slow) {
    sleep_ms(100);
  }
  seen->events++;
  seen->running = 0;
}

static void on_destroyed(void *user_data) {
  ((struct seen *)user_data)->destroyed++;
}

static void on_sent(void *user_data, copilot_error *error, copilot_string *result) {
  (void)user_data;
  copilot_error_free(error);
  copilot_string_free(result);
}

static void *poller(void *argument) {
  copilot_client *client = argument;
  for (;;) {
    copilot_error *error = copilot_client_poll(client, -1, NULL);
    if (error != NULL) { /* the handle was freed */
      copilot_error_free(error);
      return NULL;
    }
  }
}

/* The last handle goes while another thread is inside a callback. */
static void freed_while_polling(void) {
  int round;
  for (round = 0; round < 10; round++) {
    struct seen *seen = calloc(1, sizeof *seen);
    copilot_client *client = fake_client(NULL, COPILOT_DRIVE_POLL);
    copilot_session_config *config = NULL;
    copilot_session *session = NULL;
    pthread_t thread;
    CHECK(seen != NULL);
    OK(copilot_session_config_new(copilot_s(NULL), &config));
    OK(copilot_session_config_on_event(config, on_event, seen, on_destroyed));
    OK(copilot_client_create_session(client, config, NULL, &session));
    copilot_session_config_free(config);
    CHECK(pthread_create(&thread, NULL, poller, client) == 0);
    seen->slow = 1;
    OK(copilot_session_send_async(session, copilot_s("x"), copilot_s(NULL), on_sent, NULL, NULL, NULL));
    while (!seen->running) {
      sched_yield();
    }
    copilot_session_free(session);
    copilot_client_free(client);
    CHECK(!seen->running && seen->destroyed == 1);
    free(seen);
    CHECK(pthread_join(thread, NULL) == 0);
  }
}

/* A listener that is added once the session is there still gets the first event, 25 times of 25. */
static void first_events(uint32_t drive) {
  int n;
  copilot_client *client = fake_client(TELLS_AFTER_ANSWER, drive);
  for (n = 0; n < 25; n++) {
    struct seen *seen = calloc(1, sizeof *seen);
    copilot_session *session = NULL;
    copilot_counters counters = COPILOT_COUNTERS_INIT;
    double end = seconds() + LIMIT;
    CHECK(seen != NULL);
    OK(copilot_client_create_session(client, NULL, NULL, &session));
    OK(copilot_session_on(session, copilot_s("session.start"), on_event, seen, on_destroyed, NULL));
    do {
      if (drive == COPILOT_DRIVE_POLL) {
        OK(copilot_client_poll(client, 10, NULL));
      }
      OK(copilot_session_counters(session, &counters));
      CHECK(seconds() < end);
    } while (counters.delivered < 1);
    OK(copilot_session_disconnect(session, NULL));
    CHECK(seen->events == 2);
    /* What is known of it stays readable. */
    OK(copilot_session_counters(session, &counters));
    CHECK(counters.received >= 1);
    CHECK(copilot_session_free(session) == COPILOT_OK && seen->destroyed == 1);
    free(seen);
  }
  OK(copilot_client_stop(client, NULL));
  copilot_client_free(client);
}

static long resident(void) {
  long pages = 0, ignored = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%ld %ld", &ignored, &pages) == 2);
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

static void cycles(copilot_client *client, int count) {
  int n;
  for (n = 0; n < count; n++) {
    copilot_session *session = NULL;
    OK(copilot_client_create_session(client, NULL, NULL, &session));
    OK(copilot_session_disconnect(session, NULL));
    CHECK(copilot_session_free(session) == COPILOT_OK);
  }
}

/* Argument: how many sessions; the memory may grow by 2 MiB after the first 1,000. */
static void growth(int count) {
  copilot_client *client = fake_client(NULL, COPILOT_DRIVE_THREAD);
  long before;
  cycles(client, 1000);
  before = resident();
  cycles(client, count - 1000);
  if (resident() - before > 2L << 20) {
    fprintf(stderr, "%ld bytes more after %d sessions\n", resident() - before, count);
    abort();
  }
  OK(copilot_client_stop(client, NULL));
  copilot_client_free(client);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    growth(atoi(argv[1]));
    printf("ending: %s sessions: ok\n", argv[1]);
    return 0;
  }
  freed_while_polling();
  first_events(COPILOT_DRIVE_THREAD);
  first_events(COPILOT_DRIVE_POLL);
  puts("ending: ok");
  return 0;
}
