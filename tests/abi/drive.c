/* The three ways to drive a client: its callback thread, polling with a descriptor, and blocking calls; each keeps the
 * order of events and completions. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

struct log {
  pthread_t thread; /* where callbacks ran */
  atomic_int events, done, destroyed, idle;
  int sent_done_after; /* events seen when the call completed */
  copilot_code blocked; /* what a blocking call from a callback said */
  copilot_client *client;
  copilot_session *session;
};

static void destroyed(void *user_data) {
  ((struct log *)user_data)->destroyed++;
}

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  struct log *log = user_data;
  (void)session;
  CHECK(event->size >= sizeof *event);
  log->thread = pthread_self();
  log->events++;
  if (same(event->type_name, "session.idle")) {
    log->idle++;
  }
  if (same(event->type_name, "user.message")) {
    copilot_error *error = copilot_client_stop(log->client, NULL);
    log->blocked = copilot_error_code(error);
    copilot_error_free(error);
    error = copilot_session_abort(session, NULL);
    CHECK(copilot_error_code(error) == COPILOT_ERROR_WOULD_DEADLOCK);
    copilot_error_free(error);
  }
}

static void on_done(void *user_data, copilot_error *error, copilot_string *result) {
  struct log *log = user_data;
  OK(error);
  CHECK(copilot_string_len(result) > 0);
  copilot_string_free(result);
  log->sent_done_after = log->events;
  log->done++;
}

static void on_failed(void *user_data, copilot_error *error, copilot_string *result) {
  struct log *log = user_data;
  CHECK(error != NULL && result == NULL);
  copilot_error_free(error);
  log->done++;
}

static void on_session(void *user_data, copilot_error *error, copilot_session *session) {
  struct log *log = user_data;
  OK(error);
  log->session = session;
  log->done++;
}

static copilot_session_config *config_for(struct log *log) {
  copilot_session_config *config = NULL;
  OK(copilot_session_config_new(copilot_s("{\"model\":\"m\"}"), &config));
  OK(copilot_session_config_on_event(config, on_event, log, destroyed));
  return config;
}

static void until(atomic_int *value, int least) {
  double end = seconds() + LIMIT;
  while (*value < least && seconds() < end) {
    sleep_ms(1);
  }
  CHECK(*value >= least);
}

static void callback_thread(void) {
  struct log log = {0};
  copilot_client *client = log.client = fake_client(NULL, COPILOT_DRIVE_THREAD);
  copilot_session_config *config = config_for(&log);
  copilot_string *result = NULL;
  copilot_op *op = NULL;
  char *kind;
  OK(copilot_client_start_async(client, on_done, &log, destroyed, &op));
  until(&log.done, 1);
  CHECK(copilot_op_free(op) == COPILOT_OK && log.destroyed == 1);
  OK(copilot_client_create_session_async(client, config, on_session, &log, destroyed, NULL));
  until(&log.done, 2);
  copilot_session_config_free(config);
  OK(copilot_session_send_and_wait(log.session, copilot_s("hello"), copilot_s(NULL), NULL, &result));
  kind = text_at(copilot_string_view(result), "/type");
  CHECK(strcmp(kind, "assistant.message") == 0);
  free(kind);
  copilot_string_free(result);
  CHECK(log.idle == 1 && log.events >= 8); /* the completion did not overtake an event */
  CHECK(!pthread_equal(log.thread, pthread_self()) && log.blocked == COPILOT_ERROR_WOULD_DEADLOCK);
  OK(copilot_session_send_and_wait_async(log.session, copilot_s("again"), copilot_s("{\"mode\":\"enqueue\"}"),
                                         on_done, &log, destroyed, NULL));
  until(&log.done, 3);
  CHECK(log.idle == 2 && log.sent_done_after == log.events);
  FAILS(copilot_client_poll(client, 0, NULL), COPILOT_ERROR_INVALID_STATE);
  OK(copilot_session_disconnect(log.session, NULL));
  CHECK(copilot_session_free(log.session) == COPILOT_OK);
  CHECK(log.destroyed == 4);
  OK(copilot_client_stop(client, NULL));
  copilot_client_free(client);
}

