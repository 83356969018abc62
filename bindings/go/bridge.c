#include "bridge.h"

#include "_cgo_export.h"

#define USER(user) ((void *)(user))
#define NUMBER(handle) ((uintptr_t)(handle))

static const copilot_str none = COPILOT_STR_INIT;

/* -- from C to Go ------------------------------------------------------------------------------------------------------- */

static copilot_go_text text(copilot_str from) {
  copilot_go_text to;
  to.data = from.data;
  to.len = from.data == NULL ? 0 : from.len;
  return to;
}

static void destroy(void *user) { copilotGoDestroy(NUMBER(user)); }

static void done(void *user, copilot_error *error, copilot_string *result) {
  copilotGoDone(NUMBER(user), NUMBER(error), (char *)copilot_string_data(result), copilot_string_len(result));
  copilot_string_free(result);
}

static void opened(void *user, copilot_error *error, copilot_session *session) {
  copilotGoOpened(NUMBER(user), NUMBER(error), NUMBER(session));
}

static void on_event(void *user, copilot_session *session, const copilot_event *event) {
  copilot_event_header header = COPILOT_EVENT_HEADER_INIT;
  copilot_go_event whole;
  (void)session;
  copilot_error_free(copilot_event_get_header(event, &header));
  whole.type_name = text(event->type_name);
  whole.json = text(event->json);
  whole.id = text(header.id);
  whole.timestamp = text(header.timestamp);
  whole.parent_id = text(header.parent_id);
  whole.agent_id = text(header.agent_id);
  whole.ephemeral = header.ephemeral;
  copilotGoEvent(NUMBER(user), &whole);
}

static void on_call(void *user, copilot_call *call, const copilot_call_info *info) {
  copilot_go_text name = text(info->name), args = text(info->args);
  copilotGoCall(NUMBER(user), NUMBER(call), NUMBER(info->session), info->kind, &name, &args);
}

static void on_cancel(void *user) { copilotGoCancelled(NUMBER(user)); }

static void on_lifecycle(void *user, copilot_str name, copilot_str json) {
  copilot_go_text method = text(name), params = text(json);
  copilotGoNotification(NUMBER(user), 1, &method, &params);
}

static void on_notification(void *user, copilot_str name, copilot_str json) {
  copilot_go_text method = text(name), params = text(json);
  copilotGoNotification(NUMBER(user), 0, &method, &params);
}

static void on_closed(void *user, copilot_error *error) { copilotGoClosed(NUMBER(user), NUMBER(error)); }

static void on_log(void *user, uint32_t level, copilot_str from, copilot_str words) {
  copilot_go_text target = text(from), message = text(words);
  copilotGoLog(NUMBER(user), level, &target, &message);
}

/* -- from Go to C ------------------------------------------------------------------------------------------------------- */

#define CLIENT ((copilot_client *)self)
#define SESSION ((copilot_session *)self)
#define BACK done, USER(user), destroy, &op

