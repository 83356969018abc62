/* What tests of misuse share: the functions of copilot.h as a table, and one handle of each kind. */
#ifndef COPILOT_TEST_MISUSE_H
#define COPILOT_TEST_MISUSE_H

/* Whoever includes this says what becomes of a handle that a call gave, KEEP(kind, handle), and how `destroyed` is held,
 * CHECK_DESTROYED(count). */
#include <stdatomic.h>

#include "check.h"

struct function {
  const char *name;
  int kind;
  copilot_code null; /* what it says of NULL */
  int waits;
  copilot_code (*call)(void *handle);
};

static atomic_int destroyed, completed;
static _Thread_local copilot_tool tool = COPILOT_TOOL_INIT;
static _Thread_local copilot_counters counters = COPILOT_COUNTERS_INIT;

static void count_destroyed(void *user_data) {
  CHECK(user_data == &destroyed);
  destroyed++;
}

static void on_cancel(void *user_data) { (void)user_data; }

static void on_done(void *user_data, copilot_error *error, copilot_string *result) {
  (void)user_data;
  copilot_error_free(error);
  copilot_string_free(result);
  completed++;
}

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  (void)user_data, (void)session, (void)event;
}

static void on_session_ended(void *user_data, copilot_session *session, copilot_error *error) {
  (void)user_data, (void)session;
  copilot_error_free(error);
}

static void on_session_done(void *user_data, copilot_error *error, copilot_session *session) {
  (void)user_data;
  copilot_error_free(error);
  copilot_session_free(session);
}

static _Atomic(copilot_call *) parked;

static void on_call(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  parked = call;
}

/* What functions of each type answer to a handle that they refuse. */
static copilot_code of_error(copilot_error *error) {
  copilot_code code = copilot_error_code(error);
  CHECK(error == NULL || strlen(copilot_error_message(error)) > 0);
  copilot_error_free(error);
  return code;
}
static copilot_code of_code(copilot_code code) { return code; }
static copilot_code of_text(const char *text) { return text == NULL || *text == 0 ? COPILOT_ERROR_BAD_HANDLE : COPILOT_OK; }
static copilot_code of_number(size_t number) { return number == 0 ? COPILOT_ERROR_BAD_HANDLE : COPILOT_OK; }

static int is_untouched(const void *output, size_t size) {
  const unsigned char *bytes = output;
  while (size > 0 && bytes[size - 1] == 0x5a) size--;
  return size == 0;
}

#include "misuse_table.h"

#define FUNCTIONS (sizeof functions / sizeof *functions)

/* -- one of each kind ---------------------------------------------------------------------------------------------- */

static const char SCRIPT[] = "[{\"on\":{\"method\":\"never\"},\"do\":[{\"noReply\":true}]}]";

static void let_ask(copilot_client *client, copilot_session *session) {
  copilot_string *id = NULL;
  char params[512];
  OK(copilot_session_id(session, &id));
  snprintf(params, sizeof params,
           "{\"sessionId\":\"%s\",\"event\":{\"type\":\"external_tool.requested\",\"data\":{\"requestId\":\"r\","
           "\"toolCallId\":\"c\",\"toolName\":\"park\",\"arguments\":{}}}}",
           copilot_string_data(id));
  copilot_string_free(id);
  parked = NULL;
  OK(copilot_client_invoke(client, copilot_s("fake.emit"), copilot_s(params), NULL, NULL));
  /* Each answer comes behind what the runtime asked before. */
  while (parked == NULL) OK(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), NULL, NULL));
}

/* Five registrations have user data: the client's, the event, the end, the tool and the operation. */
static void make(void *handles[KINDS], uint32_t drive) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_str args[2];
  copilot_client *client = NULL;
  copilot_session *session = NULL;
  copilot_session_config *config = NULL;
  copilot_cancel_token *token = NULL;
  copilot_string *string = NULL;
  copilot_op *op = NULL;
  args[0] = copilot_s("--script-json"), args[1] = copilot_s(SCRIPT);
  options.path = copilot_s(environment("COPILOT_FAKE_RUNTIME"));
  options.args = args, options.args_len = 2, options.drive = drive;
  options.user_data = &destroyed, options.destroy = count_destroyed;
  OK(copilot_client_new(&options, &client));
  OK(copilot_session_config_new(copilot_s(NULL), &config));
  OK(copilot_session_config_on_event(config, on_event, &destroyed, count_destroyed));
  OK(copilot_session_config_on_ended(config, on_session_ended, &destroyed, count_destroyed));
  tool.name = copilot_s("park");
  tool.call = on_call, tool.user_data = &destroyed, tool.destroy = count_destroyed;
  OK(copilot_session_config_tool(config, &tool));
  OK(copilot_client_create_session(client, config, NULL, &session));
  OK(copilot_session_invoke_async(session, copilot_s("never"), copilot_s(NULL), on_done, &destroyed, count_destroyed, &op));
  let_ask(client, session);
  OK(copilot_cancel_token_new(&token));
  OK(copilot_json_quote(copilot_s("text"), &string));
  handles[KIND_CALL] = parked, handles[KIND_CANCEL_TOKEN] = token, handles[KIND_CLIENT] = client;
  handles[KIND_ERROR] = copilot_client_poll(NULL, 0, NULL), handles[KIND_OP] = op, handles[KIND_SESSION] = session;
  handles[KIND_SESSION_CONFIG] = config, handles[KIND_STRING] = string;
}

static copilot_code free_one(void *handles[KINDS], int kind) {
  switch (kind) {
    case KIND_CALL: return copilot_call_free(handles[kind]);
    case KIND_CANCEL_TOKEN: return copilot_cancel_token_free(handles[kind]);
    case KIND_CLIENT: return copilot_client_free(handles[kind]);
    case KIND_ERROR: return copilot_error_free(handles[kind]);
    case KIND_OP: return copilot_op_free(handles[kind]);
    case KIND_SESSION: return copilot_session_free(handles[kind]);
    case KIND_SESSION_CONFIG: return copilot_session_config_free(handles[kind]);
    default: return copilot_string_free(handles[kind]);
  }
}

#endif
