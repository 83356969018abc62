/* The calls that call back, each once, in both drives: what they send, what they answer, and that they tell exactly once. Then
 * what else can be asked of a client, a session, a call and an error. */
#include <stdatomic.h>

#include "check.h"

static copilot_client *client;
static copilot_session *session;
static uint32_t drive;

/* -- one call at a time -------------------------------------------------------------------------------------------- */

static struct {
  atomic_int told, destroyed;
  copilot_code code;
  char json[4096];
} outcome;

static void told(void *user_data, copilot_error *error, copilot_string *result) {
  CHECK(user_data == &outcome && (error == NULL) != (result == NULL));
  outcome.code = copilot_error_code(error);
  snprintf(outcome.json, sizeof outcome.json, "%s", error ? copilot_error_message(error) : copilot_string_data(result));
  copilot_error_free(error);
  copilot_string_free(result);
  outcome.told++;
}

static void opened(void *user_data, copilot_error *error, copilot_session *resumed) {
  CHECK(user_data == &outcome);
  OK(error);
  copilot_session_free(session);
  session = resumed;
  outcome.code = COPILOT_OK;
  outcome.told++;
}

static void forgotten(void *user_data) {
  CHECK(user_data == &outcome);
  outcome.destroyed++;
}

/* What each of them is given. */
#define TOLD told, &outcome, forgotten, &op

static void await_outcome(copilot_error *begun, copilot_op *op, copilot_code code, const char *text, int line) {
  double end = seconds() + LIMIT;
  OK(begun);
  while (!outcome.destroyed && seconds() < end) {
    if (drive == COPILOT_DRIVE_POLL) OK(copilot_client_poll(client, 100, NULL));
    else sleep_ms(1);
  }
  if (outcome.told != 1 || outcome.destroyed != 1 || outcome.code != code || strstr(outcome.json, text) == NULL) {
    fprintf(stderr, "asyncs.c:%d: told %d times, code %d, %s\n", line, outcome.told, (int)outcome.code, outcome.json);
    abort();
  }
  OK(copilot_op_cancel(op)); /* of something that has ended */
  CHECK(copilot_op_free(op) == COPILOT_OK);
}

/* The call ends with this code, and a result or a message with this text. */
#define ENDS(call, code, text)                              \
  do {                                                      \
    copilot_op *op = NULL;                                  \
    copilot_error *begun;                                   \
    memset(&outcome, 0, sizeof outcome);                    \
    begun = (call);                                         \
    await_outcome(begun, op, (code), (text), __LINE__);     \
  } while (0)
#define SUCCEEDS(call, text) ENDS(call, COPILOT_OK, text)

/* How many messages of the method, with these parameters, the runtime has received. */
static long received(const char *method, const char *where) {
  char params[256];
  copilot_string *answer = NULL;
  long count;
  snprintf(params, sizeof params, "{\"method\":\"%s\",\"where\":%s}", method, where);
  OK(copilot_client_invoke(client, copilot_s("fake.received"), copilot_s(params), NULL, &answer));
  count = number_at(copilot_string_view(answer), "/count");
  copilot_string_free(answer);
  return count;
}

/* -- what they do -------------------------------------------------------------------------------------------------- */