static copilot_error *client_op(uint32_t which, uintptr_t self, copilot_str a, copilot_str b, uintptr_t user,
                                copilot_op **running) {
  copilot_op *op = NULL;
  copilot_error *error = NULL;
  switch (which) {
    case GO_CLIENT_START: error = copilot_client_start_async(CLIENT, BACK); break;
    case GO_CLIENT_STOP: error = copilot_client_stop_async(CLIENT, BACK); break;
    case GO_CLIENT_FORCE_STOP: error = copilot_client_force_stop_async(CLIENT, BACK); break;
    case GO_CLIENT_INVOKE: error = copilot_client_invoke_async(CLIENT, a, b, BACK); break;
    case GO_CLIENT_SET_ENV: error = copilot_client_set_env_async(CLIENT, a, BACK); break;
    case GO_CLIENT_START_AHP_HOST: error = copilot_client_start_ahp_host_async(CLIENT, a, BACK); break;
    case GO_CLIENT_LIST_MODELS: error = copilot_client_list_models_async(CLIENT, BACK); break;
    case GO_CLIENT_PING: error = copilot_client_ping_async(CLIENT, a, BACK); break;
    case GO_CLIENT_GET_STATUS: error = copilot_client_get_status_async(CLIENT, BACK); break;
    case GO_CLIENT_GET_AUTH_STATUS: error = copilot_client_get_auth_status_async(CLIENT, BACK); break;
    case GO_CLIENT_LIST_SESSIONS: error = copilot_client_list_sessions_async(CLIENT, a, BACK); break;
    case GO_CLIENT_GET_SESSION_METADATA: error = copilot_client_get_session_metadata_async(CLIENT, a, BACK); break;
    case GO_CLIENT_GET_LAST_SESSION_ID: error = copilot_client_get_last_session_id_async(CLIENT, BACK); break;
    case GO_CLIENT_GET_FOREGROUND_SESSION_ID:
      error = copilot_client_get_foreground_session_id_async(CLIENT, BACK);
      break;
    case GO_CLIENT_SET_FOREGROUND_SESSION_ID:
      error = copilot_client_set_foreground_session_id_async(CLIENT, a, BACK);
      break;
    case GO_CLIENT_LLM_START: error = copilot_client_llm_start_async(CLIENT, a, b, BACK); break;
    case GO_CLIENT_LLM_WRITE_TEXT: error = copilot_client_llm_write_text_async(CLIENT, a, b, BACK); break;
    case GO_CLIENT_LLM_WRITE_BYTES: error = copilot_client_llm_write_bytes_async(CLIENT, a, b, BACK); break;
    case GO_CLIENT_LLM_END: error = copilot_client_llm_end_async(CLIENT, a, BACK); break;
    case GO_CLIENT_LLM_FAIL: error = copilot_client_llm_fail_async(CLIENT, a, b, none, BACK); break;
    default: error = copilot_client_delete_session_async(CLIENT, a, BACK); break;
  }
  *running = op;
  return error;
}

static copilot_error *session_op(uint32_t which, uintptr_t self, copilot_str a, copilot_str b, uintptr_t user,
                                 copilot_op **running) {
  copilot_op *op = NULL;
  copilot_error *error = NULL;
  switch (which) {
    case GO_SESSION_SEND: error = copilot_session_send_async(SESSION, a, b, BACK); break;
    case GO_SESSION_SEND_AND_WAIT: error = copilot_session_send_and_wait_async(SESSION, a, b, BACK); break;
    case GO_SESSION_GET_EVENTS: error = copilot_session_get_events_async(SESSION, BACK); break;
    case GO_SESSION_ABORT: error = copilot_session_abort_async(SESSION, BACK); break;
    case GO_SESSION_DISCONNECT: error = copilot_session_disconnect_async(SESSION, BACK); break;
    case GO_SESSION_INVOKE: error = copilot_session_invoke_async(SESSION, a, b, BACK); break;
    case GO_SESSION_SET_MODEL: error = copilot_session_set_model_async(SESSION, a, b, BACK); break;
    case GO_SESSION_SET_AUTO_TIER: error = copilot_session_set_auto_tier_async(SESSION, a, BACK); break;
    case GO_SESSION_SET_TOOLS: error = copilot_session_set_tools_async(SESSION, a, b, BACK); break;
    case GO_SESSION_LOG: error = copilot_session_log_async(SESSION, a, b, BACK); break;
    case GO_SESSION_CANCEL_TASK: error = copilot_session_cancel_task_async(SESSION, a, BACK); break;
    case GO_SESSION_CONFIRM: error = copilot_session_confirm_async(SESSION, a, BACK); break;
    case GO_SESSION_SELECT: error = copilot_session_select_async(SESSION, a, b, BACK); break;
    case GO_SESSION_INPUT: error = copilot_session_input_async(SESSION, a, b, BACK); break;
    default: error = copilot_session_elicit_async(SESSION, a, b, BACK); break;
  }
  *running = op;
  return error;
}

