/* The header alone: included twice, in every dialect it promises, with every warning an error. */
#include "copilot.h"
#include "copilot.h"

int copilot_header_compiles(void);

int copilot_header_compiles(void) {
  copilot_client_options options = COPILOT_CLIENT_OPTIONS_INIT;
  copilot_tool tool = COPILOT_TOOL_INIT;
  copilot_wait wait = COPILOT_WAIT_INIT;
  copilot_counters counters = COPILOT_COUNTERS_INIT;
  copilot_event_header header = COPILOT_EVENT_HEADER_INIT;
  copilot_event_fields fields = COPILOT_EVENT_FIELDS_INIT;
  return (int)(options.size + tool.size + wait.size + counters.size + header.size + fields.size) + COPILOT_VERSION_NUMBER;
}
