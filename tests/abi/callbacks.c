/* Questions of the runtime: tools, permission, user input and hooks; answered at once, later, from another thread, not at
 * all; cancelled; and their user data. */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

static atomic_int destroyed, cancelled, later_started;
static copilot_call *parked;

static void destroy(void *user_data) {
  (void)user_data;
  destroyed++;
}

static void add(void *user_data, copilot_call *call, const copilot_call_info *info) {
  char answer[32];
  (void)user_data;
  CHECK(info->size >= sizeof *info && info->kind == COPILOT_CALL_TOOL && info->session != NULL);
  CHECK(same(info->name, "add"));
  snprintf(answer, sizeof answer, "%ld", number_at(info->args, "/arguments/a") + number_at(info->args, "/arguments/b"));
  OK(copilot_call_reply_text(call, copilot_s(answer)));
  FAILS(copilot_call_reply_text(call, copilot_s(answer)), COPILOT_ERROR_BAD_HANDLE);
}

static void fail(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  FAILS(copilot_call_reply(call, copilot_s("not json")), COPILOT_ERROR_INVALID_ARGUMENT); /* not consumed */
  FAILS(copilot_call_reply_text(call, copilot_s("\xff")), COPILOT_ERROR_BAD_TEXT);
  OK(copilot_call_fail(call, copilot_s("the tool is broken")));
}

static void forget(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  CHECK(copilot_call_free(call) == COPILOT_OK);
  CHECK(copilot_call_free(call) == COPILOT_ERROR_BAD_HANDLE);
}

static void *answer_later(void *call) {
  sleep_ms(50);
  OK(copilot_call_reply(call, copilot_s("{\"textResultForLlm\":\"late\",\"resultType\":\"success\"}")));
  return NULL;
}

static void later(void *user_data, copilot_call *call, const copilot_call_info *info) {
  pthread_t thread;
  (void)user_data, (void)info;
  later_started++;
  CHECK(pthread_create(&thread, NULL, answer_later, call) == 0);
  pthread_detach(thread);
}

static void on_cancel(void *user_data) {
  (void)user_data;
  cancelled++;
}

static void park(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  OK(copilot_call_on_cancel(call, on_cancel, NULL, destroy));
  parked = call;
}

static void approve(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data;
  CHECK(info->kind == COPILOT_CALL_PERMISSION && info->name.len == 0);
  OK(copilot_call_reply(call, copilot_s("{\"kind\":\"approve-once\"}")));
}

static void answer(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data;
  CHECK(info->kind == COPILOT_CALL_USER_INPUT);
  OK(copilot_call_reply(call, copilot_s("{\"answer\":\"blue\",\"wasFreeform\":true}")));
}

static void hook(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data;
  CHECK(info->kind == COPILOT_CALL_HOOK && same(info->name, "preToolUse"));
  OK(copilot_call_reply(call, copilot_s("{\"permissionDecision\":\"allow\"}")));
}

static void tool(copilot_session_config *config, const char *name, copilot_call_fn call) {
  copilot_tool tool = COPILOT_TOOL_INIT;
  tool.name = copilot_s(name);
  tool.description = copilot_s("a test");
  tool.parameters = copilot_s("{\"type\":\"object\",\"properties\":{}}");
  tool.json = copilot_s("{\"skipPermission\":true}");
  tool.call = call;
  tool.destroy = destroy;
  OK(copilot_session_config_tool(config, &tool));
}

