/* A runtime that misbehaves by a seed (--adversary, tests/testkit/README.md): whatever it does, every call ends with a result or
 * an error that has a text, every completion comes once, every user_data is freed once, and nothing is left behind: no process,
 * thread or descriptor. ADVERSARY_SEEDS=FROM..TO chooses the seeds, ADVERSARY_SEEDS=7 repeats one. */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "process.h"

/* Lives at the same time; they wait most of the time. And how long a program waits before it gives up a call, in ms. */
enum { AT_ONCE = 16, PATIENCE = 150 };

/* One program that uses what it can. */
struct life {
  unsigned long seed;
  atomic_int refs, begun, done, questions; /* registrations not yet freed; async calls; questions answered */
  _Atomic(copilot_call *) parked;          /* a question that is answered behind the end */
};

static unsigned long from = 0, to = 40;
static atomic_ulong next_seed;
/* What each worker is at, for the watchdog. */
static struct {
  atomic_ulong seed;
  _Atomic(double) since;
} at[AT_ONCE];
static atomic_ulong outcomes[64], calls;

static void free_life(void *user_data) {
  struct life *life = user_data;
  CHECK(life->refs-- > 0);
}

/* Every registration is freed once: with a life of its own for it, counted. */
static void *hold(struct life *life) {
  life->refs++;
  return life;
}

/* Counts how a call ended. An error has a text, and is none of the library's own mistakes. */
static int ended(struct life *life, const char *what, copilot_error *error) {
  copilot_code code = copilot_error_code(error);
  int ok = error == NULL;
  calls++;
  outcomes[(unsigned)code % 64]++;
  if (!ok && (code == COPILOT_ERROR_INTERNAL || *copilot_error_message(error) == 0)) {
    fprintf(stderr, "seed %lu: %s: %s: %s\n", life->seed, what, copilot_error_name(error), copilot_error_message(error));
    abort();
  }
  copilot_error_free(error);
  return ok;
}
#define TRY(life, call) ended((life), #call, (call))

/* Well, badly, with an error, late, or not at all. */
static void answer(struct life *life, copilot_call *call) {
  static const char *const values[] = {
      "7", "null", "[]", "{}", "\"yes\"", "{\"kind\":\"approve-once\",\"answer\":\"a\",\"wasFreeform\":false}", "{ no JSON"};
  int n = life->questions++;
  copilot_call *parked;
  switch (n % 5) {
    case 0: copilot_call_free(call); break;
    case 1: copilot_error_free(copilot_call_fail(call, copilot_s("no"))); break;
    case 2: copilot_error_free(copilot_call_reply_text(call, copilot_s("text"))); break;
    case 3:
      parked = atomic_exchange(&life->parked, call);
      if (parked != NULL) copilot_error_free(copilot_call_reply(parked, copilot_s("{}")));
      break;
    default: {
      /* Text that is no JSON is refused, and the question is still to be answered. */
      copilot_error *error = copilot_call_reply(call, copilot_s(values[n / 5 % 7]));
      if (error != NULL) copilot_call_free(call);
      copilot_error_free(error);
    }
  }
}

static void on_call(void *user_data, copilot_call *call, const copilot_call_info *info) {
  CHECK(call != NULL && info->kind > 0);
  answer(user_data, call);
}

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  (void)user_data, (void)session;
  CHECK(event->size >= sizeof *event);
}

static void on_ended(void *user_data, copilot_session *session, copilot_error *error) {
  (void)user_data, (void)session;
  copilot_error_free(error);
}

static void on_news(void *user_data, copilot_str name, copilot_str json) { (void)user_data, (void)name, (void)json; }

static void on_closed(void *user_data, copilot_error *error) {
  (void)user_data;
  copilot_error_free(error);
}

static void on_done(void *user_data, copilot_error *error, copilot_string *result) {
  struct life *life = user_data;
  ended(life, "an asynchronous call", error);
  copilot_string_free(result);
  life->done++;
}

