/* A conversation inside libuv's loop: one thread, and no call that waits.
 *
 * With COPILOT_DRIVE_POLL the library runs callbacks only inside copilot_client_poll, and its descriptor is readable while
 * there is something to run. A uv_poll_t watches the descriptor and calls copilot_client_poll. The tool takes its time with a
 * timer of the same loop, and a second timer ticks: the loop turns all the while.
 *
 *   cc uv.c $(pkg-config --cflags --libs copilot libuv) -o uv; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./uv */
#include <copilot.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct program {
  copilot_client *client;
  copilot_session *session;
  uv_poll_t library;
  uv_timer_t ticker;
  int ticks;
};

static void check(copilot_error *error) {
  if (error == NULL) return;
  fprintf(stderr, "%s: %s\n", copilot_error_name(error), copilot_error_message(error));
  exit(1);
}

static void uv(int code) {
  if (code != 0) fprintf(stderr, "libuv: %s\n", uv_strerror(code)), exit(1);
}

/* The end: without handles, uv_run returns. */
static void stopped(void *user_data, copilot_error *error, copilot_string *result) {
  struct program *program = user_data;
  check(error);
  copilot_string_free(result);
  uv_close((uv_handle_t *)&program->library, NULL);
  uv_close((uv_handle_t *)&program->ticker, NULL);
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
  check(copilot_session_send_and_wait_async(session, copilot_s("What is the weather in Paris?"), copilot_s(NULL), answered,
                                            program, NULL, NULL));
}

static void free_timer(uv_handle_t *timer) { free(timer); }

static void weather_is_known(uv_timer_t *timer) {
  check(copilot_call_reply_text(timer->data, copilot_s("Sunny, 21 degrees in Paris")));
  uv_close((uv_handle_t *)timer, free_timer);
}

/* The tool. It returns at once; the call is kept and answered later. */
static void get_weather(void *user_data, copilot_call *call, const copilot_call_info *info) {
  uv_timer_t *timer = malloc(sizeof *timer);
  (void)user_data;
  if (timer == NULL) abort();
  printf("[tool] %.*s\n", (int)info->name.len, info->name.data);
  uv_timer_init(uv_default_loop(), timer);
  timer->data = call;
  uv_timer_start(timer, weather_is_known, 20, 0);
}

static void ask_permission(void *user_data, copilot_call *call, const copilot_call_info *info) {
  (void)user_data, (void)info;
  puts("[permission] yes");
  check(copilot_call_reply(call, copilot_s("{\"kind\":\"approve-once\"}")));
}

static void show(void *user_data, copilot_session *session, const copilot_event *event) {
  copilot_event_fields fields = COPILOT_EVENT_FIELDS_INIT;
  (void)user_data, (void)session;
  check(copilot_event_get_fields(event, &fields));
  if (fields.delta.len > 0) fwrite(fields.delta.data, 1, fields.delta.len, stdout);
}

static copilot_session_config *configure(void) {
  copilot_session_config *config = NULL;
  copilot_tool weather = COPILOT_TOOL_INIT;
  const char *url = getenv("COPILOT_MODEL_URL");
  char json[1024] = "{\"streaming\":true}";
  if (url != NULL)
    snprintf(json, sizeof json, "{\"streaming\":true,\"model\":\"m\",\"provider\":{\"type\":\"openai\",\"baseUrl\":\"%s\",\"apiKey\":\"none\"}}", url);
  check(copilot_session_config_new(copilot_s(json), &config));
  weather.name = copilot_s("get_weather");
  weather.description = copilot_s("Tells the weather of a city");
  weather.parameters = copilot_s("{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}");
  weather.call = get_weather;
  check(copilot_session_config_tool(config, &weather));
  check(copilot_session_config_on_permission(config, ask_permission, NULL, NULL));
  check(copilot_session_config_on_event(config, show, NULL, NULL));
  return config;
}

static void ready(uv_poll_t *library, int status, int events) {
  (void)events;
  uv(status);
  check(copilot_client_poll(library->data, 0, NULL));
}

static void tick(uv_timer_t *ticker) { ++*(int *)ticker->data; }

int main(void) {
  struct program program = {0};
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_session_config *config = configure();
  int64_t fd = -1;
  options.drive = COPILOT_DRIVE_POLL;
  check(copilot_client_new(&options, &program.client));
  check(copilot_client_fd(program.client, &fd));
  uv(uv_poll_init(uv_default_loop(), &program.library, (int)fd));
  uv_timer_init(uv_default_loop(), &program.ticker);
  program.library.data = program.client, program.ticker.data = &program.ticks;
  uv(uv_poll_start(&program.library, UV_READABLE, ready));
  uv_timer_start(&program.ticker, tick, 1, 1);

  check(copilot_client_create_session_async(program.client, config, opened, &program, NULL, NULL)); /* starts the runtime */
  copilot_session_config_free(config);
  uv(uv_run(uv_default_loop(), UV_RUN_DEFAULT));
  copilot_client_free(program.client); /* only now: the loop has let go of the descriptor */
  uv(uv_loop_close(uv_default_loop()));
  printf("the loop turned meanwhile: %s\n", program.ticks > 0 ? "yes" : "no");
  return 0;
}