/* Lets the fake runtime ask for a tool and returns what the library answered, to be freed. */
static char *run_tool(copilot_client *client, copilot_session *session, const char *name, const char *pointer) {
  static int number;
  copilot_string *id = NULL, *result = NULL;
  char params[512], *found = NULL;
  double end = seconds() + LIMIT;
  number++;
  OK(copilot_session_id(session, &id));
  snprintf(params, sizeof params,
           "{\"sessionId\":\"%s\",\"event\":{\"type\":\"external_tool.requested\",\"data\":{\"requestId\":\"r%d\","
           "\"toolCallId\":\"c%d\",\"toolName\":\"%s\",\"arguments\":{\"a\":2,\"b\":40}}}}",
           copilot_string_data(id), number, number, name);
  OK(copilot_client_invoke(client, copilot_s("fake.emit"), copilot_s(params), NULL, NULL));
  snprintf(params, sizeof params,
           "{\"method\":\"session.tools.handlePendingToolCall\",\"where\":{\"requestId\":\"r%d\"}}", number);
  while (pointer != NULL && found == NULL && seconds() < end) {
    OK(copilot_client_invoke(client, copilot_s("fake.received"), copilot_s(params), NULL, &result));
    if (number_at(copilot_string_view(result), "/count") > 0) {
      found = text_at(copilot_string_view(result), pointer);
      CHECK(found != NULL);
    }
    copilot_string_free(result);
    sleep_ms(2);
  }
  copilot_string_free(id);
  return found;
}

static void expect_tool(copilot_client *client, copilot_session *session, const char *name, const char *member,
                        const char *expected) {
  char pointer[128], *found;
  snprintf(pointer, sizeof pointer, "/messages/0/params/%s", member);
  found = run_tool(client, session, name, pointer);
  if (found == NULL) {
    fprintf(stderr, "no answer of %s\n", name);
    abort();
  }
  CHECK(strstr(found, expected) != NULL);
  free(found);
}

/* Asks what only requests can ask and checks the answer. */
static void expect_request(copilot_client *client, const char *params, const char *pointer, const char *expected) {
  copilot_string *result = NULL;
  char *found;
  OK(copilot_client_invoke(client, copilot_s("fake.request"), copilot_s(params), NULL, &result));
  found = text_at(copilot_string_view(result), pointer);
  if (found == NULL || strcmp(found, expected) != 0) {
    fprintf(stderr, "%s: %s\n", params, copilot_string_data(result));
    abort();
  }
  free(found);
  copilot_string_free(result);
}

static void requests(copilot_client *client, copilot_session *session) {
  copilot_string *id = NULL;
  char params[512];
  OK(copilot_session_id(session, &id));
  snprintf(params, sizeof params,
           "{\"method\":\"userInput.request\",\"params\":{\"sessionId\":\"%s\",\"question\":\"colour?\"}}",
           copilot_string_data(id));
  expect_request(client, params, "/result/answer", "blue");
  snprintf(params, sizeof params,
           "{\"method\":\"hooks.invoke\",\"params\":{\"sessionId\":\"%s\",\"hookType\":\"preToolUse\","
           "\"input\":{\"toolName\":\"x\"}}}",
           copilot_string_data(id));
  expect_request(client, params, "/result/output/permissionDecision", "allow");
  copilot_string_free(id);
}

/* A call that hangs is cancelled with its session; answering it then is refused or ignored, never a crash. */
static void cancellation(copilot_client *client, copilot_session *session) {
  double end = seconds() + LIMIT;
  free(run_tool(client, session, "park", NULL));
  while (parked == NULL && seconds() < end) {
    OK(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), NULL, NULL));
  }
  CHECK(parked != NULL && !copilot_call_is_cancelled(parked) && cancelled == 0);
  OK(copilot_session_disconnect(session, NULL));
  while (cancelled == 0 && seconds() < end) {
    OK(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), NULL, NULL));
  }
  CHECK(cancelled == 1 && copilot_call_is_cancelled(parked));
  copilot_error_free(copilot_call_reply_text(parked, copilot_s("too late")));
  CHECK(copilot_call_free(parked) == COPILOT_ERROR_BAD_HANDLE);
}

