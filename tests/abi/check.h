/* A tiny harness: CHECK stops the program with the place and the text of what was wrong. Usable from C and C++. */
#ifndef COPILOT_TEST_CHECK_H
#define COPILOT_TEST_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "copilot.h"

#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);     \
      abort();                                                                    \
    }                                                                             \
  } while (0)

/* How many seconds anything may take, on a busy machine and under valgrind; what is waited for comes much sooner. */
enum { LIMIT = 240 };

/* The call succeeds. */
#define OK(call) check_ok((call), __FILE__, __LINE__, #call)
/* The call fails with this code. */
#define FAILS(call, code) check_fails((call), (code), NULL, __FILE__, __LINE__, #call)
/* The call fails with this code and a message that holds this text. */
#define FAILS_SAYING(call, code, text) check_fails((call), (code), (text), __FILE__, __LINE__, #call)

static inline void check_ok(copilot_error *error, const char *file, int line, const char *call) {
  if (error != NULL) {
    fprintf(stderr, "%s:%d: %s: %s: %s (%s)\n", file, line, call, copilot_error_name(error),
            copilot_error_message(error), copilot_error_data(error) ? copilot_error_data(error) : "");
    abort();
  }
}

static inline void check_fails(copilot_error *error, copilot_code code, const char *text, const char *file,
                               int line, const char *call) {
  if (error == NULL || copilot_error_code(error) != code ||
      (text != NULL && strstr(copilot_error_message(error), text) == NULL)) {
    fprintf(stderr, "%s:%d: %s: expected code %d saying \"%s\", got %s: %s\n", file, line, call, (int)code,
            text ? text : "", copilot_error_name(error), copilot_error_message(error));
    abort();
  }
  CHECK(copilot_error_free(error) == COPILOT_OK);
}

static inline const char *environment(const char *name) {
  const char *value = getenv(name);
  if (value == NULL || *value == 0) {
    fprintf(stderr, "%s is not set; run the tests with tests/abi/Makefile\n", name);
    exit(2);
  }
  return value;
}

static inline double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline void sleep_ms(int ms) {
  struct timespec rest;
  rest.tv_sec = ms / 1000;
  rest.tv_nsec = (long)(ms % 1000) * 1000000L;
  nanosleep(&rest, NULL);
}

/* A client of the fake runtime, with a script for it (or NULL). */
static inline copilot_client *fake_client(const char *script, uint32_t drive) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_str args[2];
  copilot_client *client = NULL;
  options.path = copilot_s(environment("COPILOT_FAKE_RUNTIME"));
  options.drive = drive;
  if (script != NULL) {
    args[0] = copilot_s("--script-json");
    args[1] = copilot_s(script);
    options.args = args;
    options.args_len = 2;
  }
  OK(copilot_client_new(&options, &client));
  return client;
}

static inline copilot_wait patience(unsigned ms) {
  copilot_wait wait = COPILOT_WAIT_INIT;
  wait.timeout_ms = ms;
  return wait;
}

/* The text at a JSON pointer, to be freed with free(); NULL when there is none. */
static inline char *text_at(copilot_str json, const char *pointer) {
  copilot_string *found = NULL;
  char *copy;
  size_t len;
  OK(copilot_json_text(json, copilot_s(pointer), &found));
  if (found == NULL) {
    return NULL;
  }
  len = copilot_string_len(found);
  copy = (char *)malloc(len + 1);
  CHECK(copy != NULL);
  memcpy(copy, copilot_string_data(found), len + 1);
  copilot_string_free(found);
  return copy;
}

static inline long number_at(copilot_str json, const char *pointer) {
  char *text = text_at(json, pointer);
  long number = text == NULL ? -1 : strtol(text, NULL, 10);
  free(text);
  return number;
}

static inline int same(copilot_str text, const char *expected) {
  return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

#endif
