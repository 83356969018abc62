/* The library as a state machine: threads call any function with any handle, in any order, by a seed. Nothing may crash, hang,
 * leak, or leave a process behind; what is refused is refused with a text. Arguments: first seed, how many, steps of each. With
 * MACHINE_BYTES it is a library instead, whose one thread does what bytes say (fuzz/targets/abi.rs). */
#include <pthread.h>
#include <unistd.h>

static void keep(int kind, void *handle);
#define KEEP(kind, handle) keep(kind, handle)
#define CHECK_DESTROYED(count) ((void)(count)) /* other threads count too */
#include "misuse.h"

enum { THREADS = 4, SLOTS = 96, STEPS = 400 };

/* What was made, also when it was freed since. */
static struct {
  int kind;
  void *handle;
} slots[SLOTS];
static int used;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, making = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local uint64_t dice;

/* What the bytes of a fuzzer say, two for each; then 0. */
static const uint8_t *bytes, *bytes_end;

/* xorshift64* */
static uint64_t roll(uint64_t sides) {
  if (bytes != NULL) {
    uint64_t value = 0;
    int n;
    for (n = 0; n < 2 && bytes < bytes_end; n++) value = value << 8 | *bytes++;
    return sides == UINT64_MAX ? value << 20 | value : value % sides;
  }
  dice ^= dice >> 12, dice ^= dice << 25, dice ^= dice >> 27;
  return (dice * 2685821657736338717u >> 16) % sides;
}

static void free_any(int kind, void *handle) {
  void *handles[KINDS] = {0};
  handles[kind] = handle;
  copilot_code code = free_one(handles, kind);
  CHECK(code == COPILOT_OK || code == COPILOT_ERROR_BAD_HANDLE);
}

static void keep(int kind, void *handle) {
  void *old = NULL;
  int old_kind = 0, at;
  if (handle == NULL) return; /* a result that is none */
  pthread_mutex_lock(&mutex);
  at = used < SLOTS ? used++ : (int)roll(SLOTS);
  old = slots[at].handle, old_kind = slots[at].kind;
  slots[at].handle = handle, slots[at].kind = kind;
  pthread_mutex_unlock(&mutex);
  if (old != NULL) free_any(old_kind, old);
}

/* A handle for a function that wants this kind: most often the right one, freed or not. */
static void *choose(int kind) {
  void *found = NULL;
  uint64_t luck = roll(16);
  int start, n;
  if (luck == 0) return NULL;
  if (luck == 1) return (void *)(uintptr_t)(roll(UINT64_MAX) | 1);
  pthread_mutex_lock(&mutex);
  start = used > 0 ? (int)roll((uint64_t)used) : 0;
  for (n = 0; n < used && found == NULL; n++)
    if (luck < 4 || slots[(start + n) % used].kind == kind) found = slots[(start + n) % used].handle;
  pthread_mutex_unlock(&mutex);
  return found;
}

/* One of each kind. The tool's callback leaves its call in one variable: one thread makes at a time. */
static void make_all(void) {
  void *handles[KINDS];
  int kind;
  pthread_mutex_lock(&making);
  make(handles, (uint32_t)roll(2));
  pthread_mutex_unlock(&making);
  for (kind = 0; kind < KINDS; kind++) keep(kind, handles[kind]);
}

#ifdef MACHINE_BYTES
void machine_run(const uint8_t *start, size_t len);
void machine_run(const uint8_t *start, size_t len) {
  int n;
  if (len == 0) return;
  bytes = start, bytes_end = start + (len < MACHINE_BYTES ? len : MACHINE_BYTES);
  used = 0;
  memset(slots, 0, sizeof slots);
  make_all();
  while (bytes < bytes_end) {
    const struct function *function = &functions[roll(FUNCTIONS)];
    if (roll(100) == 99) make_all();
    function->call(choose(function->kind));
  }
  for (n = 0; n < used; n++) free_any(slots[n].kind, slots[n].handle);
}
#else
static int steps = STEPS;

static void *work(void *seed) {
  int step;
  dice = *(uint64_t *)seed | 1;
  for (step = 0; step < steps; step++) {
    const struct function *function = &functions[roll(FUNCTIONS)];
    if (roll(100) == 0) make_all();
    function->call(choose(function->kind));
  }
  return NULL;
}

static void live(uint64_t seed) {
  pthread_t threads[THREADS];
  uint64_t seeds[THREADS];
  int n;
  fprintf(stderr, "machine: seed %llu\r", (unsigned long long)seed);
  used = 0;
  memset(slots, 0, sizeof slots);
  dice = seed * 0x9E3779B97F4A7C15u | 1;
  make_all();
  for (n = 0; n < THREADS; n++) {
    seeds[n] = roll(UINT64_MAX);
    CHECK(pthread_create(&threads[n], NULL, work, &seeds[n]) == 0);
  }
  for (n = 0; n < THREADS; n++) CHECK(pthread_join(threads[n], NULL) == 0);
  for (n = 0; n < used; n++) free_any(slots[n].kind, slots[n].handle);
}

int main(int argc, char **argv) {
  uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, count = argc > 2 ? strtoull(argv[2], NULL, 10) : 3, n;
  if (argc > 3) steps = atoi(argv[3]);
  for (n = 0; n < count; n++) live(first + n);
  printf("machine: %llu seeds, %d functions: ok\n", (unsigned long long)count, (int)FUNCTIONS);
  return 0;
}
#endif