static copilot_client *new_client(struct life *life) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  char seed[32], json[512];
  copilot_str args[4] = {
      copilot_s("--adversary"), copilot_s(seed), copilot_s("--script-json"),
      copilot_s("[{\"on\":{\"method\":\"registerExtensionLaunchProvider\"},\"do\":[{\"reply\":{\"result\":{}}}]},"
                "{\"on\":{\"method\":\"host.start\"},\"do\":[{\"reply\":{\"result\":{\"hostId\":\"$params.hostId\"}}}]}]")};
  snprintf(seed, sizeof seed, "%lu", life->seed);
  args[1] = copilot_s(seed);
  snprintf(json, sizeof json,
           "{\"startTimeoutMs\":2000,\"handlers\":{\"requestHandler\":true,\"extensionLaunch\":true,"
           "\"installationConfirmation\":true,\"gitHubTelemetry\":true}%s}",
           life->seed % 2 ? "" : ",\"sessionFs\":{\"initialCwd\":\"/\",\"sessionStatePath\":\"/s\",\"conventions\":\"posix\"}");
  options.path = copilot_s(environment("COPILOT_FAKE_RUNTIME"));
  options.args = args, options.args_len = 4;
  options.connection = life->seed % 4 == 0 ? COPILOT_CONNECTION_TCP : COPILOT_CONNECTION_STDIO;
  options.drive = life->seed % 5 == 0 ? COPILOT_DRIVE_POLL : COPILOT_DRIVE_THREAD;
  options.json = copilot_s(json);
  options.on_call = on_call, options.on_lifecycle = on_news, options.on_notification = on_news, options.on_closed = on_closed;
  options.user_data = hold(life), options.destroy = free_life;
  OK(copilot_client_new(&options, &client));
  return client;
}

static copilot_session_config *new_config(struct life *life) {
  static const uint32_t kinds[] = {
      COPILOT_CALL_PERMISSION, COPILOT_CALL_USER_INPUT, COPILOT_CALL_EXIT_PLAN_MODE, COPILOT_CALL_AUTO_MODE_SWITCH,
      COPILOT_CALL_HOOK, COPILOT_CALL_SYSTEM_MESSAGE_TRANSFORM, COPILOT_CALL_ELICITATION, COPILOT_CALL_MCP_AUTH,
      COPILOT_CALL_COMMAND, COPILOT_CALL_PROVIDER_TOKEN, COPILOT_CALL_CANVAS, COPILOT_CALL_SKILL_PROVIDER,
      COPILOT_CALL_GITHUB_TOKEN, COPILOT_CALL_FACTORY, COPILOT_CALL_SESSION_FS};
  static const char *const names[] = {"", "", "", "", "preToolUse", "tone", "", "", "c", "default", "", "", "", "f", ""};
  copilot_session_config *config = NULL;
  copilot_tool tool = COPILOT_TOOL_INIT;
  size_t n, count = sizeof kinds / sizeof *kinds - life->seed % 2;
  OK(copilot_session_config_new(
      copilot_s("{\"sessionId\":\"s\",\"streaming\":true,\"commands\":[{\"name\":\"c\",\"description\":\"\"}]}"), &config));
  OK(copilot_session_config_on_event(config, on_event, hold(life), free_life));
  OK(copilot_session_config_on_ended(config, on_ended, hold(life), free_life));
  tool.name = copilot_s("t");
  tool.call = on_call, tool.user_data = hold(life), tool.destroy = free_life;
  OK(copilot_session_config_tool(config, &tool));
  for (n = 0; n < count; n++)
    OK(copilot_session_config_on_call(config, kinds[n], copilot_s(names[n]), on_call, hold(life), free_life));
  return config;
}