static void polling(void) {
  struct log log = {0};
  copilot_client *client = log.client = fake_client(NULL, COPILOT_DRIVE_POLL);
  copilot_session_config *config = config_for(&log);
  struct pollfd waiting;
  int64_t fd = -1;
  size_t count = 0;
  int rounds = 0;
  OK(copilot_client_fd(client, &fd));
  waiting.fd = (int)fd;
  waiting.events = POLLIN;
  CHECK(poll(&waiting, 1, 0) == 0);
  OK(copilot_client_create_session_async(client, config, on_session, &log, destroyed, NULL));
  copilot_session_config_free(config);
  while (log.done < 1) { /* a loop of the host: only the descriptor wakes it */
    CHECK(poll(&waiting, 1, 10000) == 1);
    OK(copilot_client_poll(client, 0, &count));
  }
  OK(copilot_session_send_async(log.session, copilot_s("x"), copilot_s(NULL), on_done, &log, destroyed, NULL));
  while (log.idle < 1) {
    CHECK(poll(&waiting, 1, 10000) == 1);
    OK(copilot_client_poll(client, 0, &count));
    rounds++;
  }
  CHECK(log.done == 2 && rounds < 100 && pthread_equal(log.thread, pthread_self()));
  OK(copilot_client_poll(client, 50, &count));
  CHECK(count == 0 && poll(&waiting, 1, 0) == 0); /* unreadable when nothing waits */
  OK(copilot_client_interrupt(client));
  OK(copilot_client_poll(client, -1, &count));
  CHECK(count == 0);
  OK(copilot_client_force_stop(client, NULL));
  copilot_client_free(client); /* before its session */
  FAILS(copilot_client_poll(client, 0, NULL), COPILOT_ERROR_BAD_HANDLE);
  FAILS(copilot_session_abort(log.session, NULL), COPILOT_ERROR_SESSION_CLOSED);
  copilot_session_free(log.session);
  CHECK(log.destroyed == 3);
}

static void blocking(void) {
  struct log log = {0};
  copilot_client *client = log.client = fake_client(NULL, COPILOT_DRIVE_POLL);
  copilot_session_config *config = config_for(&log);
  copilot_wait wait = patience(LIMIT * 1000);
  OK(copilot_client_start(client, &wait, NULL));
  OK(copilot_client_create_session(client, config, &wait, &log.session));
  copilot_session_config_free(config);
  OK(copilot_session_send_and_wait(log.session, copilot_s("x"), copilot_s(NULL), &wait, NULL));
  CHECK(log.idle == 1 && pthread_equal(log.thread, pthread_self())); /* the waiting thread ran the callbacks */
  OK(copilot_session_send_and_wait(log.session, copilot_s("x"),
                                   copilot_s("{\"until\":\"foreground\",\"inactivityTimeoutMs\":9000}"), &wait, NULL));
  FAILS(copilot_session_send_and_wait(log.session, copilot_s("x"), copilot_s("{\"until\":\"never\"}"), &wait, NULL),
        COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_session_send_and_wait(log.session, copilot_s("x"),
                                      copilot_s("{\"responseSchema\":{\"type\":\"integer\"},\"responseRetries\":1}"),
                                      &wait, NULL),
        COPILOT_ERROR_SCHEMA_MISMATCH);
  OK(copilot_session_disconnect(log.session, &wait));
  copilot_session_free(log.session);
  OK(copilot_client_stop(client, &wait));
  copilot_client_free(client);
}

/* Limits end a blocking call; the client can be used afterwards. */
static void *cancel_soon(void *token) {
  sleep_ms(100);
  OK(copilot_cancel_token_cancel(token));
  return NULL;
}

static void limits(uint32_t drive) {
  copilot_client *client = fake_client("[{\"on\":{\"method\":\"never\"},\"do\":[{\"noReply\":true}]}]", drive);
  copilot_wait wait = patience(100);
  copilot_cancel_token *token = NULL;
  pthread_t thread;
  double start;
  OK(copilot_client_start(client, NULL, NULL));
  start = seconds();
  FAILS(copilot_client_invoke(client, copilot_s("never"), copilot_s(NULL), &wait, NULL), COPILOT_ERROR_TIMEOUT);
  CHECK(seconds() - start < 2);
  OK(copilot_cancel_token_new(&token));
  wait.timeout_ms = 0;
  wait.cancel_token = token;
  CHECK(pthread_create(&thread, NULL, cancel_soon, token) == 0);
  FAILS(copilot_client_invoke(client, copilot_s("never"), copilot_s(NULL), &wait, NULL), COPILOT_ERROR_CANCELLED);
  pthread_join(thread, NULL);
  FAILS(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), &wait, NULL), COPILOT_ERROR_CANCELLED);
  copilot_cancel_token_free(token);
  FAILS(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), &wait, NULL), COPILOT_ERROR_BAD_HANDLE);
  OK(copilot_client_invoke(client, copilot_s("ping"), copilot_s("{\"message\":\"x\"}"), NULL, NULL));
  OK(copilot_client_stop(client, NULL));
  copilot_client_free(client);
}

