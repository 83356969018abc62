/* Two static libraries in Rust in one program: each does its work, and errors of one do not disturb the other. */
#include "check.h"

unsigned long long other_sum(unsigned n);

int main(void) {
  copilot_client *client = fake_client(NULL, COPILOT_DRIVE_THREAD);
  CHECK(other_sum(11) == 13);
  OK(copilot_client_start(client, NULL, NULL));
  CHECK(other_sum(100) == 192);
  OK(copilot_client_stop(client, NULL));
  CHECK(copilot_client_free(client) == COPILOT_OK);
  puts("two_rusts: ok");
  return 0;
}
