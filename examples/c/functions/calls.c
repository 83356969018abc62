/* Questions of the runtime, here calls of tools: every way to answer one, at once or later, and what to do when the answer is
 * no longer wanted.
 *
 * Runs on the runtime that COPILOT_CLI_PATH names, with the model at COPILOT_MODEL_URL; model.json is what that one says.
 *
 *   cc calls.c $(pkg-config --cflags --libs copilot) -o calls; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./calls
 */
#include "common.h"

#include <pthread.h>

/* A call is ours from the moment that the callback gets it until we answer or free it. `info` is lent for the callback only. */

/* The answer is a text. Every answer frees the call, if it could be given. */
static void text(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data;
  EXPECT(info->kind == COPILOT_CALL_TOOL && is_at(info->args, "/arguments/city", "Oslo"));
  check(copilot_call_reply_text(call, copilot_s("It snows.")));
}

/* The answer is JSON. What is no JSON is refused, and then the call can still be answered. */
static void json(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  EXPECT(code_of(copilot_call_reply(call, copilot_s("{"))) == COPILOT_ERROR_INVALID_ARGUMENT);
  check(copilot_call_reply(call, copilot_s("{\"textResultForLlm\":\"It rains.\",\"resultType\":\"success\"}")));
}

/* The answer is that it failed. */
static void failing(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  check(copilot_call_fail(call, copilot_s("The station is silent.")));
}

/* The same with a code of JSON-RPC and details; questions other than tools pass them on. */
static void failing_with(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  check(copilot_call_fail_with(call, copilot_s("The station is gone."), 404, copilot_s("{\"station\":7}")));
}

/* Whoever frees a call without an answer answers with an error. */
static void letting_go(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  EXPECT(copilot_call_free(call) == COPILOT_OK);
}

/* A call that is answered later, by another thread. */
static void *answer_later(void *call) {
  check(copilot_call_reply_text(call, copilot_s("It is foggy.")));
  return NULL;
}

static void later(void *user_data, copilot_call *call, const copilot_call_info *info) {
  pthread_t thread;
  (void)user_data, (void)info;
  EXPECT(pthread_create(&thread, NULL, answer_later, call) == 0);
  pthread_detach(thread);
}

/* What the main thread waits for: that the tool began, and that its answer is no longer wanted. */
struct slow_tool {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  copilot_call *call;
  bool is_cancelled;
};

static void cancelled(void *user_data) {
  struct slow_tool *tool = user_data;
  pthread_mutex_lock(&tool->lock);
  tool->is_cancelled = true;
  pthread_cond_signal(&tool->changed);
  pthread_mutex_unlock(&tool->lock);
}

static void slow(void *user_data, copilot_call *call, const copilot_call_info *info) {
  struct slow_tool *tool = user_data;
  (void)info;
  EXPECT(!copilot_call_is_cancelled(call));
  check(copilot_call_on_cancel(call, cancelled, tool, NULL));
  pthread_mutex_lock(&tool->lock);
  tool->call = call;
  pthread_cond_signal(&tool->changed);
  pthread_mutex_unlock(&tool->lock);
}

/* The turn is ended while the tool runs. */
static void ended_meanwhile(copilot_session *session, struct slow_tool *tool) {
  copilot_wait wait = limit();
  check(copilot_session_send(session, copilot_s("Use the tool slow."), copilot_s(NULL), &wait, NULL));
  pthread_mutex_lock(&tool->lock);
  while (tool->call == NULL) pthread_cond_wait(&tool->changed, &tool->lock);
  pthread_mutex_unlock(&tool->lock);
  check(copilot_session_abort(session, &wait));
  pthread_mutex_lock(&tool->lock);
  while (!tool->is_cancelled) pthread_cond_wait(&tool->changed, &tool->lock);
  pthread_mutex_unlock(&tool->lock);
  EXPECT(copilot_call_is_cancelled(tool->call));
  /* Nobody waits for an answer. The call is still ours to free. */
  EXPECT(copilot_call_free(tool->call) == COPILOT_OK);
}

/* A tool without permission questions; the texts are copied. */
static void add_tool(copilot_session_config *config, const char *name, copilot_call_fn call, void *user_data) {
  copilot_tool tool = COPILOT_TOOL_INIT;
  tool.name = copilot_s(name);
  tool.description = copilot_s("Tells the weather of a city");
  tool.parameters = copilot_s("{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}");
  tool.json = copilot_s("{\"skipPermission\":true}");
  tool.call = call;
  tool.user_data = user_data;
  check(copilot_session_config_tool(config, &tool));
}

/* The model uses the tool that the prompt names, and then says what it heard. */
static void use(copilot_session *session, const char *tool, const char *expected) {
  copilot_wait wait = limit();
  copilot_string *answer = NULL, *content = NULL;
  char prompt[64];
  snprintf(prompt, sizeof prompt, "Use the tool %s.", tool);
  check(copilot_session_send_and_wait(session, copilot_s(prompt), copilot_s(NULL), &wait, &answer));
  check(copilot_json_text(copilot_string_view(answer), copilot_s("/data/content"), &content));
  printf("%s: %s\n", tool, copilot_string_data(content));
  EXPECT(strstr(copilot_string_data(content), expected));
  copilot_string_free(content), copilot_string_free(answer);
}

int main(void) {
  static struct slow_tool tool = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, false};
  copilot_client *client = new_client();
  copilot_session_config *config = new_config();
  copilot_session *session;
  add_tool(config, "text", text, NULL);
  add_tool(config, "json", json, NULL);
  add_tool(config, "failing", failing, NULL);
  add_tool(config, "failing_with", failing_with, NULL);
  add_tool(config, "letting_go", letting_go, NULL);
  add_tool(config, "later", later, NULL);
  add_tool(config, "slow", slow, &tool);
  session = open_session(client, config);

  use(session, "text", "It snows.");
  use(session, "json", "It rains.");
  /* The runtime keeps to itself what was wrong and tells the model only that the tool failed. */
  use(session, "failing", "Failed to execute");
  use(session, "failing_with", "Failed to execute");
  use(session, "letting_go", "Failed to execute");
  use(session, "later", "It is foggy.");
  ended_meanwhile(session, &tool);

  copilot_session_free(session);
  end(client);
  puts("calls: ok");
  return 0;
}
