/* Misuse, function by function: every function that takes a handle is called with handles that are NULL, freed, invented or of
 * another kind, and every blocking one from a callback of its own client. The table is made from the header. Then handles
 * that are freed in every order. */
#define KEEP(kind, handle) CHECK(!"a refused call gave something")
#define CHECK_DESTROYED(count) CHECK(destroyed == (count))
#include "misuse.h"

static void expect(const struct function *function, void *handle, copilot_code expected, const char *what) {
  copilot_code code = function->call(handle);
  if (code != expected) {
    fprintf(stderr, "%s of %s: code %d, not %d\n", function->name, what, (int)code, (int)expected);
    abort();
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
