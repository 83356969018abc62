/* A conversation inside a program's own loop: one thread, epoll, and no call that waits.
 *
 * With COPILOT_DRIVE_POLL the library runs callbacks only inside copilot_client_poll. Its descriptor is readable while there is
 * something to run, so it stands beside the program's other descriptors; here a timer, which shows that the loop never stops.
 *
 *   cc epoll.c $(pkg-config --cflags --libs copilot) -o epoll; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./epoll */
#include <copilot.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct program {
  copilot_client *client;
  copilot_session *session;
  int is_over, ticks;
};

static void check(copilot_error *error) {
  if (error == NULL) return;
  fprintf(stderr, "%s: %s\n", copilot_error_name(error), copilot_error_message(error));
  exit(1);
}

static void stopped(void *user_data, copilot_error *error, copilot_string *result) {
  check(error);
  copilot_string_free(result);
  ((struct program *)user_data)->is_over = 1;
}

static void answered(void *user_data, copilot_error *error, copilot_string *message) {
  struct program *program = user_data;
  check(error);
  copilot_string_free(message);
  puts("");
  copilot_session_free(program->session);
  check(copilot_client_stop_async(program->client, stopped, program, NULL, NULL));
}

static void opened(void *user_data, copilot_error *error, copilot_session *session) {
  struct program *program = user_data;
  check(error);
  program->session = session;
  check(copilot_session_send_and_wait_async(session, copilot_s("Say something."), copilot_s(NULL), answered, program, NULL, NULL));
}

static void show(void *user_data, copilot_session *session, const copilot_event *event) {
  copilot_event_fields fields = COPILOT_EVENT_FIELDS_INIT;
  (void)user_data, (void)session;
  check(copilot_event_get_fields(event, &fields));
  if (fields.delta.len > 0) fwrite(fields.delta.data, 1, fields.delta.len, stdout);
}

static void started(void *user_data, copilot_error *error, copilot_string *info) {
  struct program *program = user_data;
  copilot_session_config *config = NULL;
  const char *url = getenv("COPILOT_MODEL_URL");
  char json[1024] = "{\"streaming\":true}";
  check(error);
  copilot_string_free(info);
  if (url != NULL)
    snprintf(json, sizeof json, "{\"streaming\":true,\"model\":\"m\",\"provider\":{\"type\":\"openai\",\"baseUrl\":\"%s\",\"apiKey\":\"none\"}}", url);
  check(copilot_session_config_new(copilot_s(json), &config));
  check(copilot_session_config_on_event(config, show, NULL, NULL));
  check(copilot_client_create_session_async(program->client, config, opened, program, NULL, NULL));
  copilot_session_config_free(config);
}

static void watch(int loop, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) != 0) perror("epoll_ctl"), exit(1);
}

int main(void) {
  struct program program = {0};
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  struct itimerspec every = {{0, 1000000}, {0, 1000000}};
  int loop = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  int64_t library = -1;
  options.drive = COPILOT_DRIVE_POLL;
  check(copilot_client_new(&options, &program.client));
  check(copilot_client_fd(program.client, &library));
  timerfd_settime(timer, 0, &every, NULL);
  watch(loop, timer);
  watch(loop, (int)library);
  check(copilot_client_start_async(program.client, started, &program, NULL, NULL));
  while (!program.is_over) {
    struct epoll_event ready;
    uint64_t expirations;
    if (epoll_wait(loop, &ready, 1, -1) != 1) continue;
    if (ready.data.fd == timer && read(timer, &expirations, sizeof expirations) > 0) program.ticks++;
    if (ready.data.fd == library) check(copilot_client_poll(program.client, 0, NULL));
  }
  printf("the loop turned meanwhile: %s\n", program.ticks > 0 ? "yes" : "no");
  copilot_client_free(program.client);
  close(timer), close(loop);
  return 0;
}
