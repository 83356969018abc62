#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

size_t caught(uint32_t number);

int main(void) {
  /* "number 12", and nothing to catch. */
  if (caught(12) != 9 || caught(0) != 0) return 1;
  puts("unwinding: ok");
  return 0;
}