static const char SCRIPT[] =
    "[{\"on\":{\"method\":\"session.resume\"},\"do\":[{\"reply\":\"default\"},{\"event\":{\"type\":\"capabilities.changed\","
    "\"data\":{\"ui\":{\"elicitation\":true}}}}]},"
    "{\"on\":{\"method\":\"session.ui.elicitation\",\"where\":{\"message\":\"really?\"}},\"do\":[{\"reply\":{\"result\":"
    "{\"action\":\"accept\",\"content\":{\"confirmed\":true}}}}]},"
    "{\"on\":{\"method\":\"session.ui.elicitation\"},\"do\":[{\"reply\":{\"result\":{\"action\":\"decline\"}}}]},"
    "{\"on\":{\"method\":\"session.setForeground\"},\"do\":[{\"reply\":{\"result\":{\"success\":true}}}]},"
    "{\"on\":{\"method\":\"session.getForeground\"},\"do\":[{\"reply\":{\"result\":{\"sessionId\":\"shown\"}}}]},"
    "{\"on\":{\"method\":\"session.tools.set\"},\"do\":[{\"reply\":{\"result\":{}}}]},"
    "{\"on\":{\"method\":\"session.tasks.cancel\"},\"do\":[{\"reply\":{\"result\":{\"cancelled\":true}}}]},"
    "{\"on\":{\"method\":\"session.model.switchAutoTier\"},\"do\":[{\"reply\":{\"result\":{\"tier\":\"high\"}}}]},"
    "{\"on\":{\"method\":\"host.start\"},\"do\":[{\"reply\":{\"result\":{\"hostId\":\"h\",\"url\":\"http://127.0.0.1:1\"}}}]},"
    "{\"on\":{\"method\":\"llmInference.setProvider\"},\"do\":[{\"reply\":{\"result\":{}}}]},"
    "{\"on\":{\"method\":\"llmInference.httpResponseStart\"},\"do\":[{\"reply\":{\"result\":{\"accepted\":true}}}]},"
    "{\"on\":{\"method\":\"llmInference.httpResponseChunk\"},\"do\":[{\"reply\":{\"result\":{\"accepted\":true}}}]}]";

static const copilot_str none = COPILOT_STR_INIT;

static void of_a_client(void) {
  copilot_op *op = NULL;
  SUCCEEDS(copilot_client_get_status_async(client, TOLD), "\"protocolVersion\":3");
  SUCCEEDS(copilot_client_get_auth_status_async(client, TOLD), "isAuthenticated");
  SUCCEEDS(copilot_client_list_models_async(client, TOLD), "\"models\":[");
  SUCCEEDS(copilot_client_list_sessions_async(client, copilot_s("{\"filter\":{\"cwd\":\"/y\"}}"), TOLD), "\"sessions\":[");
  CHECK(received("session.list", "{\"filter\":{\"cwd\":\"/y\"}}") == 1);
  SUCCEEDS(copilot_client_get_session_metadata_async(client, copilot_s("c-asyncs"), TOLD), "c-asyncs");
  SUCCEEDS(copilot_client_get_last_session_id_async(client, TOLD), "c-asyncs");
  SUCCEEDS(copilot_client_get_foreground_session_id_async(client, TOLD), "shown");
  SUCCEEDS(copilot_client_set_foreground_session_id_async(client, copilot_s("c-asyncs"), TOLD), "");
  CHECK(received("session.setForeground", "{\"sessionId\":\"c-asyncs\"}") == 1);
  ENDS(copilot_client_start_ahp_host_async(client, copilot_s("{}"), TOLD), COPILOT_ERROR_INVALID_ARGUMENT, "localServer");
  SUCCEEDS(copilot_client_start_ahp_host_async(client, copilot_s("{\"localServer\":{}}"), TOLD), "127.0.0.1");
  CHECK(received("host.start", "{\"localServer\":{\"$any\":true}}") == 1);
  OK(copilot_client_start_ahp_host(client, copilot_s("{\"localServer\":{}}"), NULL, NULL));
  FAILS(copilot_client_start_ahp_host(client, copilot_s("7"), NULL, NULL), COPILOT_ERROR_INVALID_TYPE);
  /* Nobody asks for a model: each says so when it is told. */
  ENDS(copilot_client_llm_start_async(client, copilot_s("gone"), none, TOLD), COPILOT_ERROR_INVALID_STATE, "gone");
  FAILS(copilot_client_llm_start_async(client, none, none, TOLD), COPILOT_ERROR_INVALID_ARGUMENT);
}

