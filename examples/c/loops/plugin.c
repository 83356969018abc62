/* A plug-in that talks to the agent runtime: built as a shared object, loaded with dlopen, unloaded whenever the program likes.
 *
 * What it takes to be unloaded cleanly: everything it made is freed before plugin_run returns, so that no callback of its code
 * runs later. The library itself stays in the process (it is linked with -z nodelete), as its thread goes on.
 *
 *   cc -fPIC -shared plugin.c $(pkg-config --cflags --libs copilot) -o plugin.so */
#include <copilot.h>
#include <stdio.h>

/* Sends one message; writes the answer. 0 when all went well. */
int plugin_run(const char *program, const char *prompt, char *answer, size_t room);

int plugin_run(const char *program, const char *prompt, char *answer, size_t room) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  copilot_session *session = NULL;
  copilot_session_config *config = NULL;
  copilot_string *message = NULL, *text = NULL;
  copilot_error *error;
  options.path = copilot_s(program);
  error = copilot_client_new(&options, &client);
  if (error == NULL) error = copilot_client_start(client, NULL, NULL);
  if (error == NULL) error = copilot_session_config_new(copilot_s(NULL), &config);
  if (error == NULL) error = copilot_client_create_session(client, config, NULL, &session);
  if (error == NULL) error = copilot_session_send_and_wait(session, copilot_s(prompt), copilot_s(NULL), NULL, &message);
  if (error == NULL) error = copilot_json_text(copilot_string_view(message), copilot_s("/data/content"), &text);
  snprintf(answer, room, "%s", error ? copilot_error_message(error) : text ? copilot_string_data(text) : "");
  copilot_string_free(message), copilot_string_free(text);
  copilot_session_config_free(config), copilot_session_free(session);
  if (error == NULL) error = copilot_client_stop(client, NULL);
  copilot_client_free(client);
  if (error == NULL) return 0;
  copilot_error_free(error);
  return 1;
}