static void talk(struct life *life, copilot_session *session) {
  copilot_wait wait = patience(PATIENCE);
  copilot_string *result = NULL;
  copilot_op *op = NULL;
  int n;
  for (n = 0; n < 2; n++) {
    life->begun += 2;
    if (!TRY(life, copilot_session_send_and_wait_async(session, copilot_s("at once"), copilot_s(NULL), on_done, life, NULL,
                                                       n == 0 ? &op : NULL)))
      life->begun--;
    if (!TRY(life, copilot_session_get_events_async(session, on_done, life, NULL, NULL))) life->begun--;
  }
  TRY(life, copilot_session_send(session, copilot_s("a"), copilot_s(NULL), &wait, &result));
  copilot_string_free(result), result = NULL;
  TRY(life, copilot_session_send_and_wait(session, copilot_s("b"), copilot_s(NULL), &wait, &result));
  copilot_string_free(result), result = NULL;
  TRY(life, copilot_session_get_events(session, &wait, &result));
  copilot_string_free(result), result = NULL;
  TRY(life, copilot_session_set_model(session, copilot_s("m"), copilot_s(NULL), &wait));
  TRY(life, copilot_session_confirm(session, copilot_s("?"), &wait, &result));
  copilot_string_free(result);
  TRY(life, copilot_session_abort(session, &wait));
  if (life->seed % 2) TRY(life, copilot_session_disconnect(session, &wait));
  copilot_op_free(op);
  copilot_session_free(session);
}

static void live(unsigned long seed) {
  struct life life = {.seed = seed};
  copilot_client *client = new_client(&life);
  copilot_session_config *config = new_config(&life);
  copilot_wait wait = patience(PATIENCE), start = patience(3000), bound = patience(LIMIT * 1000u);
  copilot_session *session = NULL;
  copilot_string *result = NULL;
  double end = seconds() + LIMIT;
  TRY(&life, copilot_client_start(client, &start, &result));
  copilot_string_free(result), result = NULL;
  TRY(&life, copilot_client_ping(client, copilot_s("p"), &wait, &result));
  copilot_string_free(result), result = NULL;
  TRY(&life, copilot_client_list_models(client, &wait, &result));
  copilot_string_free(result), result = NULL;
  TRY(&life, copilot_client_list_sessions(client, copilot_s(NULL), &wait, &result));
  copilot_string_free(result), result = NULL;
  TRY(&life, copilot_client_start_ahp_host(client, copilot_s("{\"localServer\":{},\"sessionFactory\":true}"), &wait, &result));
  copilot_string_free(result), result = NULL;
  if (TRY(&life, copilot_client_create_session(client, config, &wait, &session))) talk(&life, session);
  session = NULL;
  if (TRY(&life, copilot_client_resume_session(client, copilot_s("s"), config, &wait, &session))) talk(&life, session);
  TRY(&life, copilot_client_delete_session(client, copilot_s("s"), &wait));
  OK(copilot_client_diagnostics(client, &result));
  copilot_string_free(result);
  copilot_session_config_free(config);
  /* Politely, by force, or simply by letting go. */
  if (seed % 3 == 0) {
    TRY(&life, copilot_client_stop(client, &bound));
  } else if (seed % 3 == 1) {
    TRY(&life, copilot_client_force_stop(client, &bound));
  }
  while (seed % 3 != 2 && life.done < life.begun && seconds() < end) {
    size_t count = 0;
    if (seed % 5 == 0) OK(copilot_client_poll(client, 10, &count));
    else sleep_ms(1);
  }
  CHECK(copilot_client_free(client) == COPILOT_OK);
  {
    copilot_call *parked = atomic_exchange(&life.parked, NULL);
    if (parked != NULL) copilot_error_free(copilot_call_reply(parked, copilot_s("{}")));
  }
  while ((life.refs > 0 || life.done < life.begun) && seconds() < end) sleep_ms(1);
  if (life.refs > 0 || life.done != life.begun) {
    fprintf(stderr, "seed %lu: %d of %d calls ended, %d registrations are not freed\n", seed, life.done, life.begun, life.refs);
    abort();
  }
}