uintptr_t copilot_go_start(uint32_t which, uintptr_t self, copilot_str a, copilot_str b, uintptr_t user,
                           uintptr_t *running) {
  copilot_op *op = NULL;
  copilot_error *error =
      which < GO_SESSION_SEND ? client_op(which, self, a, b, user, &op) : session_op(which, self, a, b, user, &op);
  *running = NUMBER(op);
  return NUMBER(error);
}

uintptr_t copilot_go_open(uintptr_t self, copilot_str id, uintptr_t config, uintptr_t user, uintptr_t *running) {
  copilot_op *op = NULL;
  copilot_session_config *from = (copilot_session_config *)config;
  copilot_error *error =
      id.data == NULL ? copilot_client_create_session_async(CLIENT, from, opened, USER(user), destroy, &op)
                      : copilot_client_resume_session_async(CLIENT, id, from, opened, USER(user), destroy, &op);
  *running = NUMBER(op);
  return NUMBER(error);
}

void copilot_go_cancel(uintptr_t running) { copilot_error_free(copilot_op_cancel((copilot_op *)running)); }
void copilot_go_op_free(uintptr_t running) { copilot_op_free((copilot_op *)running); }

void copilot_go_error_read(uintptr_t from, copilot_go_error *out) {
  copilot_error *error = (copilot_error *)from;
  out->code = copilot_error_code(error);
  out->name = copilot_error_name(error);
  out->message = copilot_error_message(error);
  out->data = copilot_error_data(error);
  out->reason = copilot_error_reason(error);
  out->has_rpc_code = copilot_error_rpc_code(error, &out->rpc_code);
}

void copilot_go_error_free(uintptr_t error) { copilot_error_free((copilot_error *)error); }

const char *copilot_go_string(uintptr_t string, size_t *len) {
  *len = copilot_string_len((copilot_string *)string);
  return copilot_string_data((copilot_string *)string);
}

void copilot_go_string_free(uintptr_t string) { copilot_string_free((copilot_string *)string); }

uintptr_t copilot_go_client_new(copilot_str json, uintptr_t user, uint32_t takes_lifecycle, uintptr_t *client) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *made = NULL;
  copilot_error *error;
  options.json = json;
  options.on_call = on_call;
  options.on_lifecycle = takes_lifecycle ? on_lifecycle : NULL;
  options.on_notification = on_notification;
  options.on_closed = on_closed;
  options.user_data = USER(user);
  options.destroy = destroy;
  error = copilot_client_new(&options, &made);
  *client = NUMBER(made);
  return NUMBER(error);
}

void copilot_go_client_free(uintptr_t self) { copilot_client_free(CLIENT); }

uintptr_t copilot_go_client_state(uintptr_t self, uint32_t *state) {
  copilot_state now = COPILOT_STATE_DISCONNECTED;
  copilot_error *error = copilot_client_state(CLIENT, &now);
  *state = now;
  return NUMBER(error);
}

uintptr_t copilot_go_client_port(uintptr_t self, uint32_t *port) { return NUMBER(copilot_client_runtime_port(CLIENT, port)); }

uintptr_t copilot_go_client_counters(uintptr_t self, copilot_counters *counters) {
  counters->size = sizeof *counters;
  return NUMBER(copilot_client_counters(CLIENT, counters));
}

uintptr_t copilot_go_client_diagnostics(uintptr_t self, uintptr_t *string) {
  copilot_string *made = NULL;
  copilot_error *error = copilot_client_diagnostics(CLIENT, &made);
  *string = NUMBER(made);
  return NUMBER(error);
}

uintptr_t copilot_go_client_notify(uintptr_t self, copilot_str method, copilot_str params) {
  return NUMBER(copilot_client_notify(CLIENT, method, params));
}

uintptr_t copilot_go_client_run_ui_action(uintptr_t self, uint32_t action) {
  return NUMBER(copilot_client_run_ui_action(CLIENT, action));
}