/* Asynchronous operations: cancelled, or cut off by freeing the client, they complete exactly once. */
static void operations(void) {
  struct log log = {0};
  copilot_client *client = fake_client("[{\"on\":{\"method\":\"never\"},\"do\":[{\"noReply\":true}]}]", 0);
  copilot_op *op = NULL;
  int n;
  OK(copilot_client_start(client, NULL, NULL));
  OK(copilot_client_invoke_async(client, copilot_s("never"), copilot_s(NULL), on_failed, &log, destroyed, &op));
  OK(copilot_op_cancel(op));
  until(&log.done, 1);
  OK(copilot_op_cancel(op));
  copilot_op_free(op);
  for (n = 0; n < 50; n++) {
    OK(copilot_client_invoke_async(client, copilot_s("never"), copilot_s(NULL), on_failed, &log, destroyed, NULL));
  }
  copilot_client_free(client);
  CHECK(log.done == 51 && log.destroyed == 51);
  log.done = log.destroyed = 0;
  client = fake_client("[{\"on\":{\"method\":\"session.create\"},\"do\":[{\"noReply\":true}]}]", COPILOT_DRIVE_POLL);
  OK(copilot_client_invoke_async(client, copilot_s("x"), copilot_s(NULL), on_failed, &log, destroyed, NULL));
  copilot_client_free(client);
  CHECK(log.done == 1 && log.destroyed == 1);
}

struct freeing {
  copilot_client *client;
  atomic_int done;
};

static void free_in_callback(void *user_data, copilot_error *error, copilot_string *result) {
  struct freeing *freeing = user_data;
  OK(error);
  copilot_string_free(result);
  CHECK(copilot_client_free(freeing->client) == COPILOT_OK);
  freeing->done++;
}

static void freed_by_its_own_callback(void) {
  struct freeing freeing = {0};
  freeing.client = fake_client(NULL, COPILOT_DRIVE_THREAD);
  OK(copilot_client_start_async(freeing.client, free_in_callback, &freeing, NULL, NULL));
  until(&freeing.done, 1);
  FAILS(copilot_client_start(freeing.client, NULL, NULL), COPILOT_ERROR_BAD_HANDLE);
  sleep_ms(100);
}

/* A child of fork is refused, may free what it inherited, and may make its own client. */
static void forked(void) {
  copilot_client *client = fake_client(NULL, COPILOT_DRIVE_THREAD), *own;
  int status = 0;
  pid_t child;
  OK(copilot_client_start(client, NULL, NULL));
  child = fork();
  if (child == 0) {
    FAILS(copilot_client_start(client, NULL, NULL), COPILOT_ERROR_FORKED);
    FAILS(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), NULL, NULL), COPILOT_ERROR_FORKED);
    CHECK(copilot_client_free(client) == COPILOT_OK);
    own = fake_client(NULL, COPILOT_DRIVE_THREAD);
    OK(copilot_client_start(own, NULL, NULL));
    OK(copilot_client_stop(own, NULL));
    copilot_client_free(own);
    /* Not exit: what the parent's threads own is lost in a child, and a leak checker would say so. */
    execl("/bin/true", "true", (char *)NULL);
    _exit(1);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  OK(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), NULL, NULL)); /* still alive */
  OK(copilot_client_stop(client, NULL));
  copilot_client_free(client);
}

int main(void) {
  callback_thread();
  polling();
  blocking();
  limits(COPILOT_DRIVE_THREAD);
  limits(COPILOT_DRIVE_POLL);
  operations();
  freed_by_its_own_callback();
  forked();
  puts("drive: ok");
  return 0;
}