static void of_a_session(void) {
  SUCCEEDS(copilot_session_invoke_async(session, copilot_s("session.getMessages"), none, TOLD), "events");
  SUCCEEDS(copilot_session_get_events_async(session, TOLD), "[");
  SUCCEEDS(copilot_session_set_model_async(session, copilot_s("m2"), none, TOLD), "");
  CHECK(received("session.model.switchTo", "{\"modelId\":\"m2\"}") == 1);
  SUCCEEDS(copilot_session_set_auto_tier_async(session, copilot_s("\"high\""), TOLD), "high");
  SUCCEEDS(copilot_session_set_tools_async(session, copilot_s("[{\"name\":\"t\",\"description\":\"d\"}]"), none, TOLD), "");
  CHECK(received("session.tools.set", "{\"tools\":[{\"name\":\"t\"}]}") == 1);
  ENDS(copilot_session_send_and_wait_structured_async(session, copilot_s("x"), copilot_s("{\"type\":\"integer\"}"),
                                                      copilot_s("{\"responseRetries\":0}"), TOLD),
       COPILOT_ERROR_SCHEMA_MISMATCH, "no answer followed the schema");
  SUCCEEDS(copilot_session_log_async(session, copilot_s("a line"), copilot_s("{\"level\":\"warning\"}"), TOLD), "");
  CHECK(received("session.log", "{\"message\":\"a line\",\"level\":\"warning\"}") == 1);
  SUCCEEDS(copilot_session_cancel_task_async(session, copilot_s("t1"), TOLD), "\"cancelled\":true");
  OK(copilot_session_cancel_task(session, copilot_s("t2"), NULL, NULL));
  FAILS(copilot_session_cancel_task(session, none, NULL, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  CHECK(received("session.tasks.cancel", "{\"id\":\"t1\"}") == 1 && received("session.tasks.cancel", "{\"id\":\"t2\"}") == 1);
  SUCCEEDS(copilot_session_confirm_async(session, copilot_s("really?"), TOLD), "true");
  SUCCEEDS(copilot_session_select_async(session, copilot_s("which?"), copilot_s("[\"a\",\"b\"]"), TOLD), "null");
  SUCCEEDS(copilot_session_input_async(session, copilot_s("what?"), none, TOLD), "null");
  SUCCEEDS(copilot_session_elicit_async(session, copilot_s("form"), copilot_s("{\"type\":\"object\",\"properties\":{}}"), TOLD),
           "decline");
  CHECK(received("session.ui.elicitation", "{}") == 4);
  SUCCEEDS(copilot_session_abort_async(session, TOLD), "");
  CHECK(received("session.abort", "{\"sessionId\":\"c-asyncs\"}") == 1);
}

static void readings(void) {
  copilot_counters of_client = COPILOT_COUNTERS_INIT, of_session = COPILOT_COUNTERS_INIT;
  copilot_string *state = NULL;
  copilot_error *error;
  uint32_t port = 1;
  OK(copilot_session_send_and_wait(session, copilot_s("x"), none, NULL, NULL));
  OK(copilot_client_counters(client, &of_client));
  OK(copilot_session_counters(session, &of_session));
  CHECK(of_session.received > 0 && of_client.received >= of_session.received);
  FAILS(copilot_client_counters(client, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  OK(copilot_session_state(session, &state));
  CHECK(strstr(copilot_string_data(state), "\"sessionId\":\"c-asyncs\"") != NULL);
  copilot_string_free(state);
  FAILS(copilot_session_state(session, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  OK(copilot_client_runtime_port(client, &port));
  CHECK(port == 0); /* it speaks over its standard input and output */
  FAILS(copilot_client_runtime_port(client, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_client_run_ui_action(client, 7), COPILOT_ERROR_INVALID_STATE); /* nothing asks for it */
  error = copilot_client_list_sessions(client, copilot_s("[]"), NULL, NULL);
  CHECK(copilot_error_reason(error) == NULL || strstr(copilot_error_reason(error), "\"code\"") != NULL);
  copilot_error_free(error);
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static copilot_call *asked;
static char request[64];

static void keep(void *user_data, copilot_call *call, const copilot_call_info *info) {
  char *id = text_at(info->args, "/requestId");
  (void)user_data;
  snprintf(request, sizeof request, "%s", id ? id : "");
  free(id);
  asked = call;
}

static void await_question(void) {
  double end = seconds() + LIMIT;
  while (asked == NULL && seconds() < end) OK(copilot_client_invoke(client, copilot_s("ping"), none, NULL, NULL));
  CHECK(asked != NULL);
}

static void refusing(void) {
  asked = NULL;
  OK(copilot_client_invoke(client, copilot_s("fake.emit"),
                           copilot_s("{\"sessionId\":\"c-asyncs\",\"event\":{\"type\":\"external_tool.requested\",\"data\":"
                                     "{\"requestId\":\"r\",\"toolCallId\":\"c\",\"toolName\":\"keep\",\"arguments\":{}}}}"),
                           NULL, NULL));
  await_question();
  FAILS(copilot_call_fail_with(asked, copilot_s("no"), -5, copilot_s("{")), COPILOT_ERROR_INVALID_ARGUMENT);
  OK(copilot_call_fail_with(asked, copilot_s("the tool says no"), -5, copilot_s("{\"why\":1}")));
  FAILS(copilot_call_fail_with(asked, copilot_s("again"), 0, none), COPILOT_ERROR_BAD_HANDLE);
  while (received("session.tools.handlePendingToolCall", "{\"requestId\":\"r\",\"error\":{\"$contains\":\"says no\"}}") == 0)
    sleep_ms(1);
}

static void ask_model(const char *id) {
  char params[512];
  asked = NULL;
  snprintf(params, sizeof params,
           "{\"method\":\"llmInference.httpRequestStart\",\"params\":{\"requestId\":\"%s\",\"method\":\"post\","
           "\"url\":\"http://model.example/v1\",\"headers\":{}}}", id);
  OK(copilot_client_invoke(client, copilot_s("fake.request"), copilot_s(params), NULL, NULL));
  snprintf(params, sizeof params,
           "{\"method\":\"llmInference.httpRequestChunk\",\"params\":{\"requestId\":\"%s\",\"data\":\"\",\"end\":true}}", id);
  OK(copilot_client_invoke(client, copilot_s("fake.request"), copilot_s(params), NULL, NULL));
  await_question();
}

static void models(void) {
  copilot_str id = {request, COPILOT_NUL};
  ask_model("whole");
  SUCCEEDS(copilot_client_llm_start_async(client, id, copilot_s("{\"status\":201}"), TOLD), "");
  SUCCEEDS(copilot_client_llm_write_text_async(client, id, copilot_s("text"), TOLD), "");
  SUCCEEDS(copilot_client_llm_write_bytes_async(client, id, copilot_sn("\xff\0z", 3), TOLD), "");
  SUCCEEDS(copilot_client_llm_end_async(client, id, TOLD), "");
  OK(copilot_call_reply(asked, copilot_s("null")));
  CHECK(received("llmInference.httpResponseStart", "{\"requestId\":\"whole\",\"status\":201}") == 1);
  CHECK(received("llmInference.httpResponseChunk", "{\"requestId\":\"whole\",\"data\":\"text\"}") == 1);
  CHECK(received("llmInference.httpResponseChunk", "{\"requestId\":\"whole\",\"data\":\"/wB6\",\"binary\":true}") == 1);
  CHECK(received("llmInference.httpResponseChunk", "{\"requestId\":\"whole\",\"end\":true}") == 1);
  ask_model("broken");
  SUCCEEDS(copilot_client_llm_start_async(client, id, copilot_s("{\"status\":200}"), TOLD), "");
  SUCCEEDS(copilot_client_llm_fail_async(client, id, copilot_s("no model"), none, TOLD), "");
  OK(copilot_call_reply(asked, copilot_s("null")));
  CHECK(received("llmInference.httpResponseChunk", "{\"requestId\":\"broken\",\"error\":{\"message\":\"no model\"}}") == 1);
}

/* -- beginning and end --------------------------------------------------------------------------------------------- */

static void environment_of_the_child(const char *expected) {
  copilot_string *info = NULL;
  char *found;
  OK(copilot_client_invoke(client, copilot_s("fake.info"), none, NULL, &info));
  found = text_at(copilot_string_view(info), "/env/C_ASYNCS");
  CHECK(found != NULL && strcmp(found, expected) == 0);
  free(found);
  copilot_string_free(info);
}

static void begin(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_session_config *config = NULL;
  copilot_tool tool = COPILOT_TOOL_INIT;
  copilot_str args[2];
  args[0] = copilot_s("--script-json"), args[1] = copilot_s(SCRIPT);
  options.path = copilot_s(environment("COPILOT_FAKE_RUNTIME"));
  options.args = args, options.args_len = 2, options.drive = drive;
  options.json = copilot_s("{\"handlers\":{\"requestHandler\":true}}");
  options.on_call = keep;
  OK(copilot_client_new(&options, &client));
  OK(copilot_client_set_env(client, copilot_s("{\"C_ASYNCS\":\"one\"}"), NULL));
  FAILS(copilot_client_set_env(client, copilot_s("{\"C_ASYNCS\":1}"), NULL), COPILOT_ERROR_INVALID_TYPE);
  SUCCEEDS(copilot_client_start_async(client, TOLD), "protocolVersion");
  environment_of_the_child("one");
  OK(copilot_session_config_new(copilot_s("{\"sessionId\":\"c-asyncs\"}"), &config));
  tool.name = copilot_s("keep"), tool.call = keep;
  OK(copilot_session_config_tool(config, &tool));
  OK(copilot_client_create_session(client, config, NULL, &session));
  SUCCEEDS(copilot_client_resume_session_async(client, copilot_s("c-asyncs"), config, opened, &outcome, forgotten, &op), "");
  CHECK(received("session.resume", "{\"sessionId\":\"c-asyncs\"}") == 1);
  copilot_session_config_free(config);
}

static void end(void) {
  copilot_state state;
  copilot_error *error;
  SUCCEEDS(copilot_session_disconnect_async(session, TOLD), "");
  error = copilot_session_abort(session, NULL);
  CHECK(copilot_error_code(error) == COPILOT_ERROR_SESSION_CLOSED);
  CHECK(strstr(copilot_error_reason(error), "\"session.disconnected\"") != NULL);
  copilot_error_free(error);
  CHECK(copilot_error_reason(NULL) == NULL);
  CHECK(copilot_session_free(session) == COPILOT_OK);
  SUCCEEDS(copilot_client_delete_session_async(client, copilot_s("c-asyncs"), TOLD), "");
  CHECK(received("session.delete", "{\"sessionId\":\"c-asyncs\"}") == 1);
  SUCCEEDS(copilot_client_stop_async(client, TOLD), "");
  OK(copilot_client_state(client, &state));
  CHECK(state == COPILOT_STATE_DISCONNECTED);
  SUCCEEDS(copilot_client_set_env_async(client, copilot_s("{\"C_ASYNCS\":\"two\"}"), TOLD), "");
  OK(copilot_client_start(client, NULL, NULL));
  environment_of_the_child("two");
  SUCCEEDS(copilot_client_force_stop_async(client, TOLD), "");
  OK(copilot_client_state(client, &state));
  CHECK(state == COPILOT_STATE_DISCONNECTED && copilot_client_free(client) == COPILOT_OK);
}

int main(void) {
  for (drive = COPILOT_DRIVE_THREAD; drive <= COPILOT_DRIVE_POLL; drive++) {
    begin();
    of_a_client();
    of_a_session();
    readings();
    refusing();
    models();
    end();
  }
  puts("asyncs: ok");
  return 0;
}
