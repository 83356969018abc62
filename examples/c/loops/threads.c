/* A thread for each session: blocking calls, as in a server that gives every connection a thread. One client serves all.
 *
 *   cc threads.c $(pkg-config --cflags --libs copilot) -pthread -o threads; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./threads */
#include <copilot.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 16

static copilot_client *client;

static void check(copilot_error *error) {
  if (error == NULL) return;
  fprintf(stderr, "%s: %s\n", copilot_error_name(error), copilot_error_message(error));
  exit(1);
}

static void *converse(void *number) {
  copilot_session_config *config = NULL;
  copilot_session *session = NULL;
  const char *url = getenv("COPILOT_MODEL_URL");
  char json[1024] = "{}", prompt[64];
  int turn;
  if (url != NULL)
    snprintf(json, sizeof json, "{\"model\":\"m\",\"provider\":{\"type\":\"openai\",\"baseUrl\":\"%s\",\"apiKey\":\"none\"}}", url);
  check(copilot_session_config_new(copilot_s(json), &config));
  check(copilot_client_create_session(client, config, NULL, &session));
  for (turn = 0; turn < 3; turn++) {
    copilot_string *message = NULL, *text = NULL;
    copilot_wait limit = COPILOT_WAIT_INIT;
    limit.timeout_ms = 60000;
    snprintf(prompt, sizeof prompt, "thread %d, turn %d", *(int *)number, turn);
    check(copilot_session_send_and_wait(session, copilot_s(prompt), copilot_s(NULL), &limit, &message));
    check(copilot_json_text(copilot_string_view(message), copilot_s("/data/content"), &text));
    printf("%s: %s\n", prompt, text ? copilot_string_data(text) : "");
    copilot_string_free(message), copilot_string_free(text);
  }
  check(copilot_session_disconnect(session, NULL));
  copilot_session_free(session), copilot_session_config_free(config);
  return NULL;
}

int main(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  pthread_t threads[THREADS];
  int numbers[THREADS], n;
  check(copilot_client_new(&options, &client));
  check(copilot_client_start(client, NULL, NULL));
  for (n = 0; n < THREADS; n++) {
    numbers[n] = n;
    if (pthread_create(&threads[n], NULL, converse, &numbers[n]) != 0) return 1;
  }
  for (n = 0; n < THREADS; n++) pthread_join(threads[n], NULL);
  check(copilot_client_stop(client, NULL));
  copilot_client_free(client);
  return 0;
}
