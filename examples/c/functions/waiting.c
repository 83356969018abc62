/* Waiting: how long a call may take, how it is ended from elsewhere, and how it is made without waiting.
 *
 * Every function that waits, `f`, has a form that does not, `f_async`: the same arguments but for the limits, and then what
 * is called with the result, its user data, what frees that, and a place for the operation. This program shows the pattern.
 * Runs on the runtime that COPILOT_CLI_PATH names, with the model at COPILOT_MODEL_URL; it never answers "for ever".
 *
 *   cc waiting.c $(pkg-config --cflags --libs copilot) -o waiting; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./waiting
 */
#include "common.h"

#include <pthread.h>

/* A limit ends the call; what the agent does goes on until it is aborted. The error says how far it came. */
static void with_a_limit(copilot_client *client) {
  copilot_wait wait = COPILOT_WAIT_INIT, enough = limit();
  copilot_session *session = open_session(client, new_config());
  copilot_error *error;
  wait.timeout_ms = 500;
  error = copilot_session_send_and_wait(session, copilot_s("Think for ever."), copilot_s(NULL), &wait, NULL);
  EXPECT(copilot_error_code(error) == COPILOT_ERROR_TIMEOUT);
  EXPECT(is_at(copilot_s(copilot_error_data(error)), "/openTools", "{}"));
  copilot_error_free(error);
  check(copilot_session_abort(session, &enough));
  copilot_session_free(session);
}

/* A token ends every call that waits with it, from any thread; here from the one of the callbacks. */
static void cancel(void *user_data, copilot_session *session, const copilot_event *event) {
  (void)session, (void)event;
  check(copilot_cancel_token_cancel(user_data));
}

static void with_a_token(copilot_client *client) {
  copilot_wait wait = limit();
  copilot_session *session = open_session(client, new_config());
  check(copilot_cancel_token_new(&wait.cancel_token));
  EXPECT(!copilot_cancel_token_is_cancelled(wait.cancel_token));
  check(copilot_session_on(session, copilot_s("assistant.turn_start"), cancel, wait.cancel_token, NULL, NULL));
  EXPECT(code_of(copilot_session_send_and_wait(session, copilot_s("Think for ever."), copilot_s(NULL), &wait, NULL)) ==
         COPILOT_ERROR_CANCELLED);
  EXPECT(copilot_cancel_token_is_cancelled(wait.cancel_token));
  copilot_session_free(session);
  EXPECT(copilot_cancel_token_free(wait.cancel_token) == COPILOT_OK);
}

/* What a call that does not wait leaves for the thread that wants to know. */
struct outcome {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool is_there;
  copilot_code code;
  copilot_string *result;
  copilot_session *session;
  int destroyed;
};

static void tell(struct outcome *outcome, copilot_error *error) {
  pthread_mutex_lock(&outcome->lock);
  outcome->code = code_of(error);
  outcome->is_there = true;
  pthread_cond_signal(&outcome->changed);
  pthread_mutex_unlock(&outcome->lock);
}

/* Called exactly once, with an error or a result. Both are ours. */
static void done(void *user_data, copilot_error *error, copilot_string *result) {
  ((struct outcome *)user_data)->result = result;
  tell(user_data, error);
}

/* The same of calls that make a session. */
static void opened(void *user_data, copilot_error *error, copilot_session *session) {
  ((struct outcome *)user_data)->session = session;
  tell(user_data, error);
}

/* Called once, after the last use of the user data; a place to free it. */
static void destroyed(void *user_data) { ((struct outcome *)user_data)->destroyed++; }

static void wait_for(struct outcome *outcome) {
  pthread_mutex_lock(&outcome->lock);
  while (!outcome->is_there) pthread_cond_wait(&outcome->changed, &outcome->lock);
  pthread_mutex_unlock(&outcome->lock);
}

static void without_waiting(copilot_client *client) {
  static struct outcome started = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  static struct outcome pinged = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  static struct outcome refused;
  check(copilot_client_start_async(client, done, &started, NULL, NULL));
  wait_for(&started);
  EXPECT(started.code == COPILOT_OK && has(started.result, "/version"));
  check(copilot_client_ping_async(client, copilot_s("later"), done, &pinged, NULL, NULL));
  wait_for(&pinged);
  EXPECT(pinged.code == COPILOT_OK && says(pinged.result, "/message", "pong: later"));

  /* When the call could not even be begun, `done` is never called, but the user data is let go of. */
  EXPECT(code_of(copilot_client_ping_async(NULL, copilot_s("x"), done, &refused, destroyed, NULL)) == COPILOT_ERROR_BAD_HANDLE);
  EXPECT(refused.destroyed == 1 && !refused.is_there);
}

/* An operation can be cancelled. It is ours to free, before or after its end; that does not cancel it. */
static void an_operation(copilot_client *client) {
  static struct outcome session = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  static struct outcome answer = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  copilot_session_config *config = new_config();
  copilot_op *op = NULL;
  check(copilot_client_create_session_async(client, config, opened, &session, NULL, NULL));
  copilot_session_config_free(config); /* at any time: what is needed of it is kept */
  wait_for(&session);
  EXPECT(session.code == COPILOT_OK);

  check(copilot_session_send_and_wait_async(session.session, copilot_s("Think for ever."), copilot_s(NULL), done, &answer, NULL, &op));
  check(copilot_op_cancel(op));
  wait_for(&answer);
  EXPECT(answer.code == COPILOT_ERROR_CANCELLED && answer.result == NULL);
  EXPECT(copilot_op_free(op) == COPILOT_OK);
  copilot_session_free(session.session);
}

int main(void) {
  copilot_client *client = new_client();
  without_waiting(client);
  with_a_limit(client);
  with_a_token(client);
  an_operation(client);
  end(client);
  puts("waiting: ok");
  return 0;
}
