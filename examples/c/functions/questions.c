/* Questions to the person in front of the program: yes or no, one of several, a text, a whole form.
 *
 * They go to the runtime and come back from it to whoever serves forms, here the same program, with answers known beforehand.
 * Runs on the runtime that COPILOT_CLI_PATH names; no model is asked.
 *
 *   cc questions.c $(pkg-config --cflags --libs copilot) -o questions; COPILOT_CLI_PATH=… ./questions
 */
#include "common.h"

/* Fills in a form. `user_data` are the answers to come. */
static void fill_in(void *user_data, copilot_call *call, const copilot_call_info *info) {
  const char ***next = user_data;
  printf("form: %.*s\n", (int)info->args.len, info->args.data);
  EXPECT(**next != NULL);
  check(copilot_call_reply(call, copilot_s(*(*next)++)));
}

static void ask(copilot_session *session) {
  copilot_wait wait = limit();
  copilot_string *answer = NULL;

  check(copilot_session_confirm(session, copilot_s("Shall I?"), &wait, &answer));
  EXPECT(says(answer, "", "true"));

  check(copilot_session_select(session, copilot_s("Which colour?"), copilot_s("[\"red\",\"blue\"]"), &wait, &answer));
  EXPECT(says(answer, "", "blue"));

  check(copilot_session_input(session, copilot_s("What is your name?"), copilot_s("{\"title\":\"Name\",\"minLength\":1}"), &wait,
                              &answer));
  EXPECT(says(answer, "", "Ada"));
  /* Who declines gives no text. */
  check(copilot_session_input(session, copilot_s("And your age?"), copilot_s(NULL), &wait, &answer));
  EXPECT(says(answer, "", NULL));

  check(copilot_session_elicit(session, copilot_s("Where to?"),
                               copilot_s("{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},"
                                         "\"nights\":{\"type\":\"integer\"}},\"required\":[\"city\"]}"),
                               &wait, &answer));
  EXPECT(is_at(copilot_string_view(answer), "/action", "accept"));
  EXPECT(says(answer, "/content/city", "Oslo"));
}

int main(void) {
  static const char *answers[] = {
      "{\"action\":\"accept\",\"content\":{\"confirmed\":true}}",
      "{\"action\":\"accept\",\"content\":{\"selection\":\"blue\"}}",
      "{\"action\":\"accept\",\"content\":{\"value\":\"Ada\"}}",
      "{\"action\":\"decline\"}",
      "{\"action\":\"accept\",\"content\":{\"city\":\"Oslo\",\"nights\":2}}",
      NULL,
  };
  static const char **next = answers;
  copilot_client *client = new_client();
  copilot_session_config *config = new_config();
  copilot_session *session;
  copilot_string *nothing = NULL;
  copilot_wait wait = limit();

  /* With a handler the runtime knows that somebody can be asked. */
  check(copilot_session_config_on_elicitation(config, fill_in, &next, NULL));
  session = open_session(client, config);
  ask(session);
  EXPECT(*next == NULL); /* every answer was asked for */
  copilot_session_free(session);

  /* Without one it says so. */
  session = open_session(client, new_config());
  EXPECT(code_of(copilot_session_confirm(session, copilot_s("Shall I?"), &wait, &nothing)) == COPILOT_ERROR_UNSUPPORTED);
  EXPECT(nothing == NULL);
  copilot_session_free(session);

  end(client);
  puts("questions: ok");
  return 0;
}
