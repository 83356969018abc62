/* A program that knows nothing of the library loads a plug-in that does, has it talk, and unloads it, over and over. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int threads(void) {
  char line[256];
  int count = -1;
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL)
    if (sscanf(line, "Threads: %d", &count) == 1) break;
  if (status != NULL) fclose(status);
  return count;
}

int main(int count, char **args) {
  int round, after_first = 0;
  if (count != 3) return fputs("usage: plugin PLUGIN RUNTIME\n", stderr), 2;
  for (round = 0; round < 20; round++) {
    int (*run)(const char *, const char *, char *, size_t);
    char answer[256] = "";
    void *plugin = dlopen(args[1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
    *(void **)&run = dlsym(plugin, "plugin_run");
    if (run == NULL || run(args[2], "hello", answer, sizeof answer) != 0 || strstr(answer, "hello") == NULL)
      return fprintf(stderr, "round %d: %s\n", round, answer), 1;
    if (dlclose(plugin) != 0) return fprintf(stderr, "%s\n", dlerror()), 1;
    if (round == 0) after_first = threads();
  }
  if (threads() > after_first) return fprintf(stderr, "%d threads, %d after the first\n", threads(), after_first), 1;
  puts("plugin: ok");
  return 0;
}
