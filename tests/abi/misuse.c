/* Misuse, function by function: every function that takes a handle is called with handles that are NULL, freed, invented or of
 * another kind, and every blocking one from a callback of its own client. The table is made from the header. Then handles
 * that are freed in every order. */
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
static copilot_tool tool = COPILOT_TOOL_INIT;
static copilot_counters counters = COPILOT_COUNTERS_INIT;

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

static copilot_call *parked;

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

static void expect(const struct function *function, void *handle, copilot_code expected, const char *what) {
  copilot_code code = function->call(handle);
  if (code != expected) {
    fprintf(stderr, "%s of %s: code %d, not %d\n", function->name, what, (int)code, (int)expected);
    abort();
  }
}

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

/* -- wrong handles ------------------------------------------------------------------------------------------------- */

static void wrong_handles(void) {
  void *live[KINDS], *freed[KINDS];
  char local[64] = "";
  size_t n;
  int kind;
  make(freed, COPILOT_DRIVE_THREAD);
  for (kind = 0; kind < KINDS; kind++) CHECK(free_one(freed, kind) == COPILOT_OK);
  make(live, COPILOT_DRIVE_THREAD);
  tool.user_data = &destroyed;
  for (n = 0; n < FUNCTIONS; n++) {
    const struct function *function = &functions[n];
    expect(function, NULL, function->null, "NULL");
    expect(function, freed[function->kind], COPILOT_ERROR_BAD_HANDLE, "a freed handle");
    expect(function, local, COPILOT_ERROR_BAD_HANDLE, "an address");
    expect(function, local + 1, COPILOT_ERROR_BAD_HANDLE, "an odd address");
    expect(function, (void *)1, COPILOT_ERROR_BAD_HANDLE, "1");
    expect(function, (void *)UINTPTR_MAX, COPILOT_ERROR_BAD_HANDLE, "the highest address");
    for (kind = 0; kind < KINDS; kind++)
      if (kind != function->kind) expect(function, live[kind], COPILOT_ERROR_BAD_HANDLE, kind_names[kind]);
  }
  /* None of it has touched those that live. */
  CHECK(!copilot_call_is_cancelled(live[KIND_CALL]) && !copilot_cancel_token_is_cancelled(live[KIND_CANCEL_TOKEN]));
  OK(copilot_client_invoke(live[KIND_CLIENT], copilot_s("ping"), copilot_s(NULL), NULL, NULL));
  for (kind = 0; kind < KINDS; kind++) CHECK(free_one(live, kind) == COPILOT_OK);
}

/* Handles that come second: the configuration of a session, and the token of a wait. */
static void second_handles(void) {
  void *live[KINDS];
  copilot_wait wait = COPILOT_WAIT_INIT;
  copilot_session *session = NULL;
  copilot_session_config *config, *freed = NULL;
  int kind;
  make(live, COPILOT_DRIVE_THREAD);
  OK(copilot_session_config_new(copilot_s(NULL), &freed));
  copilot_session_config_free(freed);
  for (kind = -1; kind < KINDS; kind++) {
    copilot_client *client = live[KIND_CLIENT];
    int before = destroyed;
    if (kind == KIND_SESSION_CONFIG || kind == KIND_CANCEL_TOKEN) continue;
    config = kind < 0 ? freed : live[kind];
    FAILS(copilot_client_create_session(client, config, NULL, &session), COPILOT_ERROR_BAD_HANDLE);
    FAILS(copilot_client_resume_session(client, copilot_s("s"), config, NULL, &session), COPILOT_ERROR_BAD_HANDLE);
    FAILS(copilot_client_create_session_async(client, config, on_session_done, &destroyed, count_destroyed, NULL),
          COPILOT_ERROR_BAD_HANDLE);
    FAILS(copilot_client_resume_session_async(client, copilot_s("s"), config, on_session_done, &destroyed, count_destroyed, NULL),
          COPILOT_ERROR_BAD_HANDLE);
    CHECK(destroyed == before + 2);
    wait.cancel_token = (copilot_cancel_token *)(void *)config;
    FAILS(copilot_client_start(client, &wait, NULL), COPILOT_ERROR_BAD_HANDLE);
    FAILS(copilot_session_send(live[KIND_SESSION], copilot_s("x"), copilot_s(NULL), &wait, NULL), COPILOT_ERROR_BAD_HANDLE);
  }
  CHECK(session == NULL);
  for (kind = 0; kind < KINDS; kind++) CHECK(free_one(live, kind) == COPILOT_OK);
}

