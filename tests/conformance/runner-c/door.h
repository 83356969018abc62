/* What the runner needs of a door. `door_c.c` answers it with copilot.h, `door_cpp.cpp` with copilot.hpp; the runner knows
 * neither. All texts are NUL-terminated JSON; texts in an outcome are made with malloc and freed by the runner. */
#ifndef COPILOT_TEST_DOOR_H
#define COPILOT_TEST_DOOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  char *kind; /* NULL: it went well */
  char *text; /* the result, or the message */
  char *reason; /* of an error: its reason as JSON, or NULL */
} door_outcome;

/* A kept event. */
typedef void (*door_event_fn)(void *log, const char *json, size_t len);

/* A handler that the case describes: a tool, a hook, a permission … */
typedef struct {
  uint32_t kind;
  const char *name;        /* "" for kinds without */
  const char *declaration; /* of a tool: its JSON; else NULL */
  const char *canned;      /* JSON: {"answer":…}, {"fail":text}, {"echo":true} or {"hang":true}, with {"delay_ms":n} */
} door_handler;

typedef struct {
  const char *surface;
  /* handlers: of client-wide kinds */
  door_outcome (*client_new)(const char *options, const door_handler *handlers, size_t count, void **client);
  void (*client_free)(void *client);
  /* verb: start, stop, force_stop, list_models */
  door_outcome (*client_do)(void *client, const char *verb);
  /* options: JSON, as in copilot_client_start_ahp_host */
  door_outcome (*client_host)(void *client, const char *options);
  door_outcome (*client_invoke)(void *client, const char *method, const char *params, unsigned timeout_ms);
  /* id: NULL to create; keep: NULL to listen to nothing yet */
  door_outcome (*session_open)(void *client, const char *id, const char *config, const door_handler *handlers,
                               size_t count, door_event_fn keep, void *log, void **session);
  void (*session_free)(void *session);
  /* verb: send, send_and_wait, abort, disconnect, get_events, state; options: JSON for send_and_wait, may be NULL */
  door_outcome (*session_do)(void *session, const char *verb, const char *prompt, const char *options,
                             unsigned timeout_ms);
  door_outcome (*session_on)(void *session, door_event_fn keep, void *log, int throws, uint64_t *listener);
  void (*session_off)(void *session, uint64_t listener);
  door_outcome (*session_counters)(void *session, uint64_t *received, uint64_t *delivered);
} door;

extern const door door_of_this_program;

#ifdef __cplusplus
}
#endif
#endif
