/* Measures what checking a handle costs, with the library that `make clib` leaves in dist/:
 *   cc -O2 -Idist/copilot/include ffi/tools/handle_cost.c -Ldist/copilot/lib -lcopilot -Wl,-rpath,dist/copilot/lib -o handle_cost */
#define _POSIX_C_SOURCE 200809L
#include <copilot.h>
#include <stdio.h>
#include <time.h>

enum { ROUNDS = 5000000, TRIES = 5 };
static volatile bool seen;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void look_up(copilot_cancel_token *token) { seen = copilot_cancel_token_is_cancelled(token); }

static void make_and_free(copilot_cancel_token *unused) {
  (void)unused;
  copilot_cancel_token *token = NULL;
  copilot_cancel_token_new(&token);
  copilot_cancel_token_free(token);
}

static void nothing(copilot_cancel_token *token) { seen = token == NULL; }

/* Nanoseconds of one call, the best of some tries. */
static double cost(void (*volatile call)(copilot_cancel_token *), copilot_cancel_token *token) {
  double best = 1e18;
  for (int i = 0; i < TRIES; i++) {
    double begin = now();
    for (int round = 0; round < ROUNDS; round++) call(token);
    double each = (now() - begin) / ROUNDS;
    if (each < best) best = each;
  }
  return best;
}

int main(void) {
  copilot_cancel_token *token = NULL;
  copilot_error *error = copilot_cancel_token_new(&token);
  if (error) return 1;
  double empty = cost(nothing, token);
  printf("checked call  %6.1f ns (look-up, reference count, one flag behind a lock)\n", cost(look_up, token) - empty);
  printf("new and free  %6.1f ns (two calls, one allocation)\n", cost(make_and_free, token) - empty);
  copilot_cancel_token_free(token);
  return 0;
}
