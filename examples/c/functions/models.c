/* The program as the model: it says which models there are, and answers the requests that the runtime would send to one.
 *
 * Runs on the runtime that COPILOT_CLI_PATH names. No model is needed: this program is it.
 *
 *   cc models.c $(pkg-config --cflags --libs copilot) -o models; COPILOT_CLI_PATH=… ./models
 */
#include "common.h"

#include <pthread.h>

/* One request of the runtime, to be answered by a thread of its own: each piece waits until the runtime took it. */
struct request {
  copilot_client *client;
  copilot_call *call;
  copilot_string *id;
  bool shall_fail;
};

static const char FIRST[] =
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"own\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"role\":\"assistant\",\"content\":\"I am \"}}]}\n\n";
static const char SECOND[] =
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"own\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"content\":\"the program.\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

static void *answer(void *user_data) {
  struct request *request = user_data;
  copilot_client *client = request->client;
  copilot_str id = copilot_string_view(request->id);
  copilot_wait wait = limit();

  check(copilot_client_llm_start(
      client, id, copilot_s("{\"status\":200,\"headers\":{\"content-type\":[\"text/event-stream\"]}}"), &wait));
  check(copilot_client_llm_write_text(client, id, copilot_s(FIRST), &wait));
  if (request->shall_fail) {
    /* Begun, but there is no more to say. The runtime asks again. */
    check(copilot_client_llm_fail(client, id, copilot_s("the line broke"), copilot_s(NULL), &wait));
  } else {
    check(copilot_client_llm_write_bytes(client, id, copilot_sn(SECOND, sizeof SECOND - 1), &wait)); /* any bytes */
    check(copilot_client_llm_end(client, id, &wait));
  }
  /* The call is answered once the answer of the model is complete; what it is answered with does not matter. */
  check(copilot_call_reply(request->call, copilot_s("null")));
  copilot_string_free(request->id);
  free(request);
  return NULL;
}

struct program {
  copilot_client *client;
  pthread_t threads[8]; /* that answer a request each */
  int requests;
};

/* What is asked of the client as a whole. */
static void on_call(void *user_data, copilot_call *call, const copilot_call_info *info) {
  struct program *program = user_data;
  struct request *request;
  if (info->kind == COPILOT_CALL_LIST_MODELS) {
    check(copilot_call_reply(
        call, copilot_s("[{\"id\":\"own\",\"name\":\"My own\",\"capabilities\":{\"supports\":{\"vision\":false,"
                        "\"reasoningEffort\":false},\"limits\":{\"max_context_window_tokens\":8000}}}]")));
    return;
  }
  EXPECT(info->kind == COPILOT_CALL_LLM_REQUEST);
  request = calloc(1, sizeof *request);
  EXPECT(request != NULL && program->requests < 8);
  request->client = program->client;
  request->call = call;
  request->shall_fail = program->requests == 0; /* the first one */
  check(copilot_json_text(info->args, copilot_s("/requestId"), &request->id));
  EXPECT(pthread_create(&program->threads[program->requests++], NULL, answer, request) == 0);
}

int main(void) {
  static struct program program;
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_session_config *config = NULL;
  copilot_session *session;
  copilot_string *result = NULL;
  copilot_wait wait = limit();
  options.json = copilot_s("{\"handlers\":{\"requestHandler\":true,\"listModels\":true}}");
  options.on_call = on_call;
  options.user_data = &program;
  check(copilot_client_new(&options, &program.client));

  check(copilot_client_list_models(program.client, &wait, &result));
  EXPECT(says(result, "/models/0/id", "own"));

  check(copilot_session_config_new(
      copilot_s("{\"model\":\"own\",\"streaming\":true,"
                "\"provider\":{\"type\":\"openai\",\"baseUrl\":\"http://model.invalid/v1\",\"apiKey\":\"none\"}}"),
      &config));
  session = open_session(program.client, config);
  check(copilot_session_send_and_wait(session, copilot_s("Who are you?"), copilot_s(NULL), &wait, &result));
  EXPECT(says(result, "/data/content", "I am the program."));
  EXPECT(program.requests >= 2);
  for (int i = 0; i < program.requests; i++) pthread_join(program.threads[i], NULL);

  copilot_session_free(session);
  end(program.client);
  puts("models: ok");
  return 0;
}
