/* What a session can be asked, by the function that registers who answers. Which handlers there are decides what the runtime
 * asks at all.
 *
 * Most of it comes from an agent at work, so this runs on the stand-in for a runtime that COPILOT_FAKE_RUNTIME names: it asks
 * everything once, in the words of the real one.
 *
 *   cc handlers.c $(pkg-config --cflags --libs copilot) -o handlers; COPILOT_FAKE_RUNTIME=… ./handlers
 */
#include "common.h"

/* Some questions come as events of a turn, and the answer goes back as a request; the stand-in waits for it. */
#define ASKS(event, data, answered_by)                                                     \
  "{\"event\":{\"type\":\"" event "\",\"data\":{\"requestId\":\"" event "\"," data "}}}," \
  "{\"expect\":{\"method\":\"" answered_by "\",\"where\":{\"requestId\":\"" event "\"}}},"
#define TOKEN_IS_THERE "example.token"
static const char SCRIPT[] =
    "[{\"on\":{\"method\":\"session.create\"},\"do\":[{\"reply\":\"default\"},"
    "{\"request\":{\"method\":\"gitHubToken.getToken\",\"params\":{\"registrationId\":"
    "\"$params.gitHubTokenProviderRegistrationId\",\"host\":\"github.com\",\"reason\":\"refresh\"},\"as\":\"token\"}},"
    "{\"event\":{\"type\":\"" TOKEN_IS_THERE "\",\"data\":{\"token\":\"$token.result.accessToken\"}}}]},"
    "{\"on\":{\"method\":\"session.send\"},\"do\":[{\"reply\":\"default\"},"
    ASKS("permission.requested", "\"permissionRequest\":{\"kind\":\"url\",\"url\":\"http://example.org\",\"intention\":\"read\"}",
         "session.permissions.handlePendingPermissionRequest")
    ASKS("elicitation.requested", "\"message\":\"Which?\",\"mode\":\"form\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{}}",
         "session.ui.handlePendingElicitation")
    ASKS("mcp.oauth_required", "\"serverName\":\"docs\",\"serverUrl\":\"http://127.0.0.1:1/mcp\",\"reason\":\"initial\"",
         "session.mcp.oauth.handlePendingRequest")
    ASKS("command.execute", "\"command\":\"/deploy now\",\"commandName\":\"deploy\",\"args\":\"now\"",
         "session.commands.handlePendingCommand")
    "{\"event\":{\"type\":\"session.idle\",\"data\":{},\"ephemeral\":true}}]}]";

/* Answers with the JSON that it was registered with. What is asked is in `info`, by kind; copilot_call_kind says what. */
static void answer(void *json, copilot_call *call, const copilot_call_info *info) {
  printf("  kind %2u, %.*s\n", info->kind, (int)info->name.len, info->name.data ? info->name.data : "");
  check(copilot_call_reply(call, copilot_s(json)));
}

/* Files of the session, all of them with the same text; nothing may be written. */
static void serve_file(void *text, copilot_call *call, const copilot_call_info *info) {
  if (is_at(info->args, "/method", "readFile"))
    check(copilot_call_reply_text(call, copilot_s(text)));
  else
    check(copilot_call_fail_with(call, copilot_s("read only"), 0, copilot_s("{\"code\":\"UNSUPPORTED\"}")));
}

static void on_event(void *heard, copilot_session *session, const copilot_event *event) {
  (void)session;
  if (event->type_name.len == sizeof TOKEN_IS_THERE - 1 && memcmp(event->type_name.data, TOKEN_IS_THERE, event->type_name.len) == 0)
    *(bool *)heard = is_at(event->json, "/data/token", "of-the-user");
}

static void on_ended(void *ended, copilot_session *session, copilot_error *error) {
  (void)session;
  copilot_error_free(error);
  *(bool *)ended = true;
}

/* Declares what the handlers serve, and registers them. The last argument would free what they get, had it to be freed. */
static copilot_session_config *configure(bool *heard, bool *ended) {
  copilot_session_config *config = NULL;
  check(copilot_session_config_new(
      copilot_s("{\"commands\":[{\"name\":\"deploy\",\"description\":\"Deploys\"}],\"systemMessage\":{\"mode\":\"customize\"},"
                "\"provider\":{\"type\":\"openai\",\"baseUrl\":\"http://127.0.0.1:1/v1\"},"
                "\"canvases\":[{\"id\":\"board\",\"displayName\":\"Board\",\"description\":\"A board\"}]}"),
      &config));
  check(copilot_session_config_on_event(config, on_event, heard, NULL));
  check(copilot_session_config_on_ended(config, on_ended, ended, NULL));

  check(copilot_session_config_on_permission(config, answer, "{\"kind\":\"approve-once\"}", NULL));
  check(copilot_session_config_on_elicitation(config, answer, "{\"action\":\"decline\"}", NULL));
  check(copilot_session_config_on_mcp_auth(config, answer, "{\"accessToken\":\"of-the-server\"}", NULL));
  check(copilot_session_config_on_command(config, copilot_s("deploy"), answer, "null", NULL));
  check(copilot_session_config_on_github_token(
      config, answer, "{\"kind\":\"token\",\"accessToken\":\"of-the-user\",\"expiresIn\":3600}", NULL));
  check(copilot_session_config_on_user_input(config, answer, "{\"answer\":\"blue\",\"wasFreeform\":false}", NULL));
  check(copilot_session_config_on_exit_plan_mode(config, answer, "{\"approved\":true}", NULL));
  check(copilot_session_config_on_auto_mode_switch(config, answer, "\"no\"", NULL));
  check(copilot_session_config_on_hook(config, copilot_s("preToolUse"), answer, "{\"permissionDecision\":\"deny\"}", NULL));
  check(copilot_session_config_on_system_message_transform(config, copilot_s("tone"), answer, "\"Be brief.\"", NULL));
  check(copilot_session_config_on_provider_token(config, copilot_s("default"), answer, "\"of-the-model\"", NULL));
  check(copilot_session_config_on_canvas(config, answer, "{\"url\":\"http://board\"}", NULL));
  check(copilot_session_config_on_session_fs(config, serve_file, "the text", NULL));
  check(copilot_session_config_on_skill_provider(config, answer, "\"# A skill\"", NULL));
  check(copilot_session_config_on_factory(config, copilot_s("nightly"), answer, "{\"result\":{\"ok\":true}}", NULL));
  /* Any of them by its number, also one that a newer library knows and this header does not. */
  check(copilot_session_config_on_call(config, COPILOT_CALL_HOOK, copilot_s("postToolUse"), answer, "null", NULL));
  return config;
}

