/* Built with the installed header and library only. */
#include <copilot.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_client *client = NULL;
  copilot_error *error;
  options.path = copilot_s("/no/such/runtime");
  error = copilot_client_new(&options, &client);
  if (error == NULL) {
    error = copilot_client_start(client, NULL, NULL);
  }
  printf("libcopilot %s: %s\n", copilot_version(), copilot_error_message(error));
  if (copilot_error_code(error) != COPILOT_ERROR_RUNTIME_NOT_FOUND || copilot_abi_version() != COPILOT_ABI_VERSION ||
      strcmp(copilot_version(), COPILOT_VERSION) != 0) {
    return 1;
  }
  copilot_error_free(error);
  copilot_client_free(client);
  return 0;
}
