/* Where the members of every public struct are, on machines with pointers of 64 bits. A line may be added at the end of a struct;
 * one that is changed breaks programs that are built already. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "copilot.h"

#define SIZE(type, bytes, alignment)                                                                          \
  static_assert(sizeof(type) == (bytes) && _Alignof(type) == (alignment), "size of " #type)
#define AT(type, member, offset) static_assert(offsetof(type, member) == (offset), #type "." #member)

#if UINTPTR_MAX == UINT64_MAX
SIZE(copilot_str, 16, 8);
AT(copilot_str, data, 0);
AT(copilot_str, len, 8);
SIZE(copilot_call_info, 56, 8);
AT(copilot_call_info, size, 0);
AT(copilot_call_info, kind, 8);
AT(copilot_call_info, session, 16);
AT(copilot_call_info, name, 24);
AT(copilot_call_info, args, 40);
SIZE(copilot_client_options, 216, 8);
AT(copilot_client_options, size, 0);
AT(copilot_client_options, drive, 8);
AT(copilot_client_options, connection, 12);
AT(copilot_client_options, path, 16);
AT(copilot_client_options, args, 32);
AT(copilot_client_options, args_len, 40);
AT(copilot_client_options, url, 48);
AT(copilot_client_options, connection_token, 64);
AT(copilot_client_options, port, 80);
AT(copilot_client_options, use_logged_in_user, 84);
AT(copilot_client_options, working_directory, 88);
AT(copilot_client_options, base_directory, 104);
AT(copilot_client_options, log_level, 120);
AT(copilot_client_options, github_token, 136);
AT(copilot_client_options, json, 152);
AT(copilot_client_options, on_call, 168);
AT(copilot_client_options, on_lifecycle, 176);
AT(copilot_client_options, on_notification, 184);
AT(copilot_client_options, on_closed, 192);
AT(copilot_client_options, user_data, 200);
AT(copilot_client_options, destroy, 208);
SIZE(copilot_counters, 40, 8);
AT(copilot_counters, size, 0);
AT(copilot_counters, received, 8);
AT(copilot_counters, delivered, 16);
AT(copilot_counters, queued_events, 24);
AT(copilot_counters, queued_bytes, 32);
SIZE(copilot_wait, 24, 8);
AT(copilot_wait, size, 0);
AT(copilot_wait, timeout_ms, 8);
AT(copilot_wait, cancel_token, 16);
SIZE(copilot_tool, 96, 8);
AT(copilot_tool, size, 0);
AT(copilot_tool, name, 8);
AT(copilot_tool, description, 24);
AT(copilot_tool, parameters, 40);
AT(copilot_tool, json, 56);
AT(copilot_tool, call, 72);
AT(copilot_tool, user_data, 80);
AT(copilot_tool, destroy, 88);
SIZE(copilot_event, 40, 8);
AT(copilot_event, size, 0);
AT(copilot_event, type_name, 8);
AT(copilot_event, json, 24);
SIZE(copilot_event_fields, 176, 8);
AT(copilot_event_fields, size, 0);
AT(copilot_event_fields, delta, 8);
AT(copilot_event_fields, content, 24);
AT(copilot_event_fields, tool_name, 40);
AT(copilot_event_fields, tool_call_id, 56);
AT(copilot_event_fields, arguments, 72);
AT(copilot_event_fields, request_id, 88);
AT(copilot_event_fields, model, 104);
AT(copilot_event_fields, error_code, 120);
AT(copilot_event_fields, message, 136);
AT(copilot_event_fields, success, 152);
AT(copilot_event_fields, input_tokens, 160);
AT(copilot_event_fields, output_tokens, 168);
SIZE(copilot_event_header, 80, 8);
AT(copilot_event_header, size, 0);
AT(copilot_event_header, id, 8);
AT(copilot_event_header, timestamp, 24);
AT(copilot_event_header, parent_id, 40);
AT(copilot_event_header, agent_id, 56);
AT(copilot_event_header, ephemeral, 72);
#endif

int main(void) {
  puts("layout: ok");
  return 0;
}
