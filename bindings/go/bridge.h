/* What Go needs between itself and copilot.h.
 *
 * Handles of the library are numbers in the shape of pointers. Go must not hold such numbers as pointers: its collector
 * takes them for addresses. So they are uintptr_t here, on the way in and out. */
#ifndef COPILOT_GO_BRIDGE_H
#define COPILOT_GO_BRIDGE_H

#include <copilot.h>

/* The calls that end with a JSON text, in one list, so that Go has one way to make them. */
enum copilot_go_op {
  GO_CLIENT_START,
  GO_CLIENT_STOP,
  GO_CLIENT_FORCE_STOP,
  GO_CLIENT_INVOKE,
  GO_CLIENT_SET_ENV,
  GO_CLIENT_START_AHP_HOST,
  GO_CLIENT_LIST_MODELS,
  GO_CLIENT_PING,
  GO_CLIENT_GET_STATUS,
  GO_CLIENT_GET_AUTH_STATUS,
  GO_CLIENT_LIST_SESSIONS,
  GO_CLIENT_GET_SESSION_METADATA,
  GO_CLIENT_GET_LAST_SESSION_ID,
  GO_CLIENT_GET_FOREGROUND_SESSION_ID,
  GO_CLIENT_SET_FOREGROUND_SESSION_ID,
  GO_CLIENT_DELETE_SESSION,
  GO_CLIENT_LLM_START,
  GO_CLIENT_LLM_WRITE_TEXT,
  GO_CLIENT_LLM_WRITE_BYTES,
  GO_CLIENT_LLM_END,
  GO_CLIENT_LLM_FAIL,
  GO_SESSION_SEND,
  GO_SESSION_SEND_AND_WAIT,
  GO_SESSION_GET_EVENTS,
  GO_SESSION_ABORT,
  GO_SESSION_DISCONNECT,
  GO_SESSION_INVOKE,
  GO_SESSION_SET_MODEL,
  GO_SESSION_SET_AUTO_TIER,
  GO_SESSION_SET_TOOLS,
  GO_SESSION_LOG,
  GO_SESSION_CANCEL_TASK,
  GO_SESSION_CONFIRM,
  GO_SESSION_SELECT,
  GO_SESSION_INPUT,
  GO_SESSION_ELICIT
};

/* An error, read at once. The texts are borrowed until it is freed. */
typedef struct {
  uint32_t code;
  bool has_rpc_code;
  int64_t rpc_code;
  const char *name, *message, *data, *reason;
} copilot_go_error;

/* A piece of text that belongs to somebody else. */
typedef struct {
  const char *data;
  size_t len;
} copilot_go_text;

/* An event with its header, in one piece. Texts of the header lie inside `json`. */
typedef struct {
  copilot_go_text type_name, json, id, timestamp, parent_id, agent_id;
  uint32_t ephemeral;
} copilot_go_event;

/* `result` is a borrowed text inside the string, which the caller frees. */
uintptr_t copilot_go_start(uint32_t op, uintptr_t self, copilot_str a, copilot_str b, uintptr_t user, uintptr_t *running);
uintptr_t copilot_go_open(uintptr_t client, copilot_str id, uintptr_t config, uintptr_t user, uintptr_t *running);
void copilot_go_cancel(uintptr_t running);
void copilot_go_op_free(uintptr_t running);

void copilot_go_error_read(uintptr_t error, copilot_go_error *out);
void copilot_go_error_free(uintptr_t error);
const char *copilot_go_string(uintptr_t string, size_t *len);
void copilot_go_string_free(uintptr_t string);

uintptr_t copilot_go_client_new(copilot_str json, uintptr_t user, uint32_t takes_lifecycle, uintptr_t *client);
void copilot_go_client_free(uintptr_t client);
uintptr_t copilot_go_client_state(uintptr_t client, uint32_t *state);
uintptr_t copilot_go_client_port(uintptr_t client, uint32_t *port);
uintptr_t copilot_go_client_counters(uintptr_t client, copilot_counters *counters);
uintptr_t copilot_go_client_diagnostics(uintptr_t client, uintptr_t *string);
uintptr_t copilot_go_client_notify(uintptr_t client, copilot_str method, copilot_str params);
uintptr_t copilot_go_client_run_ui_action(uintptr_t client, uint32_t action);

uintptr_t copilot_go_config_new(copilot_str json, uintptr_t *config);
uintptr_t copilot_go_config_set(uintptr_t config, copilot_str json);
uintptr_t copilot_go_config_tool(uintptr_t config, copilot_str name, copilot_str json, uintptr_t user);
uintptr_t copilot_go_config_on_call(uintptr_t config, uint32_t kind, copilot_str name, uintptr_t user);
uintptr_t copilot_go_config_on_event(uintptr_t config, uintptr_t user);
void copilot_go_config_free(uintptr_t config);

void copilot_go_session_free(uintptr_t session);
uintptr_t copilot_go_session_on(uintptr_t session, uintptr_t user, uint64_t *listener);
uintptr_t copilot_go_session_off(uintptr_t session, uint64_t listener);
uintptr_t copilot_go_session_state(uintptr_t session, uintptr_t *string);
uintptr_t copilot_go_session_counters(uintptr_t session, copilot_counters *counters);

uintptr_t copilot_go_call_reply(uintptr_t call, copilot_str json);
uintptr_t copilot_go_call_reply_text(uintptr_t call, copilot_str text);
uintptr_t copilot_go_call_fail(uintptr_t call, copilot_str message, int64_t code, copilot_str data);
uintptr_t copilot_go_call_on_cancel(uintptr_t call, uintptr_t user);
void copilot_go_call_free(uintptr_t call);

uintptr_t copilot_go_json_text(copilot_str json, copilot_str pointer, uintptr_t *string);
uintptr_t copilot_go_json_get(copilot_str json, copilot_str pointer, uintptr_t *string);

uintptr_t copilot_go_log_set(uint32_t level, uintptr_t user);

#endif
