// A client of the fake runtime for the C++ tests.
#ifndef COPILOT_TEST_FAKE_HPP
#define COPILOT_TEST_FAKE_HPP

#include <string>

#include "check.h"
#include "copilot.hpp"

inline copilot::ClientOptions fake(std::string script = "", copilot_drive drive = COPILOT_DRIVE_THREAD) {
  copilot::ClientOptions options;
  options.path = environment("COPILOT_FAKE_RUNTIME");
  options.drive = drive;
  if (!script.empty()) options.args = {"--script-json", script};
  return options;
}

#endif
