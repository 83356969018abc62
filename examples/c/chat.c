/* One conversation: a custom tool, a streamed answer, a permission question, the usage at the end.
 *
 * With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot. Without, it talks to the OpenAI-compatible server at
 * COPILOT_MODEL_URL. The runtime is found by COPILOT_CLI_PATH.
 *   cc chat.c $(pkg-config --cflags --libs copilot) -o chat
 */
#include <copilot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when a call failed. */
static void check(copilot_error *error) {
  if (error != NULL) {
    fprintf(stderr, "%s: %s\n", copilot_error_name(error), copilot_error_message(error));
    exit(1);
  }
}

/* The text at a JSON pointer, to be freed; NULL when there is none. */
static copilot_string *text_at(copilot_str json, const char *pointer) {
  copilot_string *text = NULL;
  check(copilot_json_text(json, copilot_s(pointer), &text));
  return text;
}

/* The tool. The answer could also come later and from another thread: `call` is ours until we answer. */
static void get_weather(void *user_data, copilot_call *call, const copilot_call_info *info) {
  copilot_string *city = text_at(info->args, "/arguments/city");
  char answer[256];
  (void)user_data;
  snprintf(answer, sizeof answer, "Sunny, 21 degrees in %s", city ? copilot_string_data(city) : "an unknown place");
  printf("[tool] get_weather(%s)\n", city ? copilot_string_data(city) : "");
  check(copilot_call_reply_text(call, copilot_s(answer)));
  copilot_string_free(city);
}

static void ask_permission(void *user_data, copilot_call *call, const copilot_call_info *info) {
  copilot_string *kind = text_at(info->args, "/permissionRequest/kind");
  char line[16] = "";
  (void)user_data;
  printf("[permission] %s: allow? [Y/n] ", kind ? copilot_string_data(kind) : "something");
  copilot_string_free(kind);
  fflush(stdout);
  if (fgets(line, sizeof line, stdin) == NULL) line[0] = 0;
  check(copilot_call_reply(call, line[0] == 'n' || line[0] == 'N'
                                     ? copilot_s("{\"kind\":\"reject\",\"feedback\":\"the user said no\"}")
                                     : copilot_s("{\"kind\":\"approve-once\"}")));
}

struct usage {
  int64_t input, output;
};

static void show(void *user_data, copilot_session *session, const copilot_event *event) {
  struct usage *usage = user_data;
  copilot_event_fields fields = COPILOT_EVENT_FIELDS_INIT;
  (void)session;
  check(copilot_event_get_fields(event, &fields));
  if (fields.delta.len > 0) fwrite(fields.delta.data, 1, fields.delta.len, stdout); /* it adds to the answer */
  fflush(stdout);
  if (fields.input_tokens > 0) usage->input += fields.input_tokens;
  if (fields.output_tokens > 0) usage->output += fields.output_tokens;
}

static copilot_session_config *configure(struct usage *usage) {
  copilot_session_config *config = NULL;
  copilot_tool weather = COPILOT_TOOL_INIT;
  const char *model_url = getenv("COPILOT_MODEL_URL");
  char provider[1024];
  check(copilot_session_config_new(copilot_s("{\"streaming\":true}"), &config));
  if (model_url != NULL) {
    snprintf(provider, sizeof provider,
             "{\"model\":\"scripted\",\"provider\":{\"type\":\"openai\",\"baseUrl\":\"%s\",\"apiKey\":\"none\"}}",
             model_url);
    check(copilot_session_config_set(config, copilot_s(provider)));
  }
  weather.name = copilot_s("get_weather");
  weather.description = copilot_s("Tells the weather of a city");
  weather.parameters = copilot_s(
      "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}");
  weather.call = get_weather;
  check(copilot_session_config_tool(config, &weather));
  check(copilot_session_config_on_permission(config, ask_permission, NULL, NULL));
  check(copilot_session_config_on_event(config, show, usage, NULL));
  return config;
}

int main(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  copilot_session *session = NULL;
  copilot_session_config *config;
  copilot_string *info = NULL, *version;
  copilot_wait limit = COPILOT_WAIT_INIT;
  struct usage usage = {0, 0};
  const char *token = getenv("COPILOT_GITHUB_TOKEN");
  options.github_token = copilot_s(token != NULL ? token : getenv("GITHUB_TOKEN"));
  limit.timeout_ms = 120000;

  check(copilot_client_new(&options, &client));
  check(copilot_client_start(client, &limit, &info));
  version = text_at(copilot_string_view(info), "/version");
  printf("[runtime] %s\n", version ? copilot_string_data(version) : "of unknown version");
  copilot_string_free(version), copilot_string_free(info);

  config = configure(&usage);
  check(copilot_client_create_session(client, config, &limit, &session));
  copilot_session_config_free(config);
  check(copilot_session_send_and_wait(session, copilot_s("What is the weather in Paris?"), copilot_s(NULL), &limit,
                                      NULL));
  printf("\n[usage] %lld tokens in, %lld tokens out\n", (long long)usage.input, (long long)usage.output);

  check(copilot_session_disconnect(session, &limit));
  copilot_session_free(session);
  check(copilot_client_stop(client, &limit));
  copilot_client_free(client);
  return 0;
}