static void *work(void *number) {
  size_t me = (size_t)(uintptr_t)number;
  unsigned long seed;
  while ((seed = next_seed++) < to) {
    at[me].seed = seed;
    at[me].since = seconds();
    live(seed);
    at[me].since = 0;
  }
  return NULL;
}

static int entries(const char *folder) {
  DIR *open = opendir(folder);
  int count = 0;
  CHECK(open != NULL);
  while (readdir(open) != NULL) count++;
  closedir(open);
  return count;
}

/* Descriptors, threads, and processes of this one that are still there, ended or not. */
static void count_all(int counts[3]) {
  DIR *processes = opendir("/proc");
  struct dirent *entry;
  CHECK(processes != NULL);
  counts[2] = 0;
  while ((entry = readdir(processes)) != NULL) {
    char path[300], line[512] = "";
    const char *rest;
    FILE *stat;
    snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || (stat = fopen(path, "r")) == NULL) continue;
    rest = fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL;
    fclose(stat);
    if (rest != NULL && strtol(rest + 3, NULL, 10) == getpid()) counts[2]++;
  }
  closedir(processes);
  counts[0] = entries("/proc/self/fd"), counts[1] = entries("/proc/self/task");
}

/* As many as there were. What ends by itself gets its time. */
static void expect_nothing_left(const int before[3]) {
  int now[3];
  double end = seconds() + LIMIT;
  do {
    count_all(now);
    if (now[0] <= before[0] && now[1] <= before[1] && now[2] <= before[2]) return;
    sleep_ms(20);
  } while (seconds() < end);
  fprintf(stderr, "seeds %lu..%lu left behind: descriptors %d, threads %d, processes %d; before: %d, %d, %d\n", from, to, now[0],
          now[1], now[2], before[0], before[1], before[2]);
  fflush(stderr);
  if (system("ls -l /proc/$PPID/fd >&2") != 0) fprintf(stderr, "what is open cannot be listed\n");
  abort();
}

static void warm_up(void) {
  copilot_client *client = fake_client(NULL, COPILOT_DRIVE_THREAD);
  OK(copilot_client_start(client, NULL, NULL));
  OK(copilot_client_stop(client, NULL));
  CHECK(copilot_client_free(client) == COPILOT_OK);
}

int main(void) {
  const char *chosen = getenv("ADVERSARY_SEEDS");
  pthread_t workers[AT_ONCE];
  int before[3], n, kinds = 0;
  if (chosen != NULL && *chosen != 0) {
    char *rest = NULL;
    from = strtoul(chosen, &rest, 10);
    to = strncmp(rest, "..", 2) == 0 ? strtoul(rest + 2, NULL, 10) : from + 1;
  }
  /* The first client starts what lives as long as the process. */
  warm_up();
  count_all(before);
  next_seed = from;
  for (n = 0; n < AT_ONCE; n++) CHECK(pthread_create(&workers[n], NULL, work, (void *)(uintptr_t)n) == 0);
  for (n = 0; n < AT_ONCE; n++) {
    /* The watchdog: a life that never ends names its seed. */
    while (pthread_tryjoin_np(workers[n], NULL) != 0) {
      int other;
      sleep_ms(5);
      for (other = 0; other < AT_ONCE; other++) {
        double since = at[other].since;
        if (since > 0 && seconds() - since > LIMIT * 2) {
          fprintf(stderr, "seed %lu never ends\n", at[other].seed);
          abort();
        }
      }
    }
  }
  expect_nothing_left(before);
  for (n = 0; n < 64; n++) kinds += outcomes[n] > 0;
  CHECK(to - from < 20 || (kinds > 5 && outcomes[COPILOT_OK] * 10 > calls));
  printf("adversary: %lu seeds, %lu calls, %lu of them with a result: ok\n", to - from, calls, outcomes[COPILOT_OK]);
  return 0;
}
