/* The runtime's library for tests: the C interface of an in-process runtime, served by the fake runtime as a child.
 *
 * `COPILOT_HOME`, from the client's baseDirectory, holds a file `fake-runtime`: the program and its arguments, one per line.
 * An action of the main thread is recorded as the notification `fake.uiAction {actionId}`; each number runs once. */
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define MOST_SERVERS 4096
#define MOST_WORDS 32
#define MOST_ACTIONS 64

typedef void (*outbound_callback)(void *user_data, const uint8_t *bytes, size_t size);

extern char **environ;

struct server {
  pid_t child;
  int to_child, from_child;
  pthread_t reader;
  bool is_read, takes_actions;
  outbound_callback outbound;
  void *user_data;
  uint32_t actions[MOST_ACTIONS];
  size_t action_count;
};

static struct server servers[MOST_SERVERS];
static uint32_t server_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct server *find(uint32_t id) { return id > 0 && id <= server_count ? &servers[id - 1] : NULL; }

/* The words of the file beside the client's state; NULL-terminated, in `text`. */
static bool read_words(const uint8_t *env, size_t env_size, char *text, size_t room, char *words[MOST_WORDS]) {
  static const char member[] = "\"COPILOT_HOME\":\"";
  char json[4096], path[4200];
  if (env == NULL || env_size >= sizeof json) return false;
  memcpy(json, env, env_size);
  json[env_size] = '\0';
  char *home = strstr(json, member);
  if (home == NULL) return false;
  home += sizeof member - 1;
  home[strcspn(home, "\"")] = '\0';
  snprintf(path, sizeof path, "%s/fake-runtime", home);
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  text[fread(text, 1, room - 1, file)] = '\0';
  fclose(file);
  size_t count = 0;
  for (char *rest = text, *word; count < MOST_WORDS - 2 && (word = strsep(&rest, "\n")) != NULL;)
    if (*word != '\0') words[count++] = word;
  words[count++] = "--stdio";
  words[count] = NULL;
  return count > 1;
}

EXPORT uint32_t copilot_runtime_host_start(const uint8_t *argv, size_t argv_size, const uint8_t *env, size_t env_size) {
  char text[8192], *words[MOST_WORDS];
  int down[2], up[2];
  (void)argv, (void)argv_size;
  if (!read_words(env, env_size, text, sizeof text, words) || server_count == MOST_SERVERS) return 0;
  if (pipe(down) != 0 || pipe(up) != 0) return 0;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, down[0], 0);
  posix_spawn_file_actions_adddup2(&actions, up[1], 1);
  for (int end = 0; end < 2; end++) {
    posix_spawn_file_actions_addclose(&actions, down[end]);
    posix_spawn_file_actions_addclose(&actions, up[end]);
  }
  pid_t child = 0;
  int failed = posix_spawn(&child, words[0], &actions, NULL, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(down[0]), close(up[1]);
  if (failed) return close(down[1]), close(up[0]), 0;
  pthread_mutex_lock(&lock);
  servers[server_count] = (struct server){.child = child, .to_child = down[1], .from_child = up[0]};
  uint32_t id = ++server_count;
  pthread_mutex_unlock(&lock);
  return id;
}

static void *read_child(void *given) {
  struct server *server = given;
  uint8_t bytes[65536];
  for (ssize_t size; (size = read(server->from_child, bytes, sizeof bytes)) > 0;)
    server->outbound(server->user_data, bytes, (size_t)size);
  return NULL;
}

EXPORT uint32_t copilot_runtime_connection_open(uint32_t server_id, outbound_callback outbound, void *user_data,
                                                const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                                const uint8_t *c, size_t c_size) {
  struct server *server = find(server_id);
  (void)a, (void)a_size, (void)b, (void)b_size, (void)c, (void)c_size;
  if (server == NULL) return 0;
  server->outbound = outbound;
  server->user_data = user_data;
  server->is_read = pthread_create(&server->reader, NULL, read_child, server) == 0;
  return server->is_read ? server_id : 0;
}

EXPORT bool copilot_runtime_connection_write(uint32_t id, const uint8_t *bytes, size_t size) {
  struct server *server = find(id);
  if (server == NULL || server->child == 0) return false;
  while (size > 0) {
    ssize_t written = write(server->to_child, bytes, size);
    if (written <= 0) return false;
    bytes += written, size -= (size_t)written;
  }
  return true;
}

EXPORT bool copilot_runtime_connection_close(uint32_t id) {
  struct server *server = find(id);
  if (server == NULL || server->child == 0) return true;
  kill(server->child, SIGKILL);
  waitpid(server->child, NULL, 0);
  if (server->is_read) pthread_join(server->reader, NULL);
  close(server->to_child), close(server->from_child);
  server->child = 0;
  return true;
}

EXPORT bool copilot_runtime_host_shutdown(uint32_t id) { return find(id) != NULL; }

EXPORT bool copilot_runtime_connection_set_ui_thread_handler(uint32_t id, bool enabled) {
  struct server *server = find(id);
  if (server != NULL) server->takes_actions = enabled;
  return server != NULL;
}

/* False for one that was run before, or when nobody said that actions can be run. */
EXPORT bool copilot_runtime_connection_run_ui_action(uint32_t id, uint32_t action) {
  struct server *server = find(id);
  char body[128], frame[192];
  if (server == NULL || !server->takes_actions || server->action_count == MOST_ACTIONS) return false;
  for (size_t n = 0; n < server->action_count; n++)
    if (server->actions[n] == action) return false;
  server->actions[server->action_count++] = action;
  int size = snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"method\":\"fake.uiAction\",\"params\":{\"actionId\":%u}}",
                      action);
  snprintf(frame, sizeof frame, "Content-Length: %d\r\n\r\n%s", size, body);
  return copilot_runtime_connection_write(id, (const uint8_t *)frame, strlen(frame));
}
