/* 50,000 events meet a consumer that sleeps. All arrive, in order, when it wakes, and the counters agree. Meanwhile
 * calls on another client are answered, and a call behind the events does not overtake them. */
#include <stdatomic.h>

#include "check.h"

enum { EVENTS = 50000 };

static atomic_int awake;
static atomic_long seen, wrong;
static long after_call = -1;

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  (void)user_data, (void)session;
  if (!same(event->type_name, "assistant.message_delta")) {
    return;
  }
  while (!awake) {
    sleep_ms(10);
  }
  if (number_at(event->json, "/data/n") != seen) {
    wrong++;
  }
  seen++;
}

static void after(void *user_data, copilot_error *error, copilot_string *result) {
  (void)user_data;
  OK(error);
  after_call = seen;
  copilot_string_free(result);
}

static copilot_counters counters(copilot_session *session) {
  copilot_counters counters = COPILOT_COUNTERS_INIT;
  OK(copilot_session_counters(session, &counters));
  return counters;
}

static int told(copilot_client *client, const char *text) {
  copilot_string *seen_so_far = NULL;
  int found;
  OK(copilot_client_diagnostics(client, &seen_so_far));
  found = strstr(copilot_string_data(seen_so_far), text) != NULL;
  copilot_string_free(seen_so_far);
  return found;
}

static void flood(uint32_t drive) {
  copilot_client *client = fake_client(NULL, drive);
  copilot_session_config *config = NULL;
  copilot_session *session = NULL;
  copilot_string *id = NULL;
  copilot_counters now;
  copilot_wait wait = patience(LIMIT * 1000);
  char params[256];
  double end;
  uint64_t before;
  seen = wrong = awake = 0;
  after_call = -1;
  CHECK(told(client, "\"start\":null"));
  OK(copilot_session_config_new(copilot_s("{\"model\":\"m\"}"), &config));
  OK(copilot_session_config_on_event(config, on_event, NULL, NULL));
  OK(copilot_client_create_session(client, config, NULL, &session));
  copilot_session_config_free(config);
  CHECK(told(client, "\"outcome\":\"ok\"") && told(client, "\"openSessions\":1"));
  before = counters(session).received;
  OK(copilot_session_id(session, &id));
  snprintf(params, sizeof params, "{\"sessionId\":\"%s\",\"count\":%d,\"bytes\":64}", copilot_string_data(id), EVENTS);
  OK(copilot_client_invoke_async(client, copilot_s("fake.flood"), copilot_s(params), after, NULL, NULL, NULL));
  end = seconds() + LIMIT;
  while (counters(session).received < before + EVENTS && seconds() < end) { /* nobody consumes */
    sleep_ms(10);
  }
  now = counters(session);
  CHECK(now.received >= before + EVENTS && now.queued_events > EVENTS / 2 && now.queued_bytes > EVENTS * 64 / 2);
  CHECK(now.received == now.delivered + now.queued_events && seen == 0 && after_call == -1);
  awake = 1;
  end = seconds() + LIMIT;
  while (after_call < 0 && seconds() < end) {
    if (drive == COPILOT_DRIVE_POLL) {
      OK(copilot_client_poll(client, 10, NULL));
    } else {
      sleep_ms(1);
    }
  }
  CHECK(seen == EVENTS && wrong == 0 && after_call == EVENTS);
  now = counters(session);
  CHECK(now.received == now.delivered && now.queued_events == 0 && now.queued_bytes == 0);
  OK(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), &wait, NULL));
  copilot_string_free(id);
  copilot_session_free(session);
  OK(copilot_client_stop(client, NULL));
  copilot_client_free(client);
}

int main(void) {
  flood(COPILOT_DRIVE_THREAD);
  flood(COPILOT_DRIVE_POLL);
  puts("flood: ok");
  return 0;
}
