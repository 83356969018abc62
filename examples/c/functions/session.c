/* A session: messages, events, what it is asked, and how it is left and opened again.
 *
 * Runs on the runtime that COPILOT_CLI_PATH names, with the model at COPILOT_MODEL_URL; model.json is what that one says.
 *
 *   cc session.c $(pkg-config --cflags --libs copilot) -o session; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./session
 */
#include "common.h"

/* What listeners have seen. They run one at a time, on the library's thread; after a wait they are through with its turn. */
struct seen {
  int events, answers, ended;
};

/* Every event: `session` and `event` are lent, and so is what is read of the event. */
static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  copilot_event_header header = COPILOT_EVENT_HEADER_INIT;
  (void)session;
  check(copilot_event_get_header(event, &header));
  EXPECT(header.id.len == 36 && header.timestamp.len > 0);
  ((struct seen *)user_data)->events++;
}

/* The events of one type. */
static void on_answer(void *user_data, copilot_session *session, const copilot_event *event) {
  copilot_event_fields fields = COPILOT_EVENT_FIELDS_INIT;
  (void)session;
  check(copilot_event_get_fields(event, &fields));
  printf("answer: %.*s\n", (int)fields.content.len, fields.content.data);
  ((struct seen *)user_data)->answers++;
}

/* The session has ended. The error says why, and is ours. */
static void on_ended(void *user_data, copilot_session *session, copilot_error *error) {
  (void)session;
  EXPECT(is_at(copilot_s(copilot_error_reason(error)), "/code", "session.disconnected"));
  copilot_error_free(error);
  ((struct seen *)user_data)->ended++;
}

static void messages(copilot_session *session, struct seen *seen) {
  copilot_wait wait = limit();
  copilot_string *result = NULL;
  uint64_t listener = 0;
  check(copilot_session_on(session, copilot_s("assistant.message"), on_answer, seen, NULL, &listener));

  /* Sent, and waited for until the agent has finished. */
  check(copilot_session_send_and_wait(session, copilot_s("Hello."), copilot_s(NULL), &wait, &result));
  EXPECT(says(result, "/type", "assistant.message"));
  EXPECT(seen->answers == 1);

  /* A listener that is removed hears no more. */
  check(copilot_session_off(session, listener));
  check(copilot_session_send_and_wait(session, copilot_s("Hello again."), copilot_s(NULL), &wait, NULL));
  EXPECT(seen->answers == 1);

  /* An answer that follows a schema, and is asked for again when it does not. */
  check(copilot_session_send_and_wait_structured(
      session, copilot_s("What is the capital of Norway?"),
      copilot_s("{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}"),
      copilot_s("{\"responseRetries\":1}"), &wait, &result));
  EXPECT(says(result, "/value/city", "Oslo"));

  /* Sent only. The model does not answer this one, so we end it. */
  check(copilot_session_send(session, copilot_s("Think for ever."), copilot_s(NULL), &wait, &result));
  EXPECT(has(result, "/messageId"));
  check(copilot_session_abort(session, &wait));
}

static void what_it_is_asked(copilot_session *session) {
  copilot_wait wait = limit();
  copilot_string *result = NULL;
  copilot_counters counters = COPILOT_COUNTERS_INIT;
  check(copilot_session_state(session, &result));
  printf("state: %s\n", copilot_string_data(result));
  copilot_string_free(result);
  check(copilot_session_counters(session, &counters));
  EXPECT(counters.received > 0 && counters.queued_events <= counters.received);
  check(copilot_session_get_events(session, &wait, &result));
  EXPECT(says(result, "/events/0/type", "session.start"));
  /* A line for the people who read the session's timeline. */
  check(copilot_session_log(session, copilot_s("half-way"), copilot_s("{\"level\":\"warning\"}"), &wait, &result));
  EXPECT(has(result, "/eventId"));
  check(copilot_session_set_model(session, copilot_s("scripted-too"), copilot_s("{\"reasoningSummary\":\"none\"}"), &wait));
  /* Any method by its name; the session's id is added. */
  check(copilot_session_invoke(session, copilot_s("session.model.getCurrent"), copilot_s(NULL), &wait, &result));
  EXPECT(says(result, "/modelId", "scripted-too"));
  /* No such task runs in the background. */
  check(copilot_session_cancel_task(session, copilot_s("no-such-task"), &wait, &result));
  EXPECT(says(result, "/cancelled", "false"));
}

int main(void) {
  struct seen seen = {0, 0, 0};
  copilot_wait wait = limit();
  copilot_client *client = new_client();
  copilot_session_config *config = new_config();
  copilot_session *session = NULL;
  copilot_string *id = NULL, *same = NULL;

  /* Options as JSON, and more of them; then who listens. */
  check(copilot_session_config_set(config, copilot_s("{\"clientName\":\"functions\"}")));
  check(copilot_session_config_on_event(config, on_event, &seen, NULL));
  check(copilot_session_config_on_ended(config, on_ended, &seen, NULL));
  session = open_session(client, config);
  check(copilot_session_id(session, &id));
  messages(session, &seen);
  what_it_is_asked(session);

  /* Left: no callback of it runs afterwards. The handle is still ours to free. */
  check(copilot_session_disconnect(session, &wait));
  EXPECT(copilot_session_free(session) == COPILOT_OK);
  EXPECT(seen.events > 0 && seen.ended == 1);

  /* Opened again by its id. */
  config = new_config();
  check(copilot_client_resume_session(client, copilot_string_view(id), config, &wait, &session));
  EXPECT(copilot_session_config_free(config) == COPILOT_OK);
  check(copilot_session_id(session, &same));
  EXPECT(strcmp(copilot_string_data(id), copilot_string_data(same)) == 0);
  copilot_string_free(id), copilot_string_free(same);
  copilot_session_free(session);
  end(client);
  puts("session: ok");
  return 0;
}