uintptr_t copilot_go_config_new(copilot_str json, uintptr_t *config) {
  copilot_session_config *made = NULL;
  copilot_error *error = copilot_session_config_new(json, &made);
  *config = NUMBER(made);
  return NUMBER(error);
}

#define CONFIG ((copilot_session_config *)config)

uintptr_t copilot_go_config_set(uintptr_t config, copilot_str json) { return NUMBER(copilot_session_config_set(CONFIG, json)); }

uintptr_t copilot_go_config_tool(uintptr_t config, copilot_str name, copilot_str json, uintptr_t user) {
  copilot_tool tool = COPILOT_TOOL_INIT;
  tool.name = name;
  tool.json = json;
  if (user != 0) {
    tool.call = on_call;
    tool.user_data = USER(user);
    tool.destroy = destroy;
  }
  return NUMBER(copilot_session_config_tool(CONFIG, &tool));
}

uintptr_t copilot_go_config_on_call(uintptr_t config, uint32_t kind, copilot_str name, uintptr_t user) {
  return NUMBER(copilot_session_config_on_call(CONFIG, kind, name, on_call, USER(user), destroy));
}

uintptr_t copilot_go_config_on_event(uintptr_t config, uintptr_t user) {
  return NUMBER(copilot_session_config_on_event(CONFIG, on_event, USER(user), destroy));
}

void copilot_go_config_free(uintptr_t config) { copilot_session_config_free(CONFIG); }

void copilot_go_session_free(uintptr_t self) { copilot_session_free(SESSION); }

uintptr_t copilot_go_session_on(uintptr_t self, uintptr_t user, uint64_t *listener) {
  return NUMBER(copilot_session_on(SESSION, none, on_event, USER(user), destroy, listener));
}

uintptr_t copilot_go_session_off(uintptr_t self, uint64_t listener) {
  return NUMBER(copilot_session_off(SESSION, listener));
}

uintptr_t copilot_go_session_state(uintptr_t self, uintptr_t *string) {
  copilot_string *made = NULL;
  copilot_error *error = copilot_session_state(SESSION, &made);
  *string = NUMBER(made);
  return NUMBER(error);
}

uintptr_t copilot_go_session_counters(uintptr_t self, copilot_counters *counters) {
  counters->size = sizeof *counters;
  return NUMBER(copilot_session_counters(SESSION, counters));
}

#define CALL ((copilot_call *)call)

uintptr_t copilot_go_call_reply(uintptr_t call, copilot_str json) { return NUMBER(copilot_call_reply(CALL, json)); }

uintptr_t copilot_go_call_reply_text(uintptr_t call, copilot_str words) {
  return NUMBER(copilot_call_reply_text(CALL, words));
}

uintptr_t copilot_go_call_fail(uintptr_t call, copilot_str message, int64_t code, copilot_str data) {
  return NUMBER(copilot_call_fail_with(CALL, message, code, data));
}

uintptr_t copilot_go_call_on_cancel(uintptr_t call, uintptr_t user) {
  return NUMBER(copilot_call_on_cancel(CALL, on_cancel, USER(user), destroy));
}

void copilot_go_call_free(uintptr_t call) { copilot_call_free(CALL); }

uintptr_t copilot_go_json_text(copilot_str json, copilot_str pointer, uintptr_t *string) {
  copilot_string *made = NULL;
  copilot_error *error = copilot_json_text(json, pointer, &made);
  *string = NUMBER(made);
  return NUMBER(error);
}

uintptr_t copilot_go_json_get(copilot_str json, copilot_str pointer, uintptr_t *string) {
  copilot_string *made = NULL;
  copilot_error *error = copilot_json_get(json, pointer, &made);
  *string = NUMBER(made);
  return NUMBER(error);
}

uintptr_t copilot_go_log_set(uint32_t level, uintptr_t user) {
  if (user == 0) return NUMBER(copilot_log_set(level, NULL, NULL, NULL));
  return NUMBER(copilot_log_set(level, on_log, USER(user), destroy));
}
