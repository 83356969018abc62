/* Every measure through the C door. The argument says where callbacks run: "thread" or "poll". */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <copilot.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FLIGHT = 64 };

static copilot_client *client;
static bool polling;
static long limit;
static long tool_calls;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void check(copilot_error *error, const char *what) {
  if (error == NULL) return;
  fprintf(stderr, "%s: %s\n", what, copilot_error_message(error));
  exit(1);
}

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double now(void) { return seconds(CLOCK_MONOTONIC); }

static long number(const char *name) {
  const char *text = getenv(name);
  if (text == NULL) {
    fprintf(stderr, "%s is not set\n", name);
    exit(1);
  }
  return atol(text);
}

static double status_kb(const char *line) {
  char text[256];
  double value = 0;
  FILE *file = fopen("/proc/self/status", "r");
  if (file == NULL) return 0;
  while (fgets(text, sizeof text, file))
    if (strncmp(text, line, strlen(line)) == 0) value = atof(text + strlen(line));
  fclose(file);
  return value;
}

/* The report: one JSON object on one line. */
static void put(const char *name, const char *part, double value) {
  static bool begun;
  printf("%s\"%s%s\":%.4f", begun ? "," : "{", name, part, value);
  begun = true;
}

static int by_value(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static void put_times(const char *name, double *micros, long count) {
  if (count == 0) return;
  qsort(micros, (size_t)count, sizeof *micros, by_value);
  put(name, "_p50_us", micros[(count - 1) / 2]);
  put(name, "_p99_us", micros[(count - 1) * 99 / 100]);
}

/* What a handler has seen; written where callbacks run, read after `done`. */
typedef struct {
  long deltas;
  long text;
  double *latencies;
  bool done;
} seen_t;

static void finish(bool *done) {
  pthread_mutex_lock(&mutex);
  *done = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

/* Waits until callbacks have set `done`; what had not come when time was over counts as lost. */
static void wait_for(const bool *done) {
  double end = now() + (double)limit;
  if (polling) {
    while (!*done && now() < end) check(copilot_client_poll(client, 1000, NULL), "poll");
    return;
  }
  pthread_mutex_lock(&mutex);
  while (!*done && now() < end) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    pthread_cond_timedwait(&changed, &mutex, &until);
  }
  pthread_mutex_unlock(&mutex);
}

static bool is_type(const copilot_event *event, const char *name) {
  return event->type_name.len == strlen(name) && memcmp(event->type_name.data, name, event->type_name.len) == 0;
}

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  seen_t *seen = user_data;
  (void)session;
  if (is_type(event, "assistant.message_delta")) {
    copilot_string *text = NULL;
    check(copilot_json_text(event->json, copilot_s("/data/deltaContent"), &text), "text");
    if (seen->latencies != NULL)
      seen->latencies[seen->deltas] = seconds(CLOCK_REALTIME) * 1e6 - strtod(copilot_string_data(text), NULL);
    seen->deltas++;
    seen->text += (long)copilot_string_len(text);
    copilot_string_free(text);
  } else if (is_type(event, "session.idle")) {
    finish(&seen->done);
  }
}

static void on_tool(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data;
  (void)info;
  tool_calls++;
  check(copilot_call_reply_text(call, copilot_s("ok")), "reply");
}

static void on_permission(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data;
  (void)info;
  check(copilot_call_reply(call, copilot_s("{\"kind\":\"approve-once\"}")), "reply");
}

static copilot_session *new_session(seen_t *seen) {
  copilot_session_config *config = NULL;
  copilot_session *session = NULL;
  copilot_tool tool = COPILOT_TOOL_INIT;
  tool.name = copilot_s("bench");
  tool.description = copilot_s("Answers ok");
  tool.call = on_tool;
  check(copilot_session_config_new(copilot_s("{\"streaming\":true}"), &config), "config");
  check(copilot_session_config_tool(config, &tool), "tool");
  check(copilot_session_config_on_permission(config, on_permission, NULL, NULL), "permission");
  check(copilot_session_config_on_event(config, on_event, seen, NULL), "listener");
  check(copilot_client_create_session(client, config, NULL, &session), "session");
  copilot_session_config_free(config);
  return session;
}

static void end_session(copilot_session *session) {
  check(copilot_session_disconnect(session, NULL), "disconnect");
  copilot_session_free(session);
}

static void turn(const char *prompt, seen_t *seen) {
  copilot_session *session = new_session(seen);
  check(copilot_session_send(session, copilot_s(prompt), copilot_s(NULL), NULL, NULL), "send");
  wait_for(&seen->done);
  end_session(session);
}

static const char *const PING = "{\"message\":\"x\"}";

static void pings_one_by_one(void) {
  long count = number("BENCH_PINGS");
  double *times = calloc((size_t)count, sizeof *times);
  for (long n = 0; n < count; n++) {
    double start = now();
    check(copilot_client_invoke(client, copilot_s("ping"), copilot_s(PING), NULL, NULL), "ping");
    times[n] = (now() - start) * 1e6;
  }
  put_times("ping", times, count);
  free(times);
}

static long to_send, to_come;
static bool all_pinged;

static void ping_done(void *user_data, copilot_error *error, copilot_string *result);

static void next_ping(void) {
  to_send--;
  check(copilot_client_invoke_async(client, copilot_s("ping"), copilot_s(PING), ping_done, NULL, NULL, NULL), "ping");
}