/* Lets the stand-in ask, and looks at what it was answered. */
static void asks(copilot_client *client, copilot_str session_id, const char *method, const char *params, const char *pointer,
                 const char *expected) {
  copilot_wait wait = limit();
  copilot_string *answered = NULL;
  char request[1024];
  snprintf(request, sizeof request, "{\"method\":\"%s\",\"params\":{\"sessionId\":\"%.*s\",%s}}", method, (int)session_id.len,
           session_id.data, params);
  check(copilot_client_invoke(client, copilot_s("fake.request"), copilot_s(request), &wait, &answered));
  EXPECT(says(answered, pointer, expected));
}

/* What went back as a request of ours. */
static void answered(copilot_client *client, const char *method, const char *pointer, const char *expected) {
  copilot_wait wait = limit();
  copilot_string *received = NULL;
  char params[128];
  snprintf(params, sizeof params, "{\"method\":\"%s\"}", method);
  check(copilot_client_invoke(client, copilot_s("fake.received"), copilot_s(params), &wait, &received));
  EXPECT(says(received, pointer, expected));
}

static void everything(copilot_client *client, copilot_str id) {
  asks(client, id, "userInput.request", "\"question\":\"Which colour?\",\"choices\":[\"red\",\"blue\"],\"allowFreeform\":true",
       "/result/answer", "blue");
  asks(client, id, "exitPlanMode.request", "\"summary\":\"Tidy up\",\"actions\":[\"interactive\"],\"recommendedAction\":\"interactive\"",
       "/result/approved", "true");
  asks(client, id, "autoModeSwitch.request", "\"errorCode\":\"rate_limited\"", "/result/response", "no");
  asks(client, id, "hooks.invoke", "\"hookType\":\"preToolUse\",\"input\":{\"timestamp\":1,\"cwd\":\"/\",\"toolName\":\"bash\"}",
       "/result/output/permissionDecision", "deny");
  asks(client, id, "hooks.invoke", "\"hookType\":\"postToolUse\",\"input\":{\"timestamp\":1,\"cwd\":\"/\",\"toolName\":\"bash\"}",
       "/error", NULL);
  asks(client, id, "systemMessage.transform", "\"sections\":{\"tone\":{\"content\":\"Be kind.\"}}", "/result/sections/tone/content",
       "Be brief.");
  asks(client, id, "providerToken.getToken", "\"providerName\":\"default\"", "/result/token", "of-the-model");
  asks(client, id, "canvas.open", "\"canvasId\":\"board\",\"instanceId\":\"i\",\"extensionId\":\"e\"", "/result/url", "http://board");
  asks(client, id, "sessionFs.readFile", "\"path\":\"/f\"", "/result/content", "the text");
  asks(client, id, "skillProvider.read", "\"name\":\"s\"", "/result/markdown", "# A skill");
  asks(client, id, "factory.execute", "\"name\":\"nightly\",\"runId\":\"r\",\"executionToken\":\"t\",\"args\":{}", "/result/result/ok",
       "true");
}

int main(void) {
  bool heard = false, ended = false;
  copilot_wait wait = limit();
  copilot_client *client = new_fake_client(SCRIPT);
  copilot_session *session = open_session(client, configure(&heard, &ended));
  copilot_string *id = NULL;
  check(copilot_session_id(session, &id));
  everything(client, copilot_string_view(id));
  check(copilot_session_send_and_wait(session, copilot_s("Go."), copilot_s(NULL), &wait, NULL));
  EXPECT(heard); /* the token for GitHub */
  answered(client, "session.permissions.handlePendingPermissionRequest", "/messages/0/params/result/kind", "approve-once");
  answered(client, "session.ui.handlePendingElicitation", "/messages/0/params/result/action", "decline");
  answered(client, "session.mcp.oauth.handlePendingRequest", "/messages/0/params/result/accessToken", "of-the-server");
  answered(client, "session.commands.handlePendingCommand", "/messages/0/params/error", NULL);
  check(copilot_session_disconnect(session, &wait));
  EXPECT(ended);
  copilot_string_free(id);
  copilot_session_free(session);
  end(client);
  puts("handlers: ok");
  return 0;
}
