/* A conversation inside GLib's main loop, as in every GTK program: one thread, and no call that waits.
 *
 * With COPILOT_DRIVE_POLL the library runs callbacks only inside copilot_client_poll, and its descriptor is readable while
 * there is something to run. g_unix_fd_add watches the descriptor and calls copilot_client_poll. The tool takes its time with
 * a timeout of the same loop, and a second timeout ticks: the loop turns all the while.
 *
 * Do not run another main loop inside a callback, as a modal dialog does: nothing of this client is delivered until the
 * callback returns. Keep the call, show the dialog, and answer when it was closed.
 *
 *   cc glib.c $(pkg-config --cflags --libs copilot glib-2.0) -o glib; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./glib */
#include <copilot.h>
#include <glib-unix.h>
#include <glib.h>

struct program {
  GMainLoop *loop;
  copilot_client *client;
  copilot_session *session;
  int ticks;
};

static void check(copilot_error *error) {
  /* g_error ends the program. */
  if (error != NULL) g_error("%s: %s", copilot_error_name(error), copilot_error_message(error));
}

static void stopped(gpointer data, copilot_error *error, copilot_string *result) {
  struct program *program = data;
  check(error);
  copilot_string_free(result);
  g_main_loop_quit(program->loop);
}

static void answered(gpointer data, copilot_error *error, copilot_string *message) {
  struct program *program = data;
  check(error);
  copilot_string_free(message);
  g_print("\n");
  copilot_session_free(program->session);
  check(copilot_client_stop_async(program->client, stopped, program, NULL, NULL));
}

static void opened(gpointer data, copilot_error *error, copilot_session *session) {
  struct program *program = data;
  check(error);
  program->session = session;
  check(copilot_session_send_and_wait_async(session, copilot_s("What is the weather in Paris?"), copilot_s(NULL), answered,
                                            program, NULL, NULL));
}

static gboolean weather_is_known(gpointer call) {
  check(copilot_call_reply_text(call, copilot_s("Sunny, 21 degrees in Paris")));
  return G_SOURCE_REMOVE;
}

/* The tool. It returns at once; the call is kept and answered later. */
static void get_weather(gpointer data, copilot_call *call, const copilot_call_info *info) {
  (void)data;
  g_print("[tool] %.*s\n", (int)info->name.len, info->name.data);
  g_timeout_add(20, weather_is_known, call);
}

static void ask_permission(gpointer data, copilot_call *call, const copilot_call_info *info) {
  (void)data, (void)info;
  g_print("[permission] yes\n");
  check(copilot_call_reply(call, copilot_s("{\"kind\":\"approve-once\"}")));
}

static void show(gpointer data, copilot_session *session, const copilot_event *event) {
  copilot_event_fields fields = COPILOT_EVENT_FIELDS_INIT;
  (void)data, (void)session;
  check(copilot_event_get_fields(event, &fields));
  if (fields.delta.len > 0) g_print("%.*s", (int)fields.delta.len, fields.delta.data);
}

static copilot_session_config *configure(void) {
  copilot_session_config *config = NULL;
  copilot_tool weather = COPILOT_TOOL_INIT;
  const gchar *url = g_getenv("COPILOT_MODEL_URL");
  check(copilot_session_config_new(copilot_s("{\"streaming\":true}"), &config));
  if (url != NULL) {
    gchar *json = g_strdup_printf("{\"model\":\"m\",\"provider\":{\"type\":\"openai\",\"baseUrl\":\"%s\",\"apiKey\":\"none\"}}", url);
    check(copilot_session_config_set(config, copilot_s(json)));
    g_free(json);
  }
  weather.name = copilot_s("get_weather");
  weather.description = copilot_s("Tells the weather of a city");
  weather.parameters = copilot_s("{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}");
  weather.call = get_weather;
  check(copilot_session_config_tool(config, &weather));
  check(copilot_session_config_on_permission(config, ask_permission, NULL, NULL));
  check(copilot_session_config_on_event(config, show, NULL, NULL));
  return config;
}

static gboolean ready(gint fd, GIOCondition condition, gpointer client) {
  (void)fd, (void)condition;
  check(copilot_client_poll(client, 0, NULL));
  return G_SOURCE_CONTINUE;
}

static gboolean tick(gpointer ticks) {
  ++*(int *)ticks;
  return G_SOURCE_CONTINUE;
}

int main(void) {
  struct program program = {0};
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_session_config *config = configure();
  int64_t fd = -1;
  guint library, ticker;
  options.drive = COPILOT_DRIVE_POLL;
  check(copilot_client_new(&options, &program.client));
  check(copilot_client_fd(program.client, &fd));
  program.loop = g_main_loop_new(NULL, FALSE);
  library = g_unix_fd_add((gint)fd, G_IO_IN, ready, program.client);
  ticker = g_timeout_add(1, tick, &program.ticks);

  check(copilot_client_create_session_async(program.client, config, opened, &program, NULL, NULL)); /* starts the runtime */
  copilot_session_config_free(config);
  g_main_loop_run(program.loop);
  g_source_remove(library), g_source_remove(ticker); /* before the descriptor is closed */
  copilot_client_free(program.client);
  g_main_loop_unref(program.loop);
  g_print("the loop turned meanwhile: %s\n", program.ticks > 0 ? "yes" : "no");
  return 0;
}
