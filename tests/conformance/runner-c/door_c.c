/* The C door: plain C over copilot.h. */
#include "door.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "copilot.h"

static char *copied(const char *text, size_t len) {
  char *copy = malloc(len + 1);
  if (copy == NULL) abort();
  memcpy(copy, text, len);
  copy[len] = 0;
  return copy;
}

static door_outcome ended(copilot_error *error, copilot_string *result) {
  door_outcome outcome = {NULL, NULL, NULL};
  if (error != NULL) {
    const char *message = copilot_error_message(error), *data = copilot_error_data(error);
    size_t len = strlen(message) + (data ? strlen(data) : 0) + 2;
    outcome.kind = copied(copilot_error_name(error), strlen(copilot_error_name(error)));
    outcome.text = malloc(len);
    if (outcome.text == NULL) abort();
    snprintf(outcome.text, len, "%s %s", message, data ? data : "");
    if (copilot_error_reason(error) != NULL)
      outcome.reason = copied(copilot_error_reason(error), strlen(copilot_error_reason(error)));
    copilot_error_free(error);
  } else if (result != NULL) {
    outcome.text = copied(copilot_string_data(result), copilot_string_len(result));
    copilot_string_free(result);
  }
  return outcome;
}

static copilot_wait limit(unsigned timeout_ms) {
  copilot_wait wait = COPILOT_WAIT_INIT;
  wait.timeout_ms = timeout_ms;
  return wait;
}

static void client_free(void *client) { copilot_client_free(client); }

static door_outcome client_do(void *client, const char *verb) {
  if (strcmp(verb, "start") == 0) return ended(copilot_client_start(client, NULL, NULL), NULL);
  if (strcmp(verb, "stop") == 0) return ended(copilot_client_stop(client, NULL), NULL);
  if (strcmp(verb, "list_models") == 0) {
    copilot_string *result = NULL;
    copilot_error *error = copilot_client_list_models(client, NULL, &result);
    return ended(error, result);
  }
  return ended(copilot_client_force_stop(client, NULL), NULL);
}

static door_outcome client_host(void *client, const char *options) {
  copilot_string *result = NULL;
  copilot_error *error = copilot_client_start_ahp_host(client, copilot_s(options), NULL, &result);
  return ended(error, result);
}

static door_outcome client_invoke(void *client, const char *method, const char *params, unsigned timeout_ms) {
  copilot_wait wait = limit(timeout_ms);
  copilot_string *result = NULL;
  copilot_error *error = copilot_client_invoke(client, copilot_s(method), copilot_s(params), &wait, &result);
  return ended(error, result);
}

/* The client that was made last, for actions of its runtime's library. */
static copilot_client *latest;

static copilot_error *run_ui_action(copilot_str args) {
  copilot_string *number = NULL;
  copilot_error *error = copilot_json_text(args, copilot_s("/actionId"), &number);
  if (error == NULL) error = copilot_client_run_ui_action(latest, (uint32_t)atol(copilot_string_data(number)));
  copilot_string_free(number);
  return error;
}

/* Answers a model request with a status and no body. */
static copilot_error *answer_model(copilot_str args, copilot_str canned) {
  copilot_string *id = NULL, *head = NULL;
  copilot_error *error = copilot_json_text(args, copilot_s("/requestId"), &id);
  if (error == NULL) error = copilot_json_get(canned, copilot_s("/answer"), &head);
  if (error == NULL)
    error = copilot_client_llm_start(latest, copilot_string_view(id), copilot_string_view(head), NULL);
  if (error == NULL) error = copilot_client_llm_end(latest, copilot_string_view(id), NULL);
  copilot_string_free(id), copilot_string_free(head);
  return error;
}

/* A canned handler and the call it answers, perhaps later. */
typedef struct {
  char *canned, *args;
  copilot_call *call;
  uint32_t kind;
} answer;

static copilot_string *at(const char *json, const char *pointer, int raw) {
  copilot_string *found = NULL;
  if (raw) copilot_error_free(copilot_json_get(copilot_s(json), copilot_s(pointer), &found));
  else copilot_error_free(copilot_json_text(copilot_s(json), copilot_s(pointer), &found));
  return found;
}

