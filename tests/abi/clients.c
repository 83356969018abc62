/* Clients come and go in every way in which a program may let go of them, each with a session, a turn and a tool call: memory,
 * threads, open files and children stay as they are. Argument: how many clients; 200 unless given. */
#include <dirent.h>
#include <stdatomic.h>
#include <unistd.h>

#include "check.h"
#include "process.h"

/* What a client's callbacks work with. */
struct life {
  copilot_client *client;
  copilot_session *session;
  atomic_int destroyed, freed, done;
  int frees; /* the first delta's callback frees both handles */
};

static void on_destroyed(void *user_data) { ((struct life *)user_data)->destroyed++; }

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  struct life *life = user_data;
  (void)session;
  if (life->frees && !life->freed && same(event->type_name, "assistant.message_delta")) {
    CHECK(copilot_session_free(life->session) == COPILOT_OK && copilot_client_free(life->client) == COPILOT_OK);
    life->freed = 1;
  }
}

static void add(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  OK(copilot_call_reply_text(call, copilot_s("3")));
}

static void on_sent(void *user_data, copilot_error *error, copilot_string *result) {
  copilot_error_free(error); /* the client may be gone before the answer */
  copilot_string_free(result);
  ((struct life *)user_data)->done = 1;
}

static copilot_session_config *config_of(struct life *life) {
  copilot_session_config *config = NULL;
  copilot_tool tool = COPILOT_TOOL_INIT;
  OK(copilot_session_config_new(copilot_s("{\"streaming\":true}"), &config));
  OK(copilot_session_config_on_event(config, on_event, life, on_destroyed));
  tool.name = copilot_s("add");
  tool.call = add;
  tool.user_data = life;
  tool.destroy = on_destroyed;
  OK(copilot_session_config_tool(config, &tool));
  return config;
}

static pid_t runtime_of(copilot_client *client) {
  copilot_string *info = NULL;
  long pid;
  OK(copilot_client_invoke(client, copilot_s("fake.info"), copilot_s(NULL), NULL, &info));
  pid = number_at(copilot_string_view(info), "/pid");
  copilot_string_free(info);
  CHECK(pid > 1);
  return (pid_t)pid;
}

static void call_a_tool(copilot_client *client, copilot_session *session) {
  copilot_string *id = NULL;
  char params[256];
  OK(copilot_session_id(session, &id));
  snprintf(params, sizeof params, "{\"sessionId\":\"%s\",\"toolName\":\"add\",\"count\":2,\"inFlight\":2}", copilot_string_data(id));
  copilot_string_free(id);
  OK(copilot_client_invoke(client, copilot_s("fake.toolRoundtrips"), copilot_s(params), NULL, NULL));
}

/* Sends, and lets a callback free everything; in poll mode this thread runs it. */
static void freed_by_callback(struct life *life, uint32_t drive) {
  copilot_client *client = life->client;
  double end = seconds() + LIMIT;
  OK(copilot_session_send_async(life->session, copilot_s("hello"), copilot_s(NULL), on_sent, life, NULL, NULL));
  while (!life->freed && seconds() < end) {
    if (drive == COPILOT_DRIVE_POLL) {
      copilot_error_free(copilot_client_poll(client, 10, NULL));
    } else {
      sleep_ms(1);
    }
  }
  CHECK(life->freed);
}

static void one_life(int n) {
  uint32_t drive = n % 2 ? COPILOT_DRIVE_POLL : COPILOT_DRIVE_THREAD;
  int way = n / 2 % 4;
  struct life *life = calloc(1, sizeof *life);
  copilot_session_config *config;
  double end;
  pid_t runtime;
  CHECK(life != NULL);
  life->client = fake_client(NULL, drive);
  config = config_of(life);
  OK(copilot_client_create_session(life->client, config, NULL, &life->session));
  copilot_session_config_free(config);
  runtime = runtime_of(life->client);
  call_a_tool(life->client, life->session);
  OK(copilot_session_send_and_wait(life->session, copilot_s("hello"), copilot_s(NULL), NULL, NULL));
  life->frees = way == 3;
  switch (way) {
    case 0: /* politely */
      OK(copilot_session_disconnect(life->session, NULL));
      CHECK(copilot_session_free(life->session) == COPILOT_OK);
      OK(copilot_client_stop(life->client, NULL));
      CHECK(copilot_client_free(life->client) == COPILOT_OK);
      break;
    case 1: /* without a word, the client first */
      CHECK(copilot_client_free(life->client) == COPILOT_OK);
      CHECK(copilot_session_free(life->session) == COPILOT_OK);
      break;
    case 2: /* by force, in the middle of a turn */
      OK(copilot_session_send(life->session, copilot_s("hello"), copilot_s(NULL), NULL, NULL));
      OK(copilot_client_force_stop(life->client, NULL));
      CHECK(copilot_session_free(life->session) == COPILOT_OK && copilot_client_free(life->client) == COPILOT_OK);
      break;
    default: /* inside a callback, in the middle of a turn */
      freed_by_callback(life, drive);
  }
  expect_gone(runtime, LIMIT);
  for (end = seconds() + LIMIT; life->destroyed < 2 || (life->frees && !life->done);) {
    CHECK(seconds() < end);
    sleep_ms(1);
  }
  free(life);
}

static long resident(void) {
  long pages = 0, ignored = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%ld %ld", &ignored, &pages) == 2);
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

static int entries(const char *folder) {
  DIR *all = opendir(folder);
  int count = 0;
  CHECK(all != NULL);
  while (readdir(all) != NULL) count++;
  closedir(all);
  return count;
}

#if defined(__SANITIZE_ADDRESS__)
enum { MORE = 1 << 30 }; /* what was freed is kept for a while, to find its use */
#else
enum { MORE = 4 << 20 };
#endif

/* What must not grow, once the threads of the last client have had time to end. */
static void expect_flat(long memory, int threads, int files) {
  double end = seconds() + LIMIT;
  while ((entries("/proc/self/task") > threads || entries("/proc/self/fd") > files) && seconds() < end) sleep_ms(5);
  if (entries("/proc/self/task") > threads || entries("/proc/self/fd") > files || resident() - memory > MORE) {
    fprintf(stderr, "threads %d, before %d; files %d, before %d; %ld bytes more\n", entries("/proc/self/task"), threads,
            entries("/proc/self/fd"), files, resident() - memory);
    abort();
  }
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 200, warm = count / 10 < 40 ? 40 : count / 10, n = 0, threads, files;
  long memory;
  while (n < warm) one_life(n++);
  sleep_ms(200);
  memory = resident(), threads = entries("/proc/self/task"), files = entries("/proc/self/fd");
  while (n < count) one_life(n++);
  expect_flat(memory, threads, files);
  printf("clients: %d: ok\n", count);
  return 0;
}
