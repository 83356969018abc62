
/** Version of this header. */
#define COPILOT_VERSION_MAJOR @MAJOR@
#define COPILOT_VERSION_MINOR @MINOR@
#define COPILOT_VERSION_PATCH @PATCH@
#define COPILOT_VERSION "@VERSION@"
#define COPILOT_VERSION_NUMBER \
  (COPILOT_VERSION_MAJOR * 1000000 + COPILOT_VERSION_MINOR * 1000 + COPILOT_VERSION_PATCH)
/** What copilot_abi_version() must return for a program built with this header. */
#define COPILOT_ABI_VERSION 0

/** Marks what a later version will leave out; define COPILOT_NO_DEPRECATED_WARNINGS to hear nothing of it. */
#ifndef COPILOT_DEPRECATED
#  if defined(COPILOT_NO_DEPRECATED_WARNINGS)
#    define COPILOT_DEPRECATED(instead)
#  elif defined(__GNUC__)
#    define COPILOT_DEPRECATED(instead) __attribute__((deprecated(instead)))
#  elif defined(_MSC_VER)
#    define COPILOT_DEPRECATED(instead) __declspec(deprecated(instead))
#  else
#    define COPILOT_DEPRECATED(instead)
#  endif
#endif

/** Length of a copilot_str that ends at its first NUL. */
#define COPILOT_NUL SIZE_MAX

/** No text, as the initialiser of a copilot_str. */
#define COPILOT_STR_INIT { NULL, 0 }
#define COPILOT_CLIENT_OPTIONS_INIT                                                                       \
  { sizeof(copilot_client_options), COPILOT_DRIVE_THREAD, COPILOT_CONNECTION_DEFAULT, COPILOT_STR_INIT,   \
    NULL, 0, COPILOT_STR_INIT, COPILOT_STR_INIT, 0, 0, COPILOT_STR_INIT, COPILOT_STR_INIT,                \
    COPILOT_STR_INIT, COPILOT_STR_INIT, COPILOT_STR_INIT, NULL, NULL, NULL, NULL, NULL, NULL }
#define COPILOT_TOOL_INIT                                                                                 \
  { sizeof(copilot_tool), COPILOT_STR_INIT, COPILOT_STR_INIT, COPILOT_STR_INIT, COPILOT_STR_INIT, NULL,   \
    NULL, NULL }
#define COPILOT_WAIT_INIT { sizeof(copilot_wait), 0, NULL }
#define COPILOT_COUNTERS_INIT { sizeof(copilot_counters), 0, 0, 0, 0 }
/* Initialises a copilot_event_header. */
#define COPILOT_EVENT_HEADER_INIT { sizeof(copilot_event_header), {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0 }
#define COPILOT_EVENT_FIELDS_INIT                                                                         \
  { sizeof(copilot_event_fields), COPILOT_STR_INIT, COPILOT_STR_INIT, COPILOT_STR_INIT, COPILOT_STR_INIT,  \
    COPILOT_STR_INIT, COPILOT_STR_INIT, COPILOT_STR_INIT, COPILOT_STR_INIT, COPILOT_STR_INIT, -1, -1, -1 }
