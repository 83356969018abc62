/* Runtimes that misbehave: each is a typed error with a text that says what happened, within bounded time. */
#include <signal.h>
#include <sys/types.h>

#include "check.h"

static void start_fails(copilot_client *client, copilot_code code, const char *text) {
  copilot_wait wait = patience(LIMIT * 1000);
  double start = seconds();
  FAILS_SAYING(copilot_client_start(client, &wait, NULL), code, text);
  CHECK(seconds() - start < 15);
  CHECK(copilot_client_free(client) == COPILOT_OK);
}

static void wrong_path(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  copilot_error *error;
  options.path = copilot_s("/no/such/runtime");
  error = copilot_client_new(&options, &client); /* found out now, or at the start */
  if (error == NULL) {
    start_fails(client, COPILOT_ERROR_RUNTIME_NOT_FOUND, "/no/such/runtime");
  } else {
    CHECK(copilot_error_code(error) == COPILOT_ERROR_RUNTIME_NOT_FOUND);
    CHECK(strstr(copilot_error_message(error), "/no/such/runtime") != NULL);
    CHECK(strcmp(copilot_error_name(error), "RuntimeNotFound") == 0);
    copilot_error_free(error);
  }
}

static copilot_client *tcp_client(const char *script, const char *json) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  copilot_str args[2];
  options.connection = COPILOT_CONNECTION_TCP;
  options.path = copilot_s(environment("COPILOT_FAKE_RUNTIME"));
  args[0] = copilot_s("--script-json");
  args[1] = copilot_s(script);
  options.args = args;
  options.args_len = 2;
  options.json = copilot_s(json);
  OK(copilot_client_new(&options, &client));
  return client;
}

/* A runtime that runs already, with a token of its own; the client comes with another. */
static void wrong_token(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  char command[1024], line[256], url[64], *port = NULL;
  FILE *server;
  pid_t pid;
  snprintf(command, sizeof command, "echo $$; COPILOT_CONNECTION_TOKEN=right exec '%s' --port 0",
           environment("COPILOT_FAKE_RUNTIME"));
  server = popen(command, "r");
  CHECK(server != NULL && fgets(line, sizeof line, server) != NULL);
  pid = (pid_t)atol(line);
  CHECK(pid > 1 && fgets(line, sizeof line, server) != NULL);
  port = strstr(line, "port ");
  CHECK(port != NULL);
  snprintf(url, sizeof url, "127.0.0.1:%d", atoi(port + 5));
  options.connection = COPILOT_CONNECTION_URI;
  options.url = copilot_s(url);
  options.connection_token = copilot_s("wrong");
  OK(copilot_client_new(&options, &client));
  start_fails(client, COPILOT_ERROR_RPC, "AUTHENTICATION_FAILED");
  options.connection_token = copilot_s("right");
  OK(copilot_client_new(&options, &client));
  OK(copilot_client_start(client, NULL, NULL));
  OK(copilot_client_stop(client, NULL)); /* a runtime that was not started here is left alone */
  CHECK(kill(pid, 0) == 0);
  copilot_client_free(client);
  CHECK(kill(pid, SIGKILL) == 0);
  pclose(server);
}

/* A frame that is no JSON costs at most its own connection, never the program. */
static void bad_frame(void) {
  copilot_client *client = fake_client(
      "[{\"on\":{\"method\":\"bad\"},\"do\":[{\"raw\":{\"body\":\"this is no JSON\"}},{\"reply\":{\"result\":{}}}]}]",
      COPILOT_DRIVE_THREAD);
  copilot_wait wait = patience(LIMIT * 1000);
  copilot_error *error;
  OK(copilot_client_start(client, &wait, NULL));
  error = copilot_client_invoke(client, copilot_s("bad"), copilot_s(NULL), &wait, NULL);
  CHECK(error == NULL || copilot_error_code(error) == COPILOT_ERROR_PROTOCOL ||
        copilot_error_code(error) == COPILOT_ERROR_PROCESS_EXITED);
  copilot_error_free(error);
  copilot_client_free(client);
}

static void rpc_error(void) {
  copilot_client *client = fake_client(
      "[{\"on\":{\"method\":\"x\"},\"do\":[{\"reply\":{\"error\":{\"code\":-32042,\"message\":\"no\",\"data\":{\"a\":1}}}}]}]",
      COPILOT_DRIVE_THREAD);
  copilot_error *error;
  int64_t code = 0;
  FAILS(copilot_client_invoke(client, copilot_s("x"), copilot_s(NULL), NULL, NULL), COPILOT_ERROR_INVALID_STATE);
  OK(copilot_client_start(client, NULL, NULL));
  error = copilot_client_invoke(client, copilot_s("x"), copilot_s(NULL), NULL, NULL);
  CHECK(copilot_error_code(error) == COPILOT_ERROR_RPC && copilot_error_rpc_code(error, &code) && code == -32042);
  CHECK(strcmp(copilot_error_data(error), "{\"a\":1}") == 0 && strcmp(copilot_error_message(error), "no") == 0);
  copilot_error_free(error);
  FAILS(copilot_client_invoke(client, copilot_s("x"), copilot_s("{"), NULL, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  FAILS(copilot_client_invoke(client, copilot_s(""), copilot_s(NULL), NULL, NULL), COPILOT_ERROR_INVALID_ARGUMENT);
  OK(copilot_client_stop(client, NULL));
  copilot_client_free(client);
}

/* Writing to a runtime that has just died must not end a host that has the default action for SIGPIPE. */
static void dead_runtime(void) {
  int n;
  for (n = 0; n < 20; n++) {
    copilot_client *client = fake_client("[{\"on\":{\"method\":\"die\"},\"do\":[{\"exit\":9}]}]", COPILOT_DRIVE_POLL);
    int more;
    OK(copilot_client_start(client, NULL, NULL));
    OK(copilot_client_notify(client, copilot_s("die"), copilot_s(NULL)));
    for (more = 0; more < 50; more++) {
      copilot_error_free(copilot_client_notify(client, copilot_s("x"), copilot_s(NULL)));
    }
    copilot_error_free(copilot_client_invoke(client, copilot_s("ping"), copilot_s(NULL), NULL, NULL));
    copilot_client_free(client);
  }
}

int main(void) {
  CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  dead_runtime();
  wrong_path();
  start_fails(fake_client("{\"onStart\":[{\"stderr\":\"fatal: no such licence\\n\"},{\"exit\":3}]}", 0),
              COPILOT_ERROR_PROCESS_EXITED, "no such licence");
  start_fails(tcp_client("{\"announce\":false}", "{\"startTimeoutMs\":300}"), COPILOT_ERROR_START_TIMEOUT, "300");
  start_fails(fake_client("[{\"on\":{\"method\":\"connect\"},\"do\":[{\"reply\":{\"result\":"
                          "{\"ok\":true,\"protocolVersion\":99,\"version\":\"x\"}}}]}]", 0),
              COPILOT_ERROR_PROTOCOL_MISMATCH, "99");
  start_fails(fake_client("{\"onStart\":[{\"raw\":{\"text\":\"HTTP/1.1 400 Bad Request\\r\\n\\r\\nno\"}}]}", 0),
              COPILOT_ERROR_PROTOCOL, "");
  wrong_token();
  bad_frame();
  rpc_error();
  puts("inputs: ok");
  return 0;
}
