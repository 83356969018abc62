/* Errors: what they say and who frees them. Also what the library is and can do, and what it logs.
 *
 * Runs on the runtime that COPILOT_CLI_PATH names; no model is asked.
 *
 *   cc errors.c $(pkg-config --cflags --libs copilot) -o errors && COPILOT_CLI_PATH=… ./errors
 */
#include "common.h"

#include <stdatomic.h>

/* A program that loads the library at run time looks first whether it is the one it was built for. */
static void what_is_there(void) {
  EXPECT(copilot_abi_version() == COPILOT_ABI_VERSION);
  EXPECT(copilot_version_number() >= COPILOT_VERSION_NUMBER);
  printf("libcopilot %s\n", copilot_version());
  if (copilot_has("structured")) puts("  answers may follow a schema");
  EXPECT(!copilot_has("flying")); /* a word that it does not know is nothing that it can */
}

/* Success is NULL. Anything else is an object that is ours until we free it; its texts live as long. */
static void an_error(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  copilot_error *error;
  options.path = copilot_s("/nowhere/copilot");
  check(copilot_client_new(&options, &client));

  error = copilot_client_start(client, NULL, NULL);
  EXPECT(copilot_error_code(error) == COPILOT_ERROR_RUNTIME_NOT_FOUND);                /* for programs */
  EXPECT(strcmp(copilot_error_name(error), "RuntimeNotFound") == 0);                   /* the same, for logs */
  EXPECT(strstr(copilot_error_message(error), "/nowhere/copilot"));                    /* for people */
  EXPECT(is_at(copilot_s(copilot_error_reason(error)), "/code", "runtime.not_found")); /* for programs that ask why */
  EXPECT(copilot_error_free(error) == COPILOT_OK);

  /* Without an error the answers are those of success. */
  EXPECT(copilot_error_code(NULL) == COPILOT_OK);
  EXPECT(copilot_error_free(NULL) == COPILOT_OK);
  copilot_client_free(client);
}

/* What the runtime refuses has its code of JSON-RPC, and data where there are some. */
static void a_refusal(copilot_client *client) {
  copilot_wait wait = limit();
  int64_t code = 0;
  copilot_error *error = copilot_client_invoke(client, copilot_s("no.such.method"), copilot_s(NULL), &wait, NULL);
  EXPECT(copilot_error_code(error) == COPILOT_ERROR_RPC);
  EXPECT(copilot_error_rpc_code(error, &code) && code == -32601);
  EXPECT(copilot_error_data(error) == NULL); /* it gave none; others are JSON */
  printf("refused: %s\n", copilot_error_message(error));
  copilot_error_free(error);
}

/* Takes a line of the log. Any thread may call it, and several at a time. */
static void line(void *user_data, uint32_t level, copilot_str target, copilot_str message) {
  atomic_int *lines = user_data;
  (void)level;
  printf("  [%.*s] %.*s\n", (int)target.len, target.data, (int)message.len, message.data);
  atomic_fetch_add(lines, 1);
}

int main(void) {
  static atomic_int lines;
  copilot_client *client;
  copilot_wait wait = limit();
  what_is_there();
  an_error();

  check(copilot_log_set(COPILOT_LOG_INFO, line, &lines, NULL));
  client = new_client();
  check(copilot_client_start(client, &wait, NULL));
  a_refusal(client);
  end(client);
  EXPECT(atomic_load(&lines) > 0); /* the start was told of */
  check(copilot_log_set(COPILOT_LOG_OFF, NULL, NULL, NULL));
  puts("errors: ok");
  return 0;
}
