/* The calls of a client and a session by name, what they send, what they answer, and what bad arguments cost. */
#include "check.h"

static copilot_client *client;

/* The value at a pointer as text, to compare; taken from a result that is freed. */
static void says(copilot_string *result, const char *pointer, const char *expected) {
  copilot_string *found = NULL;
  OK(copilot_json_text(copilot_string_view(result), copilot_s(pointer), &found));
  if (expected == NULL ? found != NULL : found == NULL || strcmp(copilot_string_data(found), expected) != 0) {
    fprintf(stderr, "%s of %s is %s, not %s\n", pointer, copilot_string_data(result),
            found ? copilot_string_data(found) : "nothing", expected ? expected : "nothing");
    abort();
  }
  copilot_string_free(found);
}

/* What the last request of a method said, at a pointer. */
static void sent(const char *method, const char *pointer, const char *expected) {
  char params[128], whole[160];
  copilot_string *received = NULL, *messages = NULL;
  snprintf(params, sizeof params, "{\"method\":\"%s\"}", method);
  OK(copilot_client_invoke(client, copilot_s("fake.received"), copilot_s(params), NULL, &received));
  for (int index = 0;; index++) {
    copilot_string *next = NULL;
    snprintf(whole, sizeof whole, "/messages/%d/params", index);
    OK(copilot_json_get(copilot_string_view(received), copilot_s(whole), &next));
    if (next == NULL) break;
    copilot_string_free(messages);
    messages = next;
  }
  CHECK(messages != NULL);
  says(messages, pointer, expected);
  copilot_string_free(messages);
  copilot_string_free(received);
}

static void of_a_client(void) {
  copilot_string *result = NULL;
  OK(copilot_client_ping(client, copilot_s("hi"), NULL, &result));
  says(result, "/message", "pong: hi");
  copilot_string_free(result);
  OK(copilot_client_ping(client, copilot_s(NULL), NULL, NULL));
  sent("ping", "/message", NULL);
  OK(copilot_client_get_status(client, NULL, &result));
  says(result, "/protocolVersion", "3");
  copilot_string_free(result);
  OK(copilot_client_get_auth_status(client, NULL, NULL));
  OK(copilot_client_list_sessions(client, copilot_s("{\"filter\":{\"cwd\":\"/x\"}}"), NULL, &result));
  sent("session.list", "/filter/cwd", "/x");
  copilot_string_free(result);
  OK(copilot_client_get_session_metadata(client, copilot_s("c-calls"), NULL, NULL));
  sent("session.getMetadata", "/sessionId", "c-calls");
  OK(copilot_client_get_last_session_id(client, NULL, NULL));
  OK(copilot_client_set_foreground_session_id(client, copilot_s("c-calls"), NULL));
  sent("session.setForeground", "/sessionId", "c-calls");
  OK(copilot_client_get_foreground_session_id(client, NULL, NULL));
  OK(copilot_client_delete_session(client, copilot_s("c-calls"), NULL));
  sent("session.delete", "/sessionId", "c-calls");
  FAILS_SAYING(copilot_client_delete_session(client, copilot_s(NULL), NULL), COPILOT_ERROR_INVALID_ARGUMENT, "sessionId");
  FAILS_SAYING(copilot_client_list_sessions(client, copilot_s("[]"), NULL, NULL), COPILOT_ERROR_INVALID_TYPE, "options");
}

static void of_a_session(copilot_session *session) {
  copilot_string *result = NULL;
  OK(copilot_session_set_model(session, copilot_s("m2"), copilot_s("{\"contextTier\":\"long_context\"}"), NULL));
  sent("session.model.switchTo", "/modelId", "m2");
  sent("session.model.switchTo", "/contextTier", "long_context");
  FAILS_SAYING(copilot_session_set_model(session, copilot_s("m2"), copilot_s("{\"contextTier\":\"wide\"}"), NULL),
               COPILOT_ERROR_INVALID_ARGUMENT, "expected one of default, long_context");
  OK(copilot_session_set_auto_tier(session, copilot_s("\"high\""), NULL, NULL));
  sent("session.model.switchAutoTier", "/autoTier", "high");
  FAILS_SAYING(copilot_session_set_auto_tier(session, copilot_s("{"), NULL, NULL), COPILOT_ERROR_INVALID_ARGUMENT,
               "autoTier is not valid JSON");
  OK(copilot_session_log(session, copilot_s("a line"), copilot_s("{\"level\":\"warning\"}"), NULL, NULL));
  sent("session.log", "/level", "warning");
  OK(copilot_session_set_tools(session, copilot_s("[{\"name\":\"t\",\"description\":\"d\",\"isTerminal\":false}]"),
                               copilot_s(NULL), NULL));
  sent("session.tools.set", "/tools/0/name", "t");
  sent("session.tools.set", "/tools/0/isTerminal", NULL);
  OK(copilot_session_get_events(session, NULL, &result));
  copilot_string_free(result);
  OK(copilot_session_abort(session, NULL));
  sent("session.abort", "/sessionId", "c-calls");
  OK(copilot_session_confirm(session, copilot_s("really?"), NULL, &result));
  CHECK(strcmp(copilot_string_data(result), "true") == 0);
  copilot_string_free(result);
  OK(copilot_session_select(session, copilot_s("which?"), copilot_s("[\"a\",\"b\"]"), NULL, NULL));
  sent("session.ui.elicitation", "/message", "which?");
  OK(copilot_session_input(session, copilot_s("what?"), copilot_s(NULL), NULL, NULL));
  OK(copilot_session_elicit(session, copilot_s("form"), copilot_s("{\"type\":\"object\",\"properties\":{}}"), NULL, &result));
  says(result, "/action", "accept");
  copilot_string_free(result);
}