static void *give(void *user_data) {
  answer *given = user_data;
  copilot_string *delay = at(given->canned, "/delay_ms", 0), *fail = at(given->canned, "/fail", 0);
  copilot_string *value = at(given->canned, "/answer", 1), *object = at(given->canned, "/answer/textResultForLlm", 1);
  copilot_string *hang = at(given->canned, "/hang", 1), *echo = at(given->canned, "/echo", 1);
  copilot_error *error = NULL;
  if (delay != NULL) {
    long ms = strtol(copilot_string_data(delay), NULL, 10);
    struct timespec rest = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&rest, NULL);
  }
  if (fail != NULL) {
    error = copilot_call_fail(given->call, copilot_string_view(fail));
  } else if (echo != NULL) {
    copilot_string *args = at(given->args, given->kind == COPILOT_CALL_TOOL ? "/arguments" : "/input", 1);
    error = given->kind == COPILOT_CALL_TOOL ? copilot_call_reply_text(given->call, copilot_string_view(args))
                                             : copilot_call_reply(given->call, copilot_string_view(args));
    copilot_string_free(args);
  } else if (given->kind == COPILOT_CALL_UI_THREAD || given->kind == COPILOT_CALL_LLM_REQUEST) {
    copilot_error *refused = given->kind == COPILOT_CALL_UI_THREAD
                                 ? run_ui_action(copilot_s(given->args))
                                 : answer_model(copilot_s(given->args), copilot_s(given->canned));
    error = refused ? copilot_call_fail(given->call, copilot_s(copilot_error_message(refused)))
                    : copilot_call_reply(given->call, copilot_s("null"));
    copilot_error_free(refused);
  } else if (hang == NULL && given->kind == COPILOT_CALL_TOOL && value != NULL && object == NULL) {
    copilot_string *text = at(given->canned, "/answer", 0);
    error = copilot_call_reply_text(given->call, copilot_string_view(text));
    copilot_string_free(text);
  } else if (hang == NULL) {
    error = copilot_call_reply(given->call, value ? copilot_string_view(value) : copilot_s("null"));
  } /* else: never answered; the session's end cancels it */
  copilot_error_free(error);
  copilot_string_free(delay), copilot_string_free(fail), copilot_string_free(value), copilot_string_free(object);
  copilot_string_free(hang), copilot_string_free(echo);
  free(given->args), free(given->canned), free(given);
  return NULL;
}

static void on_call(void *user_data, copilot_call *call, const copilot_call_info *info) {
  answer *given = malloc(sizeof *given);
  pthread_t thread;
  if (given == NULL) abort();
  given->canned = copied(user_data, strlen(user_data));
  given->args = copied(info->args.data, info->args.len);
  given->call = call;
  given->kind = info->kind;
  /* Whoever waits, and whoever calls the runtime, must not do so on the library's thread. */
  if (strstr(given->canned, "delay_ms") == NULL && given->kind != COPILOT_CALL_LLM_REQUEST) {
    give(given);
  } else if (pthread_create(&thread, NULL, give, given) == 0) {
    pthread_detach(thread);
  }
}

/* The canned behaviour of client-wide kinds, by number. */
typedef struct {
  char *canned[64]; /* by kind */
} client_answers;

static void on_client_call(void *user_data, copilot_call *call, const copilot_call_info *info) {
  client_answers *answers = user_data;
  if (info->kind < sizeof answers->canned / sizeof answers->canned[0] && answers->canned[info->kind] != NULL)
    on_call(answers->canned[info->kind], call, info);
  else
    copilot_error_free(copilot_call_fail(call, copilot_s("the case names no handler")));
}

static void free_client_answers(void *user_data) {
  client_answers *answers = user_data;
  size_t n;
  for (n = 0; n < sizeof answers->canned / sizeof answers->canned[0]; n++) free(answers->canned[n]);
  free(answers);
}

static door_outcome client_new(const char *json, const door_handler *handlers, size_t count, void **client) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  client_answers *answers = calloc(1, sizeof *answers);
  size_t n;
  if (answers == NULL) abort();
  for (n = 0; n < count; n++)
    answers->canned[handlers[n].kind] = copied(handlers[n].canned, strlen(handlers[n].canned));
  options.json = copilot_s(json);
  options.on_call = on_client_call;
  options.user_data = answers;
  options.destroy = free_client_answers;
  {
    door_outcome outcome = ended(copilot_client_new(&options, (copilot_client **)client), NULL);
    latest = *client;
    return outcome;
  }
}

