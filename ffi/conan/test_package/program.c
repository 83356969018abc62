#include <copilot.h>
#include <stdio.h>

int main(void) {
  printf("libcopilot %s\n", copilot_version());
  return copilot_abi_version() == COPILOT_ABI_VERSION ? 0 : 1;
}
