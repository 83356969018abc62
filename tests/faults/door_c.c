/* The plan of README.md through the C library. */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <copilot.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT = 60000, MOST = 1 << 20 };

static const char *plan(const char *name) {
  char whole[64];
  snprintf(whole, sizeof whole, "FAULTS_%s", name);
  const char *value = getenv(whole);
  return value != NULL ? value : "";
}

static bool plan_is(const char *name, const char *value) { return strcmp(plan(name), value) == 0; }

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void say(const char *line) {
  puts(line);
  fflush(stdout);
}

static void quoted(const char *text) {
  putchar('"');
  for (; *text != 0; text++) {
    if ((unsigned char)*text < ' ') printf("\\u%04x", (unsigned)*text);
    else if (*text == '"' || *text == '\\') printf("\\%c", *text);
    else putchar(*text);
  }
  putchar('"');
}

static void told(const char *step, const char *kind, const char *message, const char *force) {
  printf("{\"step\":");
  quoted(step);
  printf(",\"kind\":");
  quoted(kind);
  printf(",\"message\":");
  quoted(message);
  printf(",\"force\":");
  quoted(force);
  say("}");
}

static void must(copilot_error *error, const char *what) {
  if (error == NULL) return;
  fprintf(stderr, "%s: %s: %s\n", what, copilot_error_name(error), copilot_error_message(error));
  exit(1);
}

static copilot_wait limit_of(const char *step) {
  copilot_wait wait = COPILOT_WAIT_INIT;
  wait.timeout_ms = plan_is("HANGS", step) ? (uint64_t)atoll(plan("LIMIT")) : LIMIT;
  return wait;
}

static copilot_client *new_client(void) {
  copilot_client *client = NULL;
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  options.connection = plan_is("CONNECTION", "tcp")         ? COPILOT_CONNECTION_TCP
                       : plan_is("CONNECTION", "inprocess") ? COPILOT_CONNECTION_INPROCESS
                                                            : COPILOT_CONNECTION_STDIO;
  options.path = copilot_s(plan("RUNTIME"));
  options.use_logged_in_user = 2;
  options.json = copilot_s(*plan("OPTIONS") != 0 ? plan("OPTIONS") : NULL);
  if (*plan("HOME") != 0) options.base_directory = copilot_s(plan("HOME"));
  must(copilot_client_new(&options, &client), "client");
  return client;
}

/* With user data it tells that it was called; a call that is kept is never answered. */
static void on_tool(void *aloud, copilot_call *call, const copilot_call_info *info) {
  (void)info;
  if (aloud != NULL) say("tool");
  if (aloud != NULL && plan_is("TOOL", "wait")) return;
  must(copilot_call_reply_text(call, copilot_s("ok")), "reply");
}

static void on_permission(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data;
  (void)info;
  must(copilot_call_reply(call, copilot_s("{\"kind\":\"approve-once\"}")), "reply");
}

static copilot_error *new_session(copilot_client *client, void *aloud, copilot_session **session) {
  copilot_session_config *config = NULL;
  copilot_tool tool = COPILOT_TOOL_INIT;
  copilot_wait wait = limit_of("create");
  tool.name = copilot_s("probe");
  tool.description = copilot_s("Answers ok");
  tool.parameters = copilot_s("{\"type\":\"object\",\"properties\":{}}");
  tool.call = on_tool;
  tool.user_data = aloud;
  must(copilot_session_config_new(copilot_s(plan("SESSION")), &config), "config");
  must(copilot_session_config_tool(config, &tool), "tool");
  must(copilot_session_config_on_permission(config, on_permission, NULL, NULL), "permission");
  copilot_error *error = *plan("RESUME") != 0 ? copilot_client_resume_session(client, copilot_s(plan("RESUME")), config, &wait, session)
                                              : copilot_client_create_session(client, config, &wait, session);
  copilot_session_config_free(config);
  return error;
}

static copilot_error *turn_of(copilot_session *session, const char *prompt) {
  copilot_wait wait = limit_of("turn");
  char once[300];
  snprintf(once, sizeof once, "{\"idempotencyKey\":\"%s\"}", plan("KEY"));
  return copilot_session_send_and_wait(session, copilot_s(prompt), copilot_s(*plan("KEY") ? once : NULL), &wait, NULL);
}

