/* What is read of events without a JSON parser, what is logged, and answers to model requests. */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

static copilot_event event_of(const char *json) {
  copilot_event event = {sizeof event, COPILOT_STR_INIT, COPILOT_STR_INIT};
  event.json = copilot_s(json);
  event.json.len = strlen(json);
  return event;
}

static copilot_event_fields fields_of(const char *json) {
  copilot_event event = event_of(json);
  copilot_event_fields fields = COPILOT_EVENT_FIELDS_INIT;
  OK(copilot_event_get_fields(&event, &fields));
  return fields;
}

static int absent(copilot_str text) { return text.data == NULL && text.len == 0; }

static void fields(void) {
  copilot_event_fields found = fields_of("{\"type\":\"assistant.message_delta\",\"data\":{\"deltaContent\":\"a \\\"b\\\"\\n\\u00e4\"}}");
  copilot_event event = event_of("{}");
  CHECK(same(found.delta, "a \"b\"\n\xc3\xa4") && absent(found.content) && absent(found.tool_name));
  CHECK(found.success == -1 && found.input_tokens == -1 && found.output_tokens == -1);
  found = fields_of("{\"data\":{\"toolName\":\"t\\\\1\",\"toolCallId\":\"c\",\"arguments\":{\"a\": [1]},\"requestId\":\"r\"}}");
  CHECK(same(found.tool_name, "t\\1") && same(found.tool_call_id, "c") && same(found.request_id, "r"));
  CHECK(same(found.arguments, "{\"a\": [1]}"));
  found = fields_of("{\"data\":{\"success\":false,\"error\":{\"code\":\"denied\",\"message\":\"no\"}}}");
  CHECK(found.success == 0 && same(found.error_code, "denied") && same(found.message, "no"));
  found = fields_of("{\"data\":{\"errorType\":\"quota\",\"message\":\"later\",\"success\":true,\"error\":\"odd\"}}");
  CHECK(found.success == 1 && same(found.error_code, "quota") && same(found.message, "later"));
  found = fields_of("{\"data\":{\"model\":\"m\",\"inputTokens\":12,\"outputTokens\":3,\"content\":\"whole\"}}");
  CHECK(found.input_tokens == 12 && found.output_tokens == 3 && same(found.model, "m") && same(found.content, "whole"));
  found = fields_of("{\"data\":{\"content\":[1],\"inputTokens\":\"many\",\"newModel\":\"n\"}}");
  CHECK(absent(found.content) && found.input_tokens == -1 && same(found.model, "n"));
  found = fields_of("{\"data\":null}");
  CHECK(absent(found.delta));
  found = fields_of("{}");
  CHECK(absent(found.delta));
  FAILS(copilot_event_get_fields(NULL, &found), COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_event_get_fields(&event, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  found.size = 8;
  FAILS(copilot_event_get_fields(&event, &found), COPILOT_ERROR_INVALID_ARGUMENT);
  found.size = sizeof found;
  event.json = copilot_s("no json");
  FAILS(copilot_event_get_fields(&event, &found), COPILOT_ERROR_INVALID_ARGUMENT);
}

/* -- handlers by kind ---------------------------------------------------------------------------------------------- */

typedef copilot_error *(*register_one)(copilot_session_config *, copilot_call_fn, void *, copilot_destroy_fn);
typedef copilot_error *(*register_named)(copilot_session_config *, copilot_str, copilot_call_fn, void *, copilot_destroy_fn);

static int let_go;

static void count(void *user_data) { ++*(int *)user_data; }

static void never(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  copilot_call_free(call);
}

static void registrations(void) {
  static const register_one one[] = {
      copilot_session_config_on_permission,
      copilot_session_config_on_user_input,
      copilot_session_config_on_exit_plan_mode,
      copilot_session_config_on_auto_mode_switch,
      copilot_session_config_on_elicitation,
      copilot_session_config_on_mcp_auth,
      copilot_session_config_on_canvas,
      copilot_session_config_on_session_fs,
      copilot_session_config_on_skill_provider,
      copilot_session_config_on_github_token,
  };
  static const register_named named[] = {
      copilot_session_config_on_hook,
      copilot_session_config_on_system_message_transform,
      copilot_session_config_on_command,
      copilot_session_config_on_provider_token,
      copilot_session_config_on_factory,
  };
  copilot_session_config *config = NULL;
  copilot_str none = COPILOT_STR_INIT;
  size_t n;
  int registered = 0, refused = 0;
  OK(copilot_session_config_new(none, &config));
  for (n = 0; n < sizeof one / sizeof *one; n++) {
    OK(one[n](config, never, &let_go, count)), registered++;
    FAILS(one[n](config, NULL, &let_go, count), COPILOT_ERROR_INVALID_ARGUMENT), refused++;
    FAILS(one[n](NULL, never, &let_go, count), COPILOT_ERROR_BAD_HANDLE), refused++;
  }
  for (n = 0; n < sizeof named / sizeof *named; n++) {
    OK(named[n](config, copilot_s("x"), never, &let_go, count)), registered++;
    FAILS(named[n](config, none, never, &let_go, count), COPILOT_ERROR_INVALID_ARGUMENT), refused++;
    FAILS(named[n](NULL, copilot_s("x"), never, &let_go, count), COPILOT_ERROR_BAD_HANDLE), refused++;
  }
  CHECK(registered == 15 && let_go == refused);
  CHECK(copilot_session_config_free(config) == COPILOT_OK && let_go == refused + registered);
}

/* -- the end of a session ------------------------------------------------------------------------------------------ */

static atomic_int ends, let_go_of;
static atomic_uint last_code;

static void over(void *user_data, copilot_session *session, copilot_error *error) {
  CHECK(user_data == &ends && session != NULL);
  last_code = copilot_error_code(error);
  CHECK(copilot_error_free(error) == COPILOT_OK);
  ends++;
}

static void forget(void *user_data) {
  (void)user_data;
  let_go_of++;
}

static void ended(int expected, copilot_code code) {
  int tries;
  for (tries = 0; tries < 500 && ends < expected; tries++) sleep_ms(10);
  CHECK(ends == expected && last_code == (unsigned)code);
}

static void the_end(void) {
  copilot_client *of_this = fake_client("[{\"on\":{\"method\":\"die\"},\"do\":[{\"exit\":3}]}]", COPILOT_DRIVE_THREAD);
  copilot_session_config *config = NULL;
  copilot_session *left = NULL, *freed = NULL, *lost = NULL;
  copilot_str none = COPILOT_STR_INIT;
  OK(copilot_session_config_new(none, &config));
  FAILS(copilot_session_config_on_ended(config, NULL, &ends, forget), COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_session_config_on_ended(NULL, over, &ends, forget), COPILOT_ERROR_BAD_HANDLE);
  CHECK(let_go_of == 2);
  OK(copilot_session_config_on_ended(config, over, &ends, forget));
  OK(copilot_client_create_session(of_this, config, NULL, &left));
  OK(copilot_client_create_session(of_this, config, NULL, &freed));
  OK(copilot_client_create_session(of_this, config, NULL, &lost));
  OK(copilot_session_disconnect(left, NULL));
  ended(1, COPILOT_ERROR_SESSION_CLOSED);
  CHECK(copilot_session_free(freed) == COPILOT_OK);
  copilot_error_free(copilot_client_invoke(of_this, copilot_s("die"), none, NULL, NULL));
  ended(2, COPILOT_ERROR_PROCESS_EXITED);
  CHECK(copilot_session_free(left) == COPILOT_OK && copilot_session_free(lost) == COPILOT_OK);
  CHECK(copilot_session_config_free(config) == COPILOT_OK && copilot_client_free(of_this) == COPILOT_OK);
  CHECK(ends == 2 && let_go_of == 3);
}

/* -- logs ---------------------------------------------------------------------------------------------------------- */

static atomic_int lines, most, destroyed;

static void log_line(void *user_data, uint32_t level, copilot_str target, copilot_str message) {
  CHECK(user_data == &lines && level >= COPILOT_LOG_ERROR && level <= COPILOT_LOG_TRACE);
  CHECK(target.len > 7 && memcmp(target.data, "copilot", 7) == 0 && message.data != NULL);
  lines++;
  if ((int)level > most) most = (int)level;
}

static void gone(void *user_data) {
  (void)user_data;
  destroyed++;
}

static void start_and_stop(void) {
  copilot_client *client = fake_client("[]", COPILOT_DRIVE_THREAD);
  OK(copilot_client_start(client, NULL, NULL));
  OK(copilot_client_stop(client, NULL));
  CHECK(copilot_client_free(client) == COPILOT_OK);
}

static void logs(void) {
  int before;
  FAILS(copilot_log_set(6, log_line, &lines, gone), COPILOT_ERROR_INVALID_ARGUMENT);
  CHECK(destroyed == 1);
  start_and_stop();
  CHECK(lines == 0);
  OK(copilot_log_set(COPILOT_LOG_TRACE, log_line, &lines, gone));
  start_and_stop();
  CHECK(lines > 0 && most > COPILOT_LOG_INFO);
  OK(copilot_log_set(COPILOT_LOG_ERROR, log_line, &lines, gone));
  CHECK(destroyed == 2);
  before = lines;
  start_and_stop();
  CHECK(lines == before);
  OK(copilot_log_set(COPILOT_LOG_OFF, NULL, NULL, NULL));
  CHECK(destroyed == 3);
}

/* -- model requests ------------------------------------------------------------------------------------------------ */

static copilot_client *client;
static char request_id[64];

static void *in_a_thread(void *given) {
  copilot_call *call = (copilot_call *)given;
  copilot_str id = copilot_s(request_id), none = COPILOT_STR_INIT, bytes = {"\xff\x00z", 3}, bad = {"\xff", 1};
  FAILS(copilot_client_llm_start(client, none, none, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_client_llm_write_text(client, id, bad, NULL), COPILOT_ERROR_BAD_TEXT);
  FAILS(copilot_client_llm_write_bytes(NULL, id, bytes, NULL), COPILOT_ERROR_BAD_HANDLE);
  OK(copilot_client_llm_start(client, id, copilot_s("{\"status\":200}"), NULL));
  OK(copilot_client_llm_write_bytes(client, id, bytes, NULL));
  OK(copilot_client_llm_write_text(client, id, copilot_s("two"), NULL));
  OK(copilot_client_llm_end(client, id, NULL));
  OK(copilot_call_reply(call, copilot_s("null")));
  return NULL;
}

static void *failing(void *given) {
  copilot_str id = copilot_s(request_id);
  copilot_str none = COPILOT_STR_INIT;
  FAILS(copilot_client_llm_fail(client, id, copilot_s("too early"), none, NULL), COPILOT_ERROR_INVALID_STATE);
  OK(copilot_client_llm_start(client, id, copilot_s("{\"status\":200}"), NULL));
  OK(copilot_client_llm_fail(client, id, copilot_s("no model"), copilot_s("{\"code\":\"none\"}"), NULL));
  OK(copilot_call_reply((copilot_call *)given, copilot_s("null")));
  return NULL;
}

static void serve(void *user_data, copilot_call *call, const copilot_call_info *info) {
  pthread_t thread;
  copilot_string *id = NULL;
  (void)user_data;
  CHECK(info->kind == COPILOT_CALL_LLM_REQUEST);
  OK(copilot_json_text(info->args, copilot_s("/requestId"), &id));
  snprintf(request_id, sizeof request_id, "%s", copilot_string_data(id));
  copilot_string_free(id);
  CHECK(pthread_create(&thread, NULL, *request_id == 'f' ? failing : in_a_thread, call) == 0);
  pthread_detach(thread);
}

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

static void ask(const char *id) {
  char params[512];
  snprintf(params, sizeof params,
           "{\"method\":\"llmInference.httpRequestStart\",\"params\":{\"requestId\":\"%s\",\"method\":\"post\","
           "\"url\":\"http://model.example/v1\",\"headers\":{}}}", id);
  OK(copilot_client_invoke(client, copilot_s("fake.request"), copilot_s(params), NULL, NULL));
  snprintf(params, sizeof params,
           "{\"method\":\"llmInference.httpRequestChunk\",\"params\":{\"requestId\":\"%s\",\"data\":\"\",\"end\":true}}", id);
  OK(copilot_client_invoke(client, copilot_s("fake.request"), copilot_s(params), NULL, NULL));
}

static void await_end(const char *id) {
  char where[128];
  int tries;
  snprintf(where, sizeof where, "{\"requestId\":\"%s\",\"end\":true}", id);
  for (tries = 0; tries < 500 && received("llmInference.httpResponseChunk", where) == 0; tries++) sleep_ms(10);
  CHECK(tries < 500);
}

static const char accepting[] =
    "[{\"on\":{\"method\":\"llmInference.setProvider\"},\"do\":[{\"reply\":{\"result\":{}}}]},"
    "{\"on\":{\"method\":\"llmInference.httpResponseStart\"},\"do\":[{\"reply\":{\"result\":{\"accepted\":true}}}]},"
    "{\"on\":{\"method\":\"llmInference.httpResponseChunk\"},\"do\":[{\"reply\":{\"result\":{\"accepted\":true}}}]}]";

static void models(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_str args[2];
  args[0] = copilot_s("--script-json");
  args[1] = copilot_s(accepting);
  options.path = copilot_s(environment("COPILOT_FAKE_RUNTIME"));
  options.args = args;
  options.args_len = 2;
  options.json = copilot_s("{\"handlers\":{\"requestHandler\":true}}");
  options.on_call = serve;
  OK(copilot_client_new(&options, &client));
  OK(copilot_client_start(client, NULL, NULL));
  ask("q");
  await_end("q");
  CHECK(received("llmInference.httpResponseStart", "{\"requestId\":\"q\",\"status\":200}") == 1);
  CHECK(received("llmInference.httpResponseChunk", "{\"requestId\":\"q\",\"data\":\"two\"}") == 1);
  CHECK(received("llmInference.httpResponseChunk", "{\"requestId\":\"q\",\"data\":\"/wB6\",\"binary\":true}") == 1);
  ask("f");
  await_end("f");
  OK(copilot_client_stop(client, NULL));
  CHECK(copilot_client_free(client) == COPILOT_OK);
}

static void features(void) {
  CHECK(copilot_has("inprocess") && copilot_has("llm") && copilot_has("log") && copilot_has("event-fields"));
  CHECK(!copilot_has("flying") && !copilot_has("") && !copilot_has(NULL) && !copilot_has("\xff"));
}

int main(void) {
  features();
  registrations();
  the_end();
  fields();
  logs();
  models();
  puts("reading: ok");
  return 0;
}