/* -- from a callback ----------------------------------------------------------------------------------------------- */

static struct {
  void *handles[KINDS];
  uint32_t drive;
  atomic_int tried;
} caller;

static void call_back(void *user_data, copilot_error *error, copilot_string *result) {
  size_t n;
  int blocking = 0;
  (void)user_data;
  OK(error);
  copilot_string_free(result);
  for (n = 0; n < FUNCTIONS; n++) {
    if (!functions[n].waits) continue;
    expect(&functions[n], caller.handles[functions[n].kind], COPILOT_ERROR_WOULD_DEADLOCK, "its own client, in a callback");
    blocking++;
  }
  FAILS(copilot_client_poll(caller.handles[KIND_CLIENT], 0, NULL),
        caller.drive == COPILOT_DRIVE_POLL ? COPILOT_ERROR_WOULD_DEADLOCK : COPILOT_ERROR_INVALID_STATE);
  caller.tried = blocking;
}

static void from_a_callback(uint32_t drive) {
  int kind;
  caller.drive = drive, caller.tried = 0;
  make(caller.handles, drive);
  OK(copilot_client_ping_async(caller.handles[KIND_CLIENT], copilot_s("x"), call_back, NULL, NULL, NULL));
  while (caller.tried == 0) OK(copilot_client_invoke(caller.handles[KIND_CLIENT], copilot_s("ping"), copilot_s(NULL), NULL, NULL));
  CHECK(caller.tried > 30);
  for (kind = 0; kind < KINDS; kind++) CHECK(free_one(caller.handles, kind) == COPILOT_OK);
}

/* -- in every order ------------------------------------------------------------------------------------------------ */

/* The handles that know of each other, in the order of that number; what they hold is let go of once, and is gone after the last. */
static void freed_in_order(int number, uint32_t drive) {
  int related[] = {KIND_CLIENT, KIND_SESSION, KIND_CALL, KIND_OP}, left, kind;
  void *handles[KINDS];
  destroyed = completed = 0;
  make(handles, drive);
  for (left = 4; left > 0; left--) {
    int chosen = number % left;
    number /= left;
    CHECK(free_one(handles, related[chosen]) == COPILOT_OK);
    CHECK(free_one(handles, related[chosen]) == COPILOT_ERROR_BAD_HANDLE);
    related[chosen] = related[left - 1];
  }
  CHECK(completed == 1); /* the call that was never answered, by the end of the client */
  for (kind = 0; kind < KINDS; kind++)
    CHECK(free_one(handles, kind) == (kind == KIND_CLIENT || kind == KIND_SESSION || kind == KIND_CALL || kind == KIND_OP
                                          ? COPILOT_ERROR_BAD_HANDLE
                                          : COPILOT_OK));
  CHECK(destroyed == 5);
}

int main(void) {
  int number;
  wrong_handles();
  second_handles();
  from_a_callback(COPILOT_DRIVE_THREAD);
  from_a_callback(COPILOT_DRIVE_POLL);
  for (number = 0; number < 24; number++) freed_in_order(number, (uint32_t)number % 2);
  for (number = 0; number < 24; number++) freed_in_order(number, (uint32_t)(number + 1) % 2);
  printf("misuse: %d functions: ok\n", (int)FUNCTIONS);
  return 0;
}