/* Start, session, turn and stop; the first that fails is told, and the client stopped by force. */
static void turn(void) {
  static char aloud;
  copilot_client *client = new_client();
  copilot_session *session = NULL;
  const char *step = "start";
  copilot_wait start = limit_of("start"), stop = limit_of("stop"), wait = limit_of("force");
  copilot_error *error = copilot_client_start(client, &start, NULL);
  if (error == NULL) error = new_session(client, &aloud, &session), step = "create";
  if (error == NULL) error = turn_of(session, "go"), step = "turn";
  if (error == NULL) error = copilot_client_stop(client, &stop), step = "stop";
  if (error == NULL) {
    told("", "", "", "");
  } else {
    copilot_error *again = copilot_client_force_stop(client, &wait);
    told(step, copilot_error_name(error), copilot_error_message(error), again ? copilot_error_message(again) : "");
    copilot_error_free(again);
    copilot_error_free(error);
  }
  copilot_session_free(session);
  copilot_client_free(client);
}

/* Waits until the driver has looked at this process. */
static void mark(void) {
  say("mark");
  for (int got = getchar(); got != '\n' && got != EOF;) got = getchar();
}

static void cycles(void) {
  long count = atol(plan("COUNT")), warm = atol(plan("WARM"));
  for (long cycle = 0; cycle < count; cycle++) {
    if (cycle == warm) mark();
    copilot_client *client = new_client();
    copilot_session *session = NULL;
    must(new_session(client, NULL, &session), "session");
    must(turn_of(session, "go"), "turn");
    must(copilot_client_stop(client, NULL), "stop");
    copilot_session_free(session);
    copilot_client_free(client);
  }
  mark();
  told("", "", "", "");
}

/* The child is refused and ends; the parent goes on. */
static void fork_and_go_on(void) {
  copilot_client *client = new_client();
  copilot_session *session = NULL;
  int status = 0;
  must(copilot_client_start(client, NULL, NULL), "start");
  must(new_session(client, NULL, &session), "session");
  pid_t child = fork();
  if (child == 0) {
    copilot_error *error = copilot_client_ping(client, copilot_s("x"), NULL, NULL);
    _exit(error != NULL && copilot_error_code(error) == COPILOT_ERROR_FORKED ? 0 : 2);
  }
  waitpid(child, &status, 0);
  must(turn_of(session, "go"), "turn");
  must(copilot_client_stop(client, NULL), "stop");
  if (status == 0) told("", "", "", "");
  else told("child", "not refused", "", "");
  copilot_session_free(session);
  copilot_client_free(client);
}

static long micros[MOST], taken, failed;

static void count(copilot_error *error, double start) {
  if (error == NULL && taken < MOST) micros[taken++] = (long)((now() - start) * 1e6);
  if (error != NULL) {
    failed++;
    fprintf(stderr, "%s: %s\n", copilot_error_name(error), copilot_error_message(error));
    copilot_error_free(error);
  }
  nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
}

static void end_round(copilot_client *client, copilot_session *session, long number) {
  if (number % 3 == 0) {
    must(copilot_client_stop(client, NULL), "stop");
    return;
  }
  if (number % 3 == 2) {
    copilot_error *error = turn_of(session, "die");
    copilot_code code = copilot_error_code(error);
    if (code != COPILOT_ERROR_PROCESS_EXITED && code != COPILOT_ERROR_SESSION_CLOSED) failed++;
    copilot_error_free(error);
  }
  must(copilot_client_force_stop(client, NULL), "force stop");
}

/* One round of conversations; every third ends politely, by force, by a runtime that dies in a turn. */
static void soak_round(long number) {
  copilot_client *client = new_client();
  copilot_session *session = NULL;
  double start = now();
  count(copilot_client_start(client, NULL, NULL), start);
  must(new_session(client, NULL, &session), "session");
  for (int turns = 0; turns < 20; turns++) {
    start = now();
    count(turn_of(session, turns % 5 == 4 ? "tool" : "hello"), start);
    if (turns % 7 != 6) continue;
    must(copilot_session_send(session, copilot_s("long"), copilot_s(NULL), NULL, NULL), "send");
    must(copilot_session_abort(session, NULL), "abort");
    must(copilot_session_disconnect(session, NULL), "disconnect");
    copilot_session_free(session);
    must(new_session(client, NULL, &session), "session");
  }
  end_round(client, session, number);
  copilot_session_free(session);
  copilot_client_free(client);
}

static void soak(void) {
  double end = now() + atof(plan("SECONDS")), last = now();
  for (long number = 0; now() < end; number++) {
    soak_round(number);
    if (now() - last < atof(plan("INTERVAL"))) continue;
    printf("{\"micros\":[");
    for (long n = 0; n < taken; n++) printf("%s%ld", n > 0 ? "," : "", micros[n]);
    printf("],\"failed\":%ld", failed);
    say("}");
    taken = failed = 0;
    last = now();
  }
  told("", "", "", "");
}

int main(void) {
  if (plan_is("MODE", "cycles")) cycles();
  else if (plan_is("MODE", "fork")) fork_and_go_on();
  else if (plan_is("MODE", "soak")) soak();
  else turn();
  return 0;
}
