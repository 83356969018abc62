/* Misuse that C cannot prevent: every handle, text and struct is checked, and nothing is undefined. */
#include <pthread.h>

#include "check.h"

static int destroyed;

static void destroy(void *user_data) {
  CHECK(user_data == &destroyed);
  destroyed++;
}

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  (void)user_data, (void)session, (void)event;
}

static void on_call(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  copilot_call_free(call);
}

static void done(void *user_data, copilot_error *error, copilot_string *result) {
  (void)user_data;
  copilot_error_free(error);
  copilot_string_free(result);
}

static void versions(void) {
  CHECK(copilot_abi_version() == COPILOT_ABI_VERSION);
  CHECK(strcmp(copilot_version(), COPILOT_VERSION) == 0);
  CHECK(copilot_version_number() == COPILOT_VERSION_NUMBER);
  CHECK(COPILOT_VERSION_MAJOR * 1000000 + COPILOT_VERSION_MINOR * 1000 + COPILOT_VERSION_PATCH ==
        COPILOT_VERSION_NUMBER);
}

static void null_handles(void) {
  copilot_string *text = NULL;
  copilot_session *session = NULL;
  copilot_cancel_token *token = NULL;
  copilot_state state;
  copilot_str none = copilot_s(NULL), name = copilot_s("x");
  FAILS_SAYING(copilot_client_start(NULL, NULL, NULL), COPILOT_ERROR_BAD_HANDLE, "copilot_client is NULL");
  FAILS(copilot_client_stop(NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_force_stop(NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_list_models(NULL, NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_invoke(NULL, name, none, NULL, &text), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_notify(NULL, name, none), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_poll(NULL, 0, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_interrupt(NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_state(NULL, &state), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_diagnostics(NULL, &text), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_create_session(NULL, NULL, NULL, &session), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_resume_session(NULL, name, NULL, NULL, &session), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_send(NULL, name, none, NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_send_and_wait(NULL, name, none, NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_abort(NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_disconnect(NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_get_events(NULL, NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_invoke(NULL, name, none, NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_id(NULL, &text), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_off(NULL, 1), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_config_set(NULL, none), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_call_reply(NULL, name), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_call_reply_text(NULL, name), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_call_fail(NULL, name), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_op_cancel(NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_cancel_token_cancel(NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_cancel_token_new(NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  CHECK(!copilot_cancel_token_is_cancelled(NULL) && !copilot_call_is_cancelled(NULL));
  CHECK(copilot_error_code(NULL) == COPILOT_OK && strcmp(copilot_error_message(NULL), "") == 0);
  CHECK(copilot_string_data(NULL) == NULL && copilot_string_len(NULL) == 0);
  CHECK(text == NULL && session == NULL && token == NULL);
  /* Freeing nothing is fine. */
  CHECK(copilot_client_free(NULL) == COPILOT_OK && copilot_session_free(NULL) == COPILOT_OK);
  CHECK(copilot_session_config_free(NULL) == COPILOT_OK && copilot_call_free(NULL) == COPILOT_OK);
  CHECK(copilot_op_free(NULL) == COPILOT_OK && copilot_cancel_token_free(NULL) == COPILOT_OK);
  CHECK(copilot_error_free(NULL) == COPILOT_OK && copilot_string_free(NULL) == COPILOT_OK);
}

static void stale_and_foreign_handles(void) {
  copilot_cancel_token *token = NULL, *other = NULL;
  copilot_session_config *config = NULL;
  copilot_client *client = fake_client(NULL, COPILOT_DRIVE_THREAD);
  copilot_error *error;
  int local = 0, n;
  OK(copilot_cancel_token_new(&token));
  CHECK(copilot_cancel_token_free(token) == COPILOT_OK);
  CHECK(copilot_cancel_token_free(token) == COPILOT_ERROR_BAD_HANDLE);
  FAILS_SAYING(copilot_cancel_token_cancel(token), COPILOT_ERROR_BAD_HANDLE, "freed already");
  OK(copilot_cancel_token_new(&other)); /* most likely the same slot */
  FAILS(copilot_cancel_token_cancel(token), COPILOT_ERROR_BAD_HANDLE);
  OK(copilot_cancel_token_cancel(other));
  FAILS_SAYING(copilot_client_stop((copilot_client *)(void *)other, NULL), COPILOT_ERROR_BAD_HANDLE,
               "A copilot_cancel_token was passed where a copilot_client is expected");
  FAILS(copilot_client_stop((copilot_client *)(void *)&local, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_client_stop((copilot_client *)(void *)"x", NULL), COPILOT_ERROR_BAD_HANDLE);
  for (n = 0; n < 100000; n++) {
    void *guess = (void *)((size_t)rand() * 2654435761u ^ (size_t)rand() << 32);
    error = copilot_session_abort((copilot_session *)guess, NULL);
    CHECK(copilot_error_code(error) == COPILOT_ERROR_BAD_HANDLE);
    copilot_error_free(error);
  }
  error = copilot_client_stop(NULL, NULL);
  CHECK(copilot_error_free(error) == COPILOT_OK && copilot_error_free(error) == COPILOT_ERROR_BAD_HANDLE);
  CHECK(copilot_error_code(error) == COPILOT_ERROR_BAD_HANDLE && copilot_error_data(error) == NULL);
  OK(copilot_session_config_new(copilot_s(NULL), &config));
  CHECK(copilot_client_free((copilot_client *)(void *)config) == COPILOT_ERROR_BAD_HANDLE);
  copilot_session_config_free(config);
  copilot_cancel_token_free(other);
  CHECK(copilot_client_free(client) == COPILOT_OK);
  CHECK(copilot_client_free(client) == COPILOT_ERROR_BAD_HANDLE);
}

static void text(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_session_config *config = NULL;
  copilot_client *client = NULL;
  copilot_string *out = NULL;
  options.log_level = copilot_s("\xff\xfe");
  FAILS_SAYING(copilot_client_new(&options, &client), COPILOT_ERROR_BAD_TEXT, "logLevel");
  options.log_level = copilot_sn(NULL, 3);
  FAILS(copilot_client_new(&options, &client), COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_session_config_new(copilot_s("{\"model\":\"\xc3\x28\"}"), &config), COPILOT_ERROR_BAD_TEXT);
  FAILS(copilot_session_config_new(copilot_s("{"), &config), COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_session_config_new(copilot_s("[]"), &config), COPILOT_ERROR_INVALID_TYPE);
  FAILS(copilot_session_config_new(copilot_s(NULL), NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_json_quote(copilot_s("\x80"), &out), COPILOT_ERROR_BAD_TEXT);
  CHECK(config == NULL && client == NULL && out == NULL);
  OK(copilot_json_quote(copilot_sn("a\0\"b", 4), &out));
  CHECK(strcmp(copilot_string_data(out), "\"a\\u0000\\\"b\"") == 0);
  copilot_string_free(out);
  OK(copilot_json_text(copilot_s("{\"a\":[{\"b/c\":\"x\\ny\"}]}"), copilot_s("/a/0/b~1c"), &out));
  CHECK(strcmp(copilot_string_data(out), "x\ny") == 0 && copilot_string_len(out) == 3);
  copilot_string_free(out);
  OK(copilot_json_get(copilot_s("{\"a\":null}"), copilot_s("/b"), &out));
  CHECK(out == NULL);
}

static void structs(void) {
  struct {
    copilot_client_options options;
    char later[16];
  } newer;
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  memset(&newer, 0, sizeof newer);
  newer.options.size = sizeof newer;
  newer.options.path = copilot_s(environment("COPILOT_FAKE_RUNTIME"));
  OK(copilot_client_new(&newer.options, &client));
  copilot_client_free(client);
  client = NULL;
  newer.later[15] = 1;
  FAILS_SAYING(copilot_client_new(&newer.options, &client), COPILOT_ERROR_INVALID_ARGUMENT, "does not know");
  options.size = 0;
  FAILS_SAYING(copilot_client_new(&options, &client), COPILOT_ERROR_INVALID_ARGUMENT, "INIT");
  options.size = sizeof options;
  options.drive = 9;
  FAILS(copilot_client_new(&options, &client), COPILOT_ERROR_INVALID_ARGUMENT);
  options.drive = 0;
  options.connection = 77;
  FAILS(copilot_client_new(&options, &client), COPILOT_ERROR_INVALID_ARGUMENT);
  options.connection = 0;
  options.json = copilot_s("{\"noSuchOption\":1}");
  FAILS_SAYING(copilot_client_new(&options, &client), COPILOT_ERROR_INVALID_ARGUMENT, "noSuchOption");
  FAILS(copilot_client_new(NULL, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  CHECK(client == NULL);
}

/* The destructor runs exactly once per registration, whatever happens to it. */
static void destructors(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_session_config *config = NULL;
  copilot_client *client = NULL;
  copilot_tool tool = COPILOT_TOOL_INIT;
  options.path = copilot_s(environment("COPILOT_FAKE_RUNTIME"));
  options.user_data = &destroyed;
  options.destroy = destroy;
  options.drive = 9;
  FAILS(copilot_client_new(&options, &client), COPILOT_ERROR_INVALID_ARGUMENT);
  CHECK(destroyed == 1);
  options.drive = COPILOT_DRIVE_THREAD;
  OK(copilot_client_new(&options, &client));
  CHECK(destroyed == 1);
  CHECK(copilot_client_free(client) == COPILOT_OK);
  CHECK(destroyed == 2);
  FAILS(copilot_client_start_async(NULL, done, &destroyed, destroy, NULL), COPILOT_ERROR_BAD_HANDLE);
  CHECK(destroyed == 3);
  FAILS(copilot_session_config_on_event(NULL, on_event, &destroyed, destroy), COPILOT_ERROR_BAD_HANDLE);
  CHECK(destroyed == 4);
  OK(copilot_session_config_new(copilot_s(NULL), &config));
  FAILS(copilot_session_config_on_event(config, NULL, &destroyed, destroy), COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_session_config_on_call(config, 99, copilot_s(NULL), on_call, &destroyed, destroy),
        COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_session_config_on_call(config, COPILOT_CALL_TOOL, copilot_s(NULL), on_call, &destroyed, destroy),
        COPILOT_ERROR_INVALID_ARGUMENT);
  CHECK(destroyed == 7);
  OK(copilot_session_config_on_event(config, on_event, &destroyed, destroy));
  OK(copilot_session_config_on_permission(config, on_call, &destroyed, destroy));
  CHECK(destroyed == 7);
  OK(copilot_session_config_on_permission(config, on_call, &destroyed, destroy)); /* replaces the first */
  CHECK(destroyed == 8);
  tool.user_data = &destroyed;
  tool.destroy = destroy;
  tool.call = on_call;
  FAILS(copilot_session_config_tool(config, &tool), COPILOT_ERROR_INVALID_ARGUMENT); /* no name */
  CHECK(destroyed == 9);
  tool.name = copilot_s("t");
  tool.parameters = copilot_s("{");
  FAILS(copilot_session_config_tool(config, &tool), COPILOT_ERROR_INVALID_ARGUMENT);
  CHECK(destroyed == 10);
  tool.parameters = copilot_s("{\"type\":\"object\"}");
  OK(copilot_session_config_tool(config, &tool));
  CHECK(destroyed == 10);
  copilot_session_config_free(config);
  CHECK(destroyed == 13);
}

static void *churn(void *unused) {
  int n;
  (void)unused;
  for (n = 0; n < 20000; n++) {
    copilot_cancel_token *token = NULL;
    OK(copilot_cancel_token_new(&token));
    CHECK(!copilot_cancel_token_is_cancelled(token));
    CHECK(copilot_cancel_token_free(token) == COPILOT_OK);
    CHECK(copilot_cancel_token_free(token) == COPILOT_ERROR_BAD_HANDLE);
  }
  return NULL;
}

static void many_threads(void) {
  pthread_t threads[4];
  int n;
  for (n = 0; n < 4; n++) {
    CHECK(pthread_create(&threads[n], NULL, churn, NULL) == 0);
  }
  for (n = 0; n < 4; n++) {
    pthread_join(threads[n], NULL);
  }
}

int main(void) {
  versions();
  null_handles();
  stale_and_foreign_handles();
  text();
  structs();
  destructors();
  many_threads();
  puts("handles: ok");
  return 0;
}
