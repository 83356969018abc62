/* A host for the Agent Host Protocol: clients that speak it find sessions of this program there.
 *
 * Only runtimes from 1.0.102 on know it, so this runs on the stand-in for a runtime that COPILOT_FAKE_RUNTIME names, which asks
 * what a host asks.
 *
 *   cc hosts.c $(pkg-config --cflags --libs copilot) -o hosts; COPILOT_FAKE_RUNTIME=… ./hosts
 */
#include "common.h"

static const char SESSION[] = "1b7c8e7c-0000-4222-8333-944444444444";
static const char SCRIPT[] =
    "[{\"on\":{\"method\":\"host.start\"},\"do\":[{\"reply\":{\"result\":{\"hostId\":\"$params.hostId\","
    "\"url\":\"ws://127.0.0.1:9/\",\"token\":\"t\"}}}]},"
    "{\"on\":{\"method\":\"host.dispose\"},\"do\":[{\"reply\":{\"result\":{}}}]}]";

/* What the host asks, by name. `user_data` counts the sessions that were handed over. */
static void on_call(void *user_data, copilot_call *call, const copilot_call_info *info) {
  static const char HANDING_OVER[] = "materializeSession";
  copilot_string *id = NULL;
  char answer[128];
  EXPECT(info->kind == COPILOT_CALL_AHP_HOST);
  printf("the host asks: %.*s\n", (int)info->name.len, info->name.data);
  if (info->name.len != sizeof HANDING_OVER - 1 || memcmp(info->name.data, HANDING_OVER, info->name.len) != 0) {
    check(copilot_call_reply(call, copilot_s("null"))); /* nobody is let in, or it only tells what happened */
    return;
  }
  /* A session with this id has to be open on this client; here it is already. */
  check(copilot_json_text(info->args, copilot_s("/config/sessionId"), &id));
  snprintf(answer, sizeof answer, "{\"sessionId\":\"%s\"}", copilot_string_data(id));
  copilot_string_free(id);
  ++*(int *)user_data;
  check(copilot_call_reply(call, copilot_s(answer)));
}

/* Somebody comes to the host and wants the session; the stand-in plays it. */
static void somebody_comes(copilot_client *client, const copilot_string *host_id) {
  copilot_wait wait = limit();
  copilot_string *answered = NULL;
  char request[512];
  snprintf(request, sizeof request,
           "{\"method\":\"host.materializeSession\",\"params\":{\"hostId\":\"%s\",\"handoffId\":\"one\","
           "\"config\":{\"sessionId\":\"%s\"},\"authentication\":{\"mode\":\"none\"}}}",
           copilot_string_data(host_id), SESSION);
  check(copilot_client_invoke(client, copilot_s("fake.request"), copilot_s(request), &wait, &answered));
  EXPECT(says(answered, "/result/sessionId", SESSION));
}

int main(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_str args[] = {copilot_s("--script-json"), copilot_s(SCRIPT)};
  copilot_client *client = NULL;
  copilot_session_config *config = NULL;
  copilot_session *session;
  copilot_string *host = NULL, *host_id = NULL;
  copilot_wait wait = limit();
  char json[128];
  int handed_over = 0;
  options.path = copilot_s(getenv("COPILOT_FAKE_RUNTIME"));
  options.args = args;
  options.args_len = 2;
  options.on_call = on_call;
  options.user_data = &handed_over;
  check(copilot_client_new(&options, &client));
  snprintf(json, sizeof json, "{\"sessionId\":\"%s\"}", SESSION);
  check(copilot_session_config_new(copilot_s(json), &config));
  session = open_session(client, config);

  check(copilot_client_start_ahp_host(
      client, copilot_s("{\"localServer\":{\"hostname\":\"127.0.0.1\"},\"sessionFactory\":true}"), &wait, &host));
  printf("to be found at: %s\n", copilot_string_data(host));
  check(copilot_json_text(copilot_string_view(host), copilot_s("/hostId"), &host_id));
  EXPECT(says(host, "/url", "ws://127.0.0.1:9/"));
  somebody_comes(client, host_id);
  EXPECT(handed_over == 1);

  /* The end of the host. */
  snprintf(json, sizeof json, "{\"hostId\":\"%s\"}", copilot_string_data(host_id));
  check(copilot_client_invoke(client, copilot_s("host.dispose"), copilot_s(json), &wait, NULL));
  copilot_string_free(host_id);
  copilot_session_free(session);
  end(client);
  puts("hosts: ok");
  return 0;
}
