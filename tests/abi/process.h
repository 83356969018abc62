/* Whether a process is there, by its id. Usable from C and C++. */
#ifndef COPILOT_TEST_PROCESS_H
#define COPILOT_TEST_PROCESS_H

#include <errno.h>
#include <signal.h>
#include <sys/types.h>

#include "check.h"

/* Gone, or a zombie that waits for its parent. */
static inline int is_gone(pid_t pid) {
  char path[64], line[256] = "";
  const char *state;
  FILE *stat;
  if (kill(pid, 0) != 0 && errno == ESRCH) {
    return 1;
  }
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
  stat = fopen(path, "r");
  if (stat == NULL) {
    return 1;
  }
  state = fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL;
  fclose(stat);
  /* Unreadable: it went between opening and reading. */
  return state == NULL || state[2] == 'Z';
}

static inline void expect_gone(pid_t pid, double within) {
  double end = seconds() + within;
  int gone = is_gone(pid);
  while (!gone && seconds() < end) {
    sleep_ms(5);
    gone = is_gone(pid);
  }
  CHECK(gone);
}

#endif