static void all(uint32_t drive) {
  copilot_client *client = fake_client(NULL, drive);
  copilot_session_config *config = NULL;
  copilot_session *session = NULL;
  destroyed = cancelled = later_started = 0;
  parked = NULL;
  OK(copilot_session_config_new(copilot_s("{\"model\":\"m\",\"streaming\":true}"), &config));
  tool(config, "add", add);
  tool(config, "fail", fail);
  tool(config, "forget", forget);
  tool(config, "later", later);
  tool(config, "park", park);
  OK(copilot_session_config_on_permission(config, approve, NULL, destroy));
  OK(copilot_session_config_on_user_input(config, answer, NULL, destroy));
  OK(copilot_session_config_on_call(config, COPILOT_CALL_HOOK, copilot_s("preToolUse"), hook, NULL, destroy));
  OK(copilot_client_create_session(client, config, NULL, &session));
  copilot_session_config_free(config);
  expect_tool(client, session, "add", "result", "42");
  expect_tool(client, session, "fail", "error", "the tool is broken");
  expect_tool(client, session, "forget", "error", "without an answer");
  expect_tool(client, session, "later", "result/textResultForLlm", "late");
  CHECK(later_started == 1);
  requests(client, session);
  CHECK(destroyed == 0);
  cancellation(client, session);
  CHECK(destroyed == 9); /* eight handlers with the disconnect, one watcher of the parked call */
  copilot_session_free(session);
  OK(copilot_client_stop(client, NULL));
  copilot_client_free(client);
  CHECK(destroyed == 9);
}

static void forty(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  OK(copilot_call_reply_text(call, copilot_s("forty")));
}

static void set_done(void *done, copilot_error *error, copilot_string *result) {
  OK(error);
  copilot_string_free(result);
  *(volatile int *)done = 1;
}

/* Tools that come later take the place of all that were there, once the runtime has taken them. */
static void replaced(uint32_t drive) {
  copilot_client *client = fake_client(NULL, drive);
  copilot_session_config *config = NULL, *later_config = NULL, *none = NULL;
  copilot_session *session = NULL;
  copilot_op *op = NULL;
  volatile int done = 0;
  double end = seconds() + LIMIT;
  destroyed = 0;
  OK(copilot_session_config_new(copilot_s(NULL), &config));
  tool(config, "add", add);
  OK(copilot_client_create_session(client, config, NULL, &session));
  copilot_session_config_free(config);
  OK(copilot_session_config_new(copilot_s(NULL), &later_config));
  tool(later_config, "forty", forty);
  OK(copilot_session_config_new(copilot_s(NULL), &none));

  FAILS(copilot_session_serve_tools(NULL, later_config, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_serve_tools(session, NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_serve_tools(session, config, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_serve_tools_async(session, later_config, NULL, NULL, destroy, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  CHECK(destroyed == 1);
  OK(copilot_client_invoke(client, copilot_s("fake.script"),
                           copilot_s("{\"script\":[{\"on\":{\"method\":\"session.tools.set\"},\"do\":[{\"reply\":{\"error\":"
                                     "{\"code\":-32601,\"message\":\"no such method\"}}}]}]}"),
                           NULL, NULL));
  FAILS_SAYING(copilot_session_serve_tools(session, later_config, NULL), COPILOT_ERROR_RPC, "no such method");
  expect_tool(client, session, "add", "result", "42");
  OK(copilot_client_invoke(client, copilot_s("fake.script"),
                           copilot_s("{\"script\":[{\"on\":{\"method\":\"session.tools.set\"},\"do\":[{\"reply\":"
                                     "{\"result\":{}}}]}]}"),
                           NULL, NULL));

  OK(copilot_session_serve_tools(session, later_config, NULL));
  CHECK(destroyed == 2); /* the old tool's */
  expect_tool(client, session, "forty", "result", "forty");
  OK(copilot_session_serve_tools_async(session, none, set_done, (void *)&done, NULL, &op));
  while (!done && seconds() < end) {
    OK(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), NULL, NULL));
  }
  CHECK(done == 1 && copilot_op_free(op) == COPILOT_OK);
  CHECK(destroyed == 2); /* the configuration still has it */
  copilot_session_config_free(later_config);
  CHECK(destroyed == 3);
  copilot_session_config_free(none);
  copilot_session_free(session);
  FAILS(copilot_session_serve_tools(session, none, NULL), COPILOT_ERROR_BAD_HANDLE);
  copilot_client_free(client);
}

int main(void) {
  replaced(COPILOT_DRIVE_THREAD);
  replaced(COPILOT_DRIVE_POLL);
  all(COPILOT_DRIVE_THREAD);
  all(COPILOT_DRIVE_POLL);
  puts("callbacks: ok");
  return 0;
}
