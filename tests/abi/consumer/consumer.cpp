// Built with the installed header and library only.
#include <copilot.hpp>
#include <cstdio>

int main() {
  copilot::ClientOptions options;
  options.path = "/no/such/runtime";
  auto client = copilot::Client::try_new(options);
  auto code = client ? client->try_start().error().code() : client.error().code();
  std::printf("libcopilot %s: code %u\n", copilot_version(), static_cast<unsigned>(code));
  return code == COPILOT_ERROR_RUNTIME_NOT_FOUND ? 0 : 1;
}