/* Runs where callbacks run, one at a time, so that the counters need no lock once the first pings are out. */
static void ping_done(void *user_data, copilot_error *error, copilot_string *result) {
  (void)user_data;
  check(error, "ping");
  copilot_string_free(result);
  pthread_mutex_lock(&mutex);
  bool more = to_send > 0;
  if (more) next_ping();
  bool last = --to_come == 0;
  pthread_mutex_unlock(&mutex);
  if (last) finish(&all_pinged);
}

static void pings_in_flight(void) {
  long count = number("BENCH_FLIGHT");
  double start = now();
  pthread_mutex_lock(&mutex);
  to_send = to_come = count;
  for (int n = 0; n < FLIGHT && to_send > 0; n++) next_ping();
  pthread_mutex_unlock(&mutex);
  wait_for(&all_pinged);
  put("pings", "_per_s", (double)count / (now() - start));
}

static void flood(const char *name, long count, long bytes) {
  char prompt[64];
  seen_t seen = {0};
  FILE *refs = fopen("/proc/self/clear_refs", "w");
  if (refs != NULL) {
    fputs("5", refs);
    fclose(refs);
  }
  snprintf(prompt, sizeof prompt, "flood %ld %ld", count, bytes);
  double memory = status_kb("VmRSS:"), start = now(), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  turn(prompt, &seen);
  long full = seen.text / bytes;
  put(name, "_per_s", (double)full / (now() - start));
  put(name, "_cpu_s", (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e5 / (double)(full > 0 ? full : 1));
  put(name, "_peak_mb", (status_kb("VmHWM:") - memory) / 1024);
  put(name, "_lost", (double)(count - full));
}

static void paced(void) {
  char prompt[64];
  long count = number("BENCH_PACED");
  seen_t seen = {0};
  seen.latencies = calloc((size_t)count, sizeof *seen.latencies);
  snprintf(prompt, sizeof prompt, "paced %ld", count);
  turn(prompt, &seen);
  put("paced", "_lost", (double)(count - seen.deltas));
  put_times("delta", seen.latencies, seen.deltas);
  free(seen.latencies);
}

static void tools(const char *name, int in_flight) {
  char prompt[64];
  long count = number("BENCH_TOOLS");
  seen_t seen = {0};
  tool_calls = 0;
  snprintf(prompt, sizeof prompt, "tools %ld %d", count, in_flight);
  double start = now();
  turn(prompt, &seen);
  put(name, "_per_s", (double)tool_calls / (now() - start));
  put(name, "_lost", (double)(count - tool_calls));
}

static void sessions(void) {
  long count = number("BENCH_SESSIONS");
  seen_t seen = {0};
  copilot_session **made = calloc((size_t)count, sizeof(copilot_session *));
  double memory = status_kb("VmRSS:"), start = now();
  for (long n = 0; n < count; n++) made[n] = new_session(&seen);
  put("sessions", "_per_s", (double)count / (now() - start));
  put("session", "_kb", (status_kb("VmRSS:") - memory) / (double)count);
  for (long n = 0; n < count; n++) end_session(made[n]);
  free(made);
}

static void ignore(void *user_data, copilot_error *error, copilot_string *result) {
  (void)user_data;
  check(error, "send");
  copilot_string_free(result);
}

static void streams(void) {
  char prompt[64];
  long count = number("BENCH_STREAMS"), events = number("BENCH_STREAM_EVENTS"), deltas = 0;
  copilot_session **made = calloc((size_t)count, sizeof(copilot_session *));
  seen_t *seen = calloc((size_t)count, sizeof *seen);
  for (long n = 0; n < count; n++) made[n] = new_session(&seen[n]);
  snprintf(prompt, sizeof prompt, "flood %ld 64", events);
  double start = now();
  for (long n = 0; n < count; n++)
    check(copilot_session_send_async(made[n], copilot_s(prompt), copilot_s(NULL), ignore, NULL, NULL, NULL), "send");
  for (long n = 0; n < count; n++) wait_for(&seen[n].done);
  put("streams", "_ms", (now() - start) * 1e3);
  for (long n = 0; n < count; n++) deltas += seen[n].deltas;
  put("streams", "_lost", (double)(count * events - deltas));
  for (long n = 0; n < count; n++) copilot_session_free(made[n]);
  free(made);
}

int main(int argc, char **argv) {
  polling = argc > 1 && strcmp(argv[1], "poll") == 0;
  limit = number("BENCH_LIMIT");
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  options.drive = polling ? COPILOT_DRIVE_POLL : COPILOT_DRIVE_THREAD;
  options.connection = COPILOT_CONNECTION_STDIO;
  options.path = copilot_s(getenv("BENCH_FAKE"));
  double start = now();
  check(copilot_client_new(&options, &client), "client");
  check(copilot_client_start(client, NULL, NULL), "start");
  put("start", "_ms", (now() - start) * 1e3);
  pings_one_by_one();
  pings_in_flight();
  flood("flood64", number("BENCH_FLOOD"), 64);
  flood("flood4k", number("BENCH_FLOOD_BIG"), 4096);
  paced();
  tools("tools1", 1);
  tools("tools16", 16);
  sessions();
  streams();
  start = now();
  check(copilot_client_stop(client, NULL), "stop");
  put("stop", "_ms", (now() - start) * 1e3);
  puts("}");
  copilot_client_free(client);
  return 0;
}
