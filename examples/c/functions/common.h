/* What the programs of this folder have in common: how they end when something is wrong, and how they begin. */
#ifndef COPILOT_EXAMPLES_COMMON_H
#define COPILOT_EXAMPLES_COMMON_H

#include <copilot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when a call failed. */
static inline void check(copilot_error *error) {
  if (error != NULL) {
    fprintf(stderr, "%s: %s\n", copilot_error_name(error), copilot_error_message(error));
    exit(1);
  }
}

/* Ends the program when something is not so, and says where. */
#define EXPECT(condition)                                                 \
  do {                                                                    \
    if (!(condition)) {                                                   \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                            \
    }                                                                     \
  } while (0)

/* The code of an error, which is freed; COPILOT_OK when there is none. */
static inline copilot_code code_of(copilot_error *error) {
  copilot_code code = copilot_error_code(error);
  copilot_error_free(error);
  return code;
}

/* Is the text at a JSON pointer this one? NULL: is there none? */
static inline bool is_at(copilot_str json, const char *pointer, const char *expected) {
  copilot_string *text = NULL;
  bool is_so;
  check(copilot_json_text(json, copilot_s(pointer), &text));
  is_so = expected == NULL ? text == NULL : text != NULL && strcmp(copilot_string_data(text), expected) == 0;
  if (!is_so) fprintf(stderr, "%s is %s in %.*s\n", pointer, text ? copilot_string_data(text) : "absent", (int)json.len, json.data);
  copilot_string_free(text);
  return is_so;
}

/* The same of a result, which is freed. */
static inline bool says(copilot_string *result, const char *pointer, const char *expected) {
  bool is_so = is_at(copilot_string_view(result), pointer, expected);
  copilot_string_free(result);
  return is_so;
}

/* Is there a value at a JSON pointer of the result, which is freed? */
static inline bool has(copilot_string *result, const char *pointer) {
  copilot_string *value = NULL;
  bool is_there;
  check(copilot_json_get(copilot_string_view(result), copilot_s(pointer), &value));
  is_there = value != NULL;
  copilot_string_free(value), copilot_string_free(result);
  return is_there;
}

/* A limit for every call, so that no program waits for ever. */
static inline copilot_wait limit(void) {
  copilot_wait wait = COPILOT_WAIT_INIT;
  wait.timeout_ms = 90000;
  return wait;
}

/* A client of the runtime that COPILOT_CLI_PATH names. */
static inline copilot_client *new_client(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  check(copilot_client_new(&options, &client));
  return client;
}

/* A client of the program that stands in for a runtime in tests, COPILOT_FAKE_RUNTIME; `script` is what it shall do. */
static inline copilot_client *new_fake_client(const char *script) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_str args[2];
  copilot_client *client = NULL;
  args[0] = copilot_s("--script-json");
  args[1] = copilot_s(script);
  options.path = copilot_s(getenv("COPILOT_FAKE_RUNTIME"));
  options.args = args;
  options.args_len = 2;
  check(copilot_client_new(&options, &client));
  return client;
}

/* The configuration of a session whose model is served at COPILOT_MODEL_URL, where there is one. */
static inline copilot_session_config *new_config(void) {
  copilot_session_config *config = NULL;
  const char *url = getenv("COPILOT_MODEL_URL");
  char json[1024] = "{\"streaming\":true}";
  if (url != NULL) {
    snprintf(json, sizeof json,
             "{\"streaming\":true,\"model\":\"scripted\","
             "\"provider\":{\"type\":\"openai\",\"baseUrl\":\"%s\",\"apiKey\":\"none\"}}",
             url);
  }
  check(copilot_session_config_new(copilot_s(json), &config));
  return config;
}

/* Opens a session and frees the configuration: the session keeps what it needs. */
static inline copilot_session *open_session(copilot_client *client, copilot_session_config *config) {
  copilot_session *session = NULL;
  copilot_wait wait = limit();
  check(copilot_client_create_session(client, config, &wait, &session));
  copilot_session_config_free(config);
  return session;
}

/* Ends the runtime and frees the client. */
static inline void end(copilot_client *client) {
  copilot_wait wait = limit();
  check(copilot_client_stop(client, &wait));
  copilot_client_free(client);
}

#endif