typedef struct {
  door_event_fn keep;
  void *log;
} keeper;

static void on_event(void *user_data, copilot_session *session, const copilot_event *event) {
  keeper *keeper = user_data;
  (void)session;
  keeper->keep(keeper->log, event->json.data, event->json.len);
}

static keeper *keeper_of(door_event_fn keep, void *log) {
  keeper *made = malloc(sizeof *made);
  if (made == NULL) abort();
  made->keep = keep;
  made->log = log;
  return made;
}

static copilot_error *add(copilot_session_config *config, const door_handler *handler) {
  char *canned = copied(handler->canned, strlen(handler->canned));
  if (handler->declaration != NULL) {
    copilot_tool tool = COPILOT_TOOL_INIT;
    copilot_string *description = at(handler->declaration, "/description", 0);
    copilot_string *parameters = at(handler->declaration, "/parameters", 1);
    copilot_error *error;
    tool.name = copilot_s(handler->name);
    tool.description = copilot_string_view(description);
    tool.parameters = copilot_string_view(parameters);
    tool.json = copilot_s(handler->declaration);
    tool.call = on_call;
    tool.user_data = canned;
    tool.destroy = free;
    error = copilot_session_config_tool(config, &tool);
    copilot_string_free(description), copilot_string_free(parameters);
    return error;
  }
  return copilot_session_config_on_call(config, handler->kind, copilot_s(handler->name), on_call, canned, free);
}

static door_outcome session_open(void *client, const char *id, const char *json, const door_handler *handlers,
                                 size_t count, door_event_fn keep, void *log, void **session) {
  copilot_session_config *config = NULL;
  copilot_error *error = copilot_session_config_new(copilot_s(json), &config);
  size_t n;
  if (error == NULL && keep != NULL)
    error = copilot_session_config_on_event(config, on_event, keeper_of(keep, log), free);
  for (n = 0; n < count && error == NULL; n++) error = add(config, &handlers[n]);
  if (error == NULL && id == NULL)
    error = copilot_client_create_session(client, config, NULL, (copilot_session **)session);
  else if (error == NULL)
    error = copilot_client_resume_session(client, copilot_s(id), config, NULL, (copilot_session **)session);
  copilot_session_config_free(config);
  return ended(error, NULL);
}

static void session_free(void *session) { copilot_session_free(session); }

static door_outcome session_do(void *session, const char *verb, const char *prompt, const char *options,
                               unsigned timeout_ms) {
  copilot_wait wait = limit(timeout_ms);
  copilot_string *result = NULL;
  copilot_str none = copilot_s(NULL), text = copilot_s(prompt);
  if (strcmp(verb, "send") == 0) {
    copilot_error *error = copilot_session_send(session, text, none, &wait, &result);
    return ended(error, result);
  }
  if (strcmp(verb, "abort") == 0) return ended(copilot_session_abort(session, &wait), NULL);
  if (strcmp(verb, "disconnect") == 0) return ended(copilot_session_disconnect(session, &wait), NULL);
  if (strcmp(verb, "get_events") == 0) {
    copilot_error *error = copilot_session_get_events(session, &wait, &result);
    return ended(error, result);
  }
  if (strcmp(verb, "state") == 0) {
    copilot_error *error = copilot_session_state(session, &result);
    return ended(error, result);
  }
  {
    copilot_error *error = copilot_session_send_and_wait(session, text, copilot_s(options), &wait, &result);
    return ended(error, result);
  }
}

static door_outcome session_on(void *session, door_event_fn keep, void *log, int throws, uint64_t *listener) {
  (void)throws; /* C has nothing to throw */
  return ended(copilot_session_on(session, copilot_s(NULL), on_event, keeper_of(keep, log), free, listener), NULL);
}

static void session_off(void *session, uint64_t listener) {
  copilot_error_free(copilot_session_off(session, listener));
}

static door_outcome session_counters(void *session, uint64_t *received, uint64_t *delivered) {
  copilot_counters counters = COPILOT_COUNTERS_INIT;
  door_outcome outcome = ended(copilot_session_counters(session, &counters), NULL);
  *received = counters.received;
  *delivered = counters.delivered;
  return outcome;
}

const door door_of_this_program = {"c",          client_new,   client_free, client_do,   client_host, client_invoke,   session_open,
                                   session_free, session_do, session_on,  session_off, session_counters};
