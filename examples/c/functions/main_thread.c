/* Work on the application's main thread, which a runtime in this process may ask for.
 *
 * Only runtimes from 1.0.102 on ask, so this runs on the stand-in for a runtime: COPILOT_FAKE_LIBRARY names the library, and
 * COPILOT_FAKE_RUNTIME the program that it starts.
 *
 *   cc main_thread.c $(pkg-config --cflags --libs copilot) -o main_thread
 *   COPILOT_FAKE_LIBRARY=… COPILOT_FAKE_RUNTIME=… ./main_thread
 */
#include "common.h"

#include <pthread.h>
#include <unistd.h>

/* What the main thread is to do: run an action, or go on. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  copilot_call *call;
  uint32_t action;
  bool is_over;
} work = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Asked for work. This is the thread of the callbacks: the call is handed over, with what is needed of it. */
static void on_call(void *user_data, copilot_call *call, const copilot_call_info *info) {
  copilot_string *id = NULL;
  (void)user_data;
  EXPECT(info->kind == COPILOT_CALL_UI_THREAD);
  check(copilot_json_text(info->args, copilot_s("/actionId"), &id));
  pthread_mutex_lock(&work.lock);
  work.action = (uint32_t)strtoul(copilot_string_data(id), NULL, 10);
  work.call = call;
  pthread_cond_signal(&work.changed);
  pthread_mutex_unlock(&work.lock);
  copilot_string_free(id);
}

/* The stand-in has heard that the action was done. */
static void heard(void *user_data, copilot_error *error, copilot_string *answered) {
  (void)user_data;
  check(error);
  EXPECT(says(answered, "/error", NULL));
  pthread_mutex_lock(&work.lock);
  work.is_over = true;
  pthread_cond_signal(&work.changed);
  pthread_mutex_unlock(&work.lock);
}

/* The loop of a main thread; a real one would wait for its windows as well. */
static void run(copilot_client *client) {
  pthread_mutex_lock(&work.lock);
  while (!work.is_over) {
    copilot_call *call = work.call;
    uint32_t action = work.action;
    if (call == NULL) {
      pthread_cond_wait(&work.changed, &work.lock);
      continue;
    }
    work.call = NULL;
    pthread_mutex_unlock(&work.lock);
    check(copilot_client_run_ui_action(client, action)); /* once, and before the answer */
    check(copilot_call_reply(call, copilot_s("null")));
    printf("action %u was run\n", action);
    pthread_mutex_lock(&work.lock);
  }
  pthread_mutex_unlock(&work.lock);
}

int main(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  copilot_string *runs = NULL;
  copilot_wait wait = limit();
  char home[] = "/tmp/copilot-main-thread-XXXXXX", file[sizeof home + 16];
  FILE *program;

  /* The stand-in's library finds its program by a file in the folder of its state. */
  EXPECT(mkdtemp(home) != NULL);
  snprintf(file, sizeof file, "%s/fake-runtime", home);
  program = fopen(file, "w");
  EXPECT(program != NULL && fputs(getenv("COPILOT_FAKE_RUNTIME"), program) >= 0 && fclose(program) == 0);

  options.connection = COPILOT_CONNECTION_INPROCESS;
  options.path = copilot_s(getenv("COPILOT_FAKE_LIBRARY"));
  options.base_directory = copilot_s(home);
  options.json = copilot_s("{\"handlers\":{\"uiThread\":true}}");
  options.on_call = on_call;
  check(copilot_client_new(&options, &client));
  check(copilot_client_start(client, &wait, NULL));

  check(copilot_client_invoke_async(client, copilot_s("fake.request"),
                                    copilot_s("{\"method\":\"uiThread.run\",\"params\":{\"actionId\":7}}"), heard, NULL, NULL, NULL));
  run(client);
  check(copilot_client_invoke(client, copilot_s("fake.received"), copilot_s("{\"method\":\"fake.uiAction\"}"), &wait, &runs));
  EXPECT(says(runs, "/count", "1"));

  end(client);
  remove(file), rmdir(home);
  puts("main_thread: ok");
  return 0;
}