/* An answer that follows its schema, and those that do not. */
static void structured(copilot_session *session) {
  const copilot_str schema = copilot_s("{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}");
  copilot_string *answer = NULL;
  OK(copilot_session_send_and_wait_structured(session, copilot_s("where?"), schema, copilot_s(NULL), NULL, &answer));
  says(answer, "/value/city", "Oslo");
  says(answer, "/event/type", "assistant.message");
  copilot_string_free(answer);
  sent("session.send", "/responseFormat/jsonSchema/schema/type", "object");
  FAILS_SAYING(copilot_session_send_and_wait_structured(session, copilot_s("where?"), copilot_s("{\"type\":7}"), copilot_s(NULL),
                                                        NULL, NULL),
               COPILOT_ERROR_INVALID_ARGUMENT, "no JSON Schema");
  FAILS_SAYING(copilot_session_send_and_wait_structured(session, copilot_s("where?"), copilot_s(NULL), copilot_s(NULL), NULL, NULL),
               COPILOT_ERROR_INVALID_ARGUMENT, "responseSchema");
  FAILS(copilot_session_send_and_wait_structured(session, copilot_s("else"), schema, copilot_s("{\"responseRetries\":0}"), NULL,
                                                 NULL),
        COPILOT_ERROR_SCHEMA_MISMATCH);
}

static void took(void *done, copilot_error *error, copilot_string *result) {
  OK(error);
  says(result, "/message", "pong: later");
  copilot_string_free(result);
  *(volatile int *)done = 1;
}

static void calling_back(void) {
  volatile int done = 0;
  OK(copilot_client_ping_async(client, copilot_s("later"), took, (void *)&done, NULL, NULL));
  for (double end = seconds() + LIMIT; !done && seconds() < end;) sleep_ms(1);
  CHECK(done);
  FAILS_SAYING(copilot_client_ping_async(client, copilot_s("x"), NULL, NULL, NULL, NULL), COPILOT_ERROR_INVALID_ARGUMENT,
               "done is NULL");
}

static int headers;

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  (void)user_data, (void)session;
  copilot_event_header header = COPILOT_EVENT_HEADER_INIT;
  OK(copilot_event_get_header(event, &header));
  CHECK(header.id.len == 36 && header.timestamp.data != NULL);
  FAILS(copilot_event_get_header(NULL, &header), COPILOT_ERROR_INVALID_ARGUMENT);
  header.size = 8;
  FAILS_SAYING(copilot_event_get_header(event, &header), COPILOT_ERROR_INVALID_ARGUMENT, "size");
  headers++;
}

int main(void) {
  static const char script[] =
      "[{\"on\":{\"method\":\"session.create\"},\"do\":[{\"reply\":\"default\"},{\"event\":{\"type\":\"capabilities.changed\","
      "\"data\":{\"ui\":{\"elicitation\":true}}}}]},"
      "{\"on\":{\"method\":\"session.send\",\"where\":{\"prompt\":\"where?\"}},\"do\":[{\"reply\":\"default\"},"
      "{\"event\":{\"type\":\"assistant.message\",\"data\":{\"messageId\":\"m\",\"content\":\"{\\\"city\\\":\\\"Oslo\\\"}\"}}},"
      "{\"event\":{\"type\":\"session.idle\",\"data\":{},\"ephemeral\":true}}]},"
      "{\"on\":{\"method\":\"session.ui.elicitation\"},\"do\":[{\"reply\":{\"result\":{\"action\":\"accept\","
      "\"content\":{\"confirmed\":true}}}}]},"
      "{\"on\":{\"method\":\"session.setForeground\"},\"do\":[{\"reply\":{\"result\":{\"success\":true}}}]},"
      "{\"on\":{\"method\":\"session.getForeground\"},\"do\":[{\"reply\":{\"result\":{}}}]},"
      "{\"on\":{\"method\":\"session.tools.set\"},\"do\":[{\"reply\":{\"result\":{}}}]},"
      "{\"on\":{\"method\":\"session.model.switchAutoTier\"},\"do\":[{\"reply\":{\"result\":{}}}]},"
      "{\"on\":{\"method\":\"session.log\"},\"do\":[{\"reply\":{\"result\":{\"eventId\":\"e\"}}}]}]";
  copilot_str args[] = {copilot_s("--script-json"), copilot_s(script)};
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  options.path = copilot_s(environment("COPILOT_FAKE_RUNTIME"));
  options.args = args;
  options.args_len = 2;
  OK(copilot_client_new(&options, &client));
  OK(copilot_client_start(client, NULL, NULL));
  copilot_session_config *config = NULL;
  OK(copilot_session_config_new(copilot_s("{\"sessionId\":\"c-calls\"}"), &config));
  OK(copilot_session_config_on_event(config, on_event, NULL, NULL));
  copilot_session *session = NULL;
  OK(copilot_client_create_session(client, config, NULL, &session));
  of_a_session(session);
  structured(session);
  OK(copilot_session_send_and_wait(session, copilot_s("hello"), copilot_s(NULL), NULL, NULL));
  CHECK(headers > 0);
  of_a_client();
  calling_back();
  copilot_session_config_free(config);
  copilot_session_free(session);
  OK(copilot_client_stop(client, NULL));
  copilot_client_free(client);
  puts("calls: ok");
  return 0;
}
