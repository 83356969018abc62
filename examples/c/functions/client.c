/* A client: its state, what the runtime is asked, and the sessions that it keeps.
 *
 * Runs on the runtime that COPILOT_CLI_PATH names, with the model at COPILOT_MODEL_URL.
 *
 *   cc client.c $(pkg-config --cflags --libs copilot) -o client; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./client
 */
#include "common.h"

static copilot_state state_of(const copilot_client *client) {
  copilot_state state = COPILOT_STATE_ERROR;
  check(copilot_client_state(client, &state));
  return state;
}

/* What is known without asking the runtime. */
static void at_a_glance(copilot_client *client) {
  copilot_string *seen = NULL;
  copilot_counters counters = COPILOT_COUNTERS_INIT;
  uint32_t port = 1;
  EXPECT(state_of(client) == COPILOT_STATE_CONNECTED);
  check(copilot_client_runtime_port(client, &port));
  EXPECT(port == 0); /* it is reached over its standard input and output */
  check(copilot_client_counters(client, &counters));
  printf("events: %llu came, %llu wait\n", (unsigned long long)counters.received, (unsigned long long)counters.queued_events);
  check(copilot_client_diagnostics(client, &seen));
  printf("diagnostics: %s\n", copilot_string_data(seen));
  EXPECT(says(seen, "/state", "connected"));
}

/* What the runtime is asked. */
static void questions(copilot_client *client) {
  copilot_wait wait = limit();
  copilot_string *result = NULL;
  check(copilot_client_ping(client, copilot_s("hello"), &wait, &result));
  EXPECT(says(result, "/message", "pong: hello"));
  check(copilot_client_get_status(client, &wait, &result));
  EXPECT(says(result, "/protocolVersion", "3"));
  check(copilot_client_get_auth_status(client, &wait, &result));
  printf("login: %s\n", copilot_string_data(result));
  copilot_string_free(result);
  /* Any method by its name; copilot_protocol.h has them all. A result that nobody needs is not asked for. */
  check(copilot_client_invoke(client, copilot_s("ping"), copilot_s("{\"message\":\"again\"}"), &wait, NULL));
  /* A notification is sent and never answered. */
  check(copilot_client_notify(client, copilot_s("example.said"), copilot_s("{\"text\":\"hello\"}")));
}

/* Sessions are kept by the runtime: on disk, after they were left. */
static void kept_sessions(copilot_client *client) {
  copilot_wait wait = limit();
  copilot_string *id = NULL, *result = NULL;
  copilot_session *session = open_session(client, new_config());
  check(copilot_session_id(session, &id));
  check(copilot_session_send_and_wait(session, copilot_s("Remember me."), copilot_s(NULL), &wait, NULL));
  check(copilot_session_disconnect(session, &wait));
  copilot_session_free(session);

  check(copilot_client_get_last_session_id(client, &wait, &result));
  EXPECT(says(result, "/sessionId", copilot_string_data(id)));
  check(copilot_client_list_sessions(client, copilot_s(NULL), &wait, &result));
  EXPECT(says(result, "/sessions/0/sessionId", copilot_string_data(id)));
  check(copilot_client_get_session_metadata(client, copilot_string_view(id), &wait, &result));
  EXPECT(says(result, "/session/sessionId", copilot_string_data(id)));

  check(copilot_client_delete_session(client, copilot_string_view(id), &wait));
  check(copilot_client_get_session_metadata(client, copilot_string_view(id), &wait, &result));
  EXPECT(says(result, "/session", NULL));
  copilot_string_free(id);
}

/* The session that the runtime's own interface shows. A runtime that has no interface refuses. */
static void foreground(copilot_client *client) {
  copilot_wait wait = limit();
  copilot_string *result = NULL;
  copilot_error *refusal;
  check(copilot_client_get_foreground_session_id(client, &wait, &result));
  EXPECT(says(result, "/sessionId", NULL));
  refusal = copilot_client_set_foreground_session_id(client, copilot_s("some-session"), &wait);
  printf("refused: %s\n", copilot_error_message(refusal));
  EXPECT(code_of(refusal) == COPILOT_ERROR_INVALID_STATE);
}

int main(void) {
  copilot_wait wait = limit();
  copilot_string *info = NULL;
  copilot_client *client = new_client();
  EXPECT(state_of(client) == COPILOT_STATE_DISCONNECTED); /* nothing is started yet */

  check(copilot_client_start(client, &wait, &info));
  printf("runtime: %s\n", copilot_string_data(info));
  copilot_string_free(info);
  at_a_glance(client);
  questions(client);
  kept_sessions(client);
  foreground(client);

  /* Politely, and once more with another environment, and then without asking. */
  check(copilot_client_stop(client, &wait));
  check(copilot_client_set_env(client, copilot_s("{\"PATH\":\"/usr/bin\",\"NO_COLOR\":\"1\"}"), &wait));
  check(copilot_client_start(client, &wait, NULL));
  check(copilot_client_force_stop(client, &wait));
  EXPECT(state_of(client) == COPILOT_STATE_DISCONNECTED);

  EXPECT(copilot_client_free(client) == COPILOT_OK);
  puts("client: ok");
  return 0;
}
