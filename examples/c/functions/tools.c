/* Tools that change while a session is open, and how the automatic choice of models weighs.
 *
 * Newer runtimes than those that are published know the first; the other needs an account. So this runs on the stand-in for a
 * runtime that COPILOT_FAKE_RUNTIME names, which is told what to answer.
 *
 *   cc tools.c $(pkg-config --cflags --libs copilot) -o tools; COPILOT_FAKE_RUNTIME=… ./tools
 */
#include "common.h"

/* To every prompt the stand-in calls the tool that the prompt names, and says what that answered. */
static const char SCRIPT[] =
    "[{\"on\":{\"method\":\"session.tools.set\"},\"do\":[{\"reply\":{\"result\":{}}}]},"
    "{\"on\":{\"method\":\"session.model.switchAutoTier\"},\"do\":[{\"reply\":{\"result\":{\"autoTier\":\"$params.autoTier\"}}}]},"
    "{\"on\":{\"method\":\"session.send\"},\"do\":[{\"reply\":\"default\"},"
    "{\"event\":{\"type\":\"external_tool.requested\",\"data\":{\"requestId\":\"$requestId\",\"toolCallId\":\"c\","
    "\"toolName\":\"$params.prompt\",\"arguments\":{}}}},"
    "{\"expect\":{\"method\":\"session.tools.handlePendingToolCall\",\"as\":\"tool\"}},"
    "{\"event\":{\"type\":\"assistant.message\",\"data\":{\"messageId\":\"m\",\"content\":\"$tool.params.result\"}}},"
    "{\"event\":{\"type\":\"session.idle\",\"data\":{},\"ephemeral\":true}}]}]";

static void answer(void *text, copilot_call *call, const copilot_call_info *info) {
  (void)info;
  check(copilot_call_reply_text(call, copilot_s(text)));
}

static copilot_session_config *with_tool(const char *name, char *text) {
  copilot_session_config *config = NULL;
  copilot_tool tool = COPILOT_TOOL_INIT;
  check(copilot_session_config_new(copilot_s(NULL), &config));
  tool.name = copilot_s(name);
  tool.description = copilot_s("Says what it says");
  tool.call = answer;
  tool.user_data = text;
  check(copilot_session_config_tool(config, &tool));
  return config;
}

static void uses(copilot_session *session, const char *tool, const char *expected) {
  copilot_wait wait = limit();
  copilot_string *message = NULL;
  check(copilot_session_send_and_wait(session, copilot_s(tool), copilot_s(NULL), &wait, &message));
  EXPECT(says(message, "/data/content", expected));
}

int main(void) {
  copilot_wait wait = limit();
  copilot_client *client = new_fake_client(SCRIPT);
  copilot_session *session = open_session(client, with_tool("old", "from the old one"));
  copilot_session_config *config;
  copilot_string *result = NULL;
  uses(session, "old", "from the old one");

  /* Other tools with the functions that run them. The configuration is only read, and still ours to free. */
  config = with_tool("new", "from the new one");
  check(copilot_session_serve_tools(session, config, &wait));
  copilot_session_config_free(config);
  uses(session, "new", "from the new one");

  /* The same functions, declared in other words. */
  check(copilot_session_set_tools(session, copilot_s("[{\"name\":\"new\",\"description\":\"Says something else\"}]"), copilot_s(NULL),
                                  &wait));
  uses(session, "new", "from the new one");

  check(copilot_session_set_auto_tier(session, copilot_s("\"high\""), &wait, &result));
  EXPECT(says(result, "/autoTier", "high"));

  copilot_session_free(session);
  end(client);
  puts("tools: ok");
  return 0;
}
