#ifndef COPILOT_H
#define COPILOT_H

/*
 * copilot.h - program the GitHub Copilot agent runtime from C. docs/c-abi.md explains by example; this page is the
 * contract that holds for every function below.
 *
 * Handles    copilot_client*, copilot_session* and the like are not addresses. Each call looks the handle up: one that
 *            is NULL, freed or of another kind gives COPILOT_ERROR_BAD_HANDLE and nothing else happens. Functions that
 *            return a plain value then return what their text says.
 * Errors     Functions that can fail return a copilot_error*, owned by the caller; NULL is success. There is no hidden
 *            "last error". Outputs come last and are written only on success.
 * Ownership  What a function writes to an output place is the caller's, to be freed by the ..._free function of its
 *            type. Never use free(). Freeing NULL does nothing; freeing twice returns COPILOT_ERROR_BAD_HANDLE.
 *            Arguments are borrowed during the call.
 * Text       goes in as copilot_str, UTF-8, and is checked: COPILOT_ERROR_BAD_TEXT. It comes out as copilot_string*.
 * Structs    that start with `size` must be initialised by their ..._INIT macro; they may grow in later versions.
 * Callbacks  come with `user_data` and `destroy`, which is called exactly once, after the last call of the callback,
 *            also when the registration fails. Callbacks of a client run one at a time and in order: on its callback
 *            thread (COPILOT_DRIVE_THREAD), or where copilot_client_poll or a blocking call runs them
 *            (COPILOT_DRIVE_POLL). A callback may call every function of the library, but a blocking call of its own
 *            client gives COPILOT_ERROR_WOULD_DEADLOCK there. C++ exceptions must not leave a callback.
 * Threads    Every function may be called from any thread at any time.
 * Fork       A child process may not use inherited clients: COPILOT_ERROR_FORKED. It may free them and make new ones.
 */


/* Generated from the crate `ffi` by `make header`. Do not edit. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Version of this header. */
#define COPILOT_VERSION_MAJOR 0
#define COPILOT_VERSION_MINOR 1
#define COPILOT_VERSION_PATCH 0
#define COPILOT_VERSION "0.1.0"
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


/**
 * What went wrong. The numbers are stable and the same in every language; new ones may be added.
 */
enum copilot_code
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Nothing went wrong.
   */
  COPILOT_OK = 0,
  /**
   * An argument has a value that is not allowed.
   */
  COPILOT_ERROR_INVALID_ARGUMENT = 1,
  /**
   * An argument has the wrong type, for example JSON that should be an object.
   */
  COPILOT_ERROR_INVALID_TYPE = 2,
  /**
   * The call does not fit the present state, for example on a client that is not started.
   */
  COPILOT_ERROR_INVALID_STATE = 3,
  /**
   * No runtime was found at the given path or by the usual search.
   */
  COPILOT_ERROR_RUNTIME_NOT_FOUND = 4,
  /**
   * The operating system refused to start the runtime.
   */
  COPILOT_ERROR_SPAWN_FAILED = 5,
  /**
   * The runtime did not become ready in time.
   */
  COPILOT_ERROR_START_TIMEOUT = 6,
  /**
   * A socket connection could not be made.
   */
  COPILOT_ERROR_CONNECT_FAILED = 7,
  /**
   * The runtime speaks a protocol version this library does not support.
   */
  COPILOT_ERROR_PROTOCOL_MISMATCH = 8,
  /**
   * The runtime answered with a JSON-RPC error; see `copilot_error_rpc_code`.
   */
  COPILOT_ERROR_RPC = 9,
  /**
   * The runtime process or its connection ended while a call needed it.
   */
  COPILOT_ERROR_PROCESS_EXITED = 10,
  /**
   * A time limit given by the caller passed.
   */
  COPILOT_ERROR_TIMEOUT = 11,
  /**
   * The caller cancelled the call.
   */
  COPILOT_ERROR_CANCELLED = 12,
  /**
   * The peer sent bytes that are not the protocol.
   */
  COPILOT_ERROR_PROTOCOL = 13,
  /**
   * The session reported an error while a turn was awaited.
   */
  COPILOT_ERROR_SESSION_ERROR = 14,
  /**
   * The session was disconnected, or its client stopped or freed.
   */
  COPILOT_ERROR_SESSION_CLOSED = 15,
  /**
   * A callback of the user failed.
   */
  COPILOT_ERROR_HANDLER_FAILED = 16,
  /**
   * A defect inside the library.
   */
  COPILOT_ERROR_INTERNAL = 17,
  /**
   * The client was made before fork() in another process.
   */
  COPILOT_ERROR_FORKED = 18,
  /**
   * Stopping went through, but some steps failed; the data lists them.
   */
  COPILOT_ERROR_STOP_FAILED = 19,
  /**
   * A handle is NULL, was freed already or belongs to something else.
   */
  COPILOT_ERROR_BAD_HANDLE = 20,
  /**
   * Text is not valid UTF-8.
   */
  COPILOT_ERROR_BAD_TEXT = 21,
  /**
   * A blocking call was made from a callback that the call would have to wait for.
   */
  COPILOT_ERROR_WOULD_DEADLOCK = 22,
  /**
   * The option or method is not available on this connection or platform.
   */
  COPILOT_ERROR_UNSUPPORTED = 23,
  /**
   * The agent's answer does not follow the JSON Schema it was asked for.
   */
  COPILOT_ERROR_SCHEMA_MISMATCH = 24,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum copilot_code copilot_code;
#else
typedef uint32_t copilot_code;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * State of a client's connection.
 */
enum copilot_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Not started, or stopped.
   */
  COPILOT_STATE_DISCONNECTED = 0,
  /**
   * A start is under way.
   */
  COPILOT_STATE_CONNECTING = 1,
  /**
   * Ready for calls.
   */
  COPILOT_STATE_CONNECTED = 2,
  /**
   * The start failed or the connection was lost.
   */
  COPILOT_STATE_ERROR = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum copilot_state copilot_state;
#else
typedef uint32_t copilot_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is asked. More kinds may be added.
 */
enum copilot_call_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * A tool of the user is called by the model. Named by tool. Since runtime 1.0.67.
   * Arguments: `{requestId, toolCallId, toolName, arguments, traceparent?, tracestate?, agentId?}`.
   * Answer: a text, or `{textResultForLlm, resultType?, …}`; `null` means no result; an error sends only its text.
   */
  COPILOT_CALL_TOOL = 1,
  /**
   * May the agent do this? Since runtime 1.0.67.
   * Arguments: `{requestId, permissionRequest, promptRequest?}`; `managedSettingsEnabled: true` in a session with
   * managed settings, where a handler that approves everything must refuse; `needsHuman: true` when managed policy
   * reserves the request for a person, where it must answer `no-result`.
   * Answer: a decision `{"kind": …}`, `{"kind":"no-result"}` to abstain; `{"decision":{…},"decisionContext":{…}}`
   * to attribute; an error becomes `user-not-available`.
   */
  COPILOT_CALL_PERMISSION = 2,
  /**
   * A question for the person in front of the program. Since runtime 1.0.67.
   * Arguments: `{question, choices, allowFreeform}`.
   * Answer: `{answer, wasFreeform}`.
   */
  COPILOT_CALL_USER_INPUT = 3,
  /**
   * The agent wants to leave plan mode. Since runtime 1.0.67.
   * Arguments: `{summary, actions, recommendedAction, planContent?}`.
   * Answer: `{approved, selectedAction?, feedback?}`.
   */
  COPILOT_CALL_EXIT_PLAN_MODE = 4,
  /**
   * The runtime proposes to switch to automatic model choice. Since runtime 1.0.67.
   * Arguments: `{errorCode?, retryAfterSeconds?}`.
   * Answer: `"yes"`, `"yes_always"`, `"no"`.
   */
  COPILOT_CALL_AUTO_MODE_SWITCH = 5,
  /**
   * A hook of the user runs. Named by hook type. Since runtime 1.0.67.
   * Arguments: `{hookType, input}` (input normalised).
   * Answer: the output, any JSON; `null`: no change.
   */
  COPILOT_CALL_HOOK = 6,
  /**
   * A section of the system message is to be rewritten. Named by section. Since runtime 1.0.67.
   * Arguments: `{sectionId, content}`.
   * Answer: a text.
   */
  COPILOT_CALL_SYSTEM_MESSAGE_TRANSFORM = 7,
  /**
   * A form is to be filled in. Since runtime 1.0.67.
   * Arguments: `{message, requestedSchema?, mode?, elicitationSource?, url?, requestId}`.
   * Answer: `{action, content?}`.
   */
  COPILOT_CALL_ELICITATION = 8,
  /**
   * An MCP server needs a token. Since runtime 1.0.67.
   * Arguments: `{requestId, serverName, serverUrl, reason, …}`.
   * Answer: `{kind?, accessToken?, …}` or `null`.
   */
  COPILOT_CALL_MCP_AUTH = 9,
  /**
   * A slash command of the user runs. Named by command. Since runtime 1.0.67.
   * Arguments: `{command, commandName, args, requestId}`.
   * Answer: ignored.
   */
  COPILOT_CALL_COMMAND = 10,
  /**
   * A model provider needs a bearer token. Named by provider. Since runtime 1.0.67.
   * Arguments: `{providerName}`.
   * Answer: the token, a text.
   */
  COPILOT_CALL_PROVIDER_TOKEN = 11,
  /**
   * A canvas is opened, closed or acted upon. Since runtime 1.0.67.
   * Arguments: `{method: "open"|"close"|"action.invoke", sessionId, …params}`.
   * Answer: any JSON; an error whose `data` is `{"code": …}` keeps its code.
   */
  COPILOT_CALL_CANVAS = 12,
  /**
   * A file operation of the session's file system. Since runtime 1.0.67.
   * Arguments: `{method: "readFile", …params}`, `recursive` and `force` always there.
   * Answer: the plain value: a text, a bool, a list, a stat object, a query result; ignored for writes. In an
   * error's `data`: `{"code":"ENOENT"}` no such file, `{"code":"UNSUPPORTED"}` no such operation, `{"errorClass":
   * …}` how a transaction failed.
   */
  COPILOT_CALL_SESSION_FS = 13,
  /**
   * A request to a model provider is to be served. Client-wide. Since runtime 1.0.67.
   * Arguments: `{requestId, sessionId?, method, url, headers, forwardHeaders, transport, bodyBase64?, …}`;
   * `forwardHeaders` are those that may be passed on, `bodyBase64` is the whole body (`http` only).
   * Answer: any, once `llm.start`, `llm.write` and `llm.end` have completed; without an end, or with an error, the
   * request fails (502 when there was no head). `CallCancelled`: the runtime no longer wants it.
   */
  COPILOT_CALL_LLM_REQUEST = 14,
  /**
   * The list of models is asked for; the runtime's own is not. Client-wide. Since runtime 1.0.67.
   * Arguments: `{}`.
   * Answer: `[…]` models.
   */
  COPILOT_CALL_LIST_MODELS = 15,
  /**
   * The skills of the user are listed, or one of them is read. Since runtime 1.0.85.
   * Arguments: `{method: "list"}`, `{method: "read", name}`.
   * Answer: a list of `{name, description, …}` or `null`; the Markdown of the skill or `null`.
   */
  COPILOT_CALL_SKILL_PROVIDER = 16,
  /**
   * The session needs a GitHub token. Since runtime 1.0.85.
   * Arguments: `{host, sessionId?, reason}`.
   * Answer: `{kind: "token", accessToken, expiresIn, tokenType?}` with positive seconds, or `{kind: "cancelled"}`.
   */
  COPILOT_CALL_GITHUB_TOKEN = 17,
  /**
   * Which program runs an extension? Client-wide. Since runtime 1.0.85.
   * Arguments: `{id, name, modulePath, source}`.
   * Answer: `{executable, args, env}`, or `null`: the runtime chooses. It waits 15 s.
   */
  COPILOT_CALL_EXTENSION_LAUNCH = 18,
  /**
   * The body of a factory is to be run; runtimes from 1.0.89-7 on ask by workflow.execute. Named by factory. Since
   * runtime 1.0.85.
   * Arguments: `{name, family, runId, executionToken, args}`, where family is `factory` or `workflow`: the
   * attempt's own calls are those of `session.factory.*` or `session.workflow.*`; cancelled when the runtime
   * aborts the run.
   * Answer: `{result?}`.
   */
  COPILOT_CALL_FACTORY = 19,
  /**
   * May something be installed? Client-wide. Since runtime newer.
   * Arguments: `{confirmationId, operationId, expiresAt, review: {resource, review}, reviewFingerprint,
   * policySessionId?}`; cancelled when the runtime takes the question back.
   * Answer: `"confirm"`, `"decline"` or `"cancel"`; anything else is an error, and nothing is installed.
   */
  COPILOT_CALL_INSTALLATION_CONFIRMATION = 20,
  /**
   * The runtime's library, in this process, wants something done on the application's main thread. Client-wide.
   * Since runtime 1.0.102.
   * Arguments: `{actionId}`, to be run there with `run_ui_action`.
   * Answer: ignored.
   */
  COPILOT_CALL_UI_THREAD = 21,
  /**
   * A host that `startAhpHost` started is asked for a session or about a token, or is told what happened. Named by
   * request. Client-wide. Since runtime 1.0.102.
   * Arguments: by name, all with `hostId`: `materializeSession` `{handoffId, config, resume, authentication}`,
   * `validateAuthentication` `{requestId, token}`, `sessionReleased` `{handoffId, sessionId}`, `exited` `{reason,
   * error?, exitCode?}`.
   * Answer: `materializeSession`: `{sessionId}`, the one in `config`, open on this client;
   * `validateAuthentication`: `{identity, expiresAt}` or `null`; ignored for the others.
   */
  COPILOT_CALL_AHP_HOST = 22,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum copilot_call_kind copilot_call_kind;
#else
typedef uint32_t copilot_call_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where callbacks run. Events, completions and questions come one at a time and in order in every mode.
 */
enum copilot_drive
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * On a thread of the library that belongs to this client and does nothing else.
   */
  COPILOT_DRIVE_THREAD = 0,
  /**
   * On the thread that calls `copilot_client_poll`, or waits in a blocking call.
   */
  COPILOT_DRIVE_POLL = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum copilot_drive copilot_drive;
#else
typedef uint32_t copilot_drive;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How the runtime is reached.
 */
enum copilot_connection
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * As the JSON options or the environment say, else a child process over its standard input and output.
   */
  COPILOT_CONNECTION_DEFAULT = 0,
  /**
   * A child process over its standard input and output.
   */
  COPILOT_CONNECTION_STDIO = 1,
  /**
   * A child process over a TCP port it announces (or `port`).
   */
  COPILOT_CONNECTION_TCP = 2,
  /**
   * A runtime that runs already, at `url`.
   */
  COPILOT_CONNECTION_URI = 3,
  /**
   * The runtime as a library in this process.
   */
  COPILOT_CONNECTION_INPROCESS = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum copilot_connection copilot_connection;
#else
typedef uint32_t copilot_connection;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much is logged: all of the level that is named, and what is more important.
 */
enum copilot_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Nothing, as before the first call.
   */
  COPILOT_LOG_OFF = 0,
  /**
   * What failed and nobody else is told of.
   */
  COPILOT_LOG_ERROR = 1,
  /**
   * Handlers that failed, runtimes that died.
   */
  COPILOT_LOG_WARN = 2,
  /**
   * Starts, stops, sessions.
   */
  COPILOT_LOG_INFO = 3,
  /**
   * Requests and handlers, with their times.
   */
  COPILOT_LOG_DEBUG = 4,
  /**
   * Messages, without their content.
   */
  COPILOT_LOG_TRACE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum copilot_log_level copilot_log_level;
#else
typedef uint32_t copilot_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A question that waits for an answer. Answering frees it: `copilot_call_reply`, `…_reply_text`, `…_fail`,
 * `…_fail_with`. Freeing it unanswered with `copilot_call_free` answers with an error.
 */
typedef struct copilot_call copilot_call;

/**
 * Ends blocking calls from another thread. Free it with `copilot_cancel_token_free`.
 */
typedef struct copilot_cancel_token copilot_cancel_token;

/**
 * A connection to one runtime. Free it with `copilot_client_free`. All functions may be called from any thread.
 */
typedef struct copilot_client copilot_client;

/**
 * An error owned by the caller. Free it with `copilot_error_free`. NULL means success.
 */
typedef struct copilot_error copilot_error;

/**
 * A running asynchronous operation. Free it with `copilot_op_free`, before or after its end; that does not cancel it.
 */
typedef struct copilot_op copilot_op;

/**
 * A conversation with the agent. Free it with `copilot_session_free`. All functions may be called from any thread.
 */
typedef struct copilot_session copilot_session;

/**
 * What a session is made from. May be used for several sessions, and be freed at any time after: sessions keep the
 * callbacks alive. Free it with `copilot_session_config_free`.
 */
typedef struct copilot_session_config copilot_session_config;

/**
 * Text owned by the caller. Free it with `copilot_string_free`, never with `free`.
 */
typedef struct copilot_string copilot_string;

/**
 * A borrowed piece of UTF-8 text: a pointer and a length in bytes. It may contain NUL characters. A length of
 * `COPILOT_NUL` says that the text ends at its first NUL, as C strings do; `copilot_s("…")` makes such a view.
 * NULL data means that the text is absent. The library copies what it keeps.
 */
typedef struct {
  /**
   * First byte, or NULL for no text.
   */
  const char *data;
  /**
   * Number of bytes, or `COPILOT_NUL`.
   */
  size_t len;
} copilot_str;

/**
 * Tells that the answer to a call is no longer wanted. Runs at most once, where callbacks run.
 */
typedef void (*copilot_cancel_fn)(void *user_data);

/**
 * Frees a `user_data`. Runs exactly once per registration, after the last call of the callback it was given with, also
 * when the registration failed. May be NULL. It may run on any thread that calls the library, or on the callback thread.
 */
typedef void (*copilot_destroy_fn)(void *user_data);

/**
 * What a question is about. Borrowed: valid only during the callback; copy what is needed later.
 */
typedef struct {
  /**
   * `sizeof(copilot_call_info)` of the library.
   */
  size_t size;
  /**
   * A `copilot_call_kind`.
   */
  uint32_t kind;
  /**
   * The session that asks, borrowed; NULL for client-wide questions.
   */
  copilot_session *session;
  /**
   * The name of the tool, hook, section, command or provider; empty for other kinds.
   */
  copilot_str name;
  /**
   * The arguments as JSON text. `docs/host.md` lists them by kind.
   */
  copilot_str args;
} copilot_call_info;

/**
 * Answers a question. The callback owns `call` and must answer or free it, at once or later, from any thread.
 * `info` is borrowed for the duration of the callback. Runs where callbacks run, so it should return soon.
 */
typedef void (*copilot_call_fn)(void *user_data, copilot_call *call, const copilot_call_info *info);

/**
 * Receives notifications: `name` is a method name, `json` its parameters. Both are borrowed. Runs where callbacks run.
 */
typedef void (*copilot_notification_fn)(void *user_data, copilot_str name, copilot_str json);

/**
 * Tells that the connection was lost without being asked to. The callback owns `error`. Runs where callbacks run.
 */
typedef void (*copilot_closed_fn)(void *user_data, copilot_error *error);

/**
 * Options of a client. Initialise with `COPILOT_CLIENT_OPTIONS_INIT`; zero is the default of every field. All text
 * is copied.
 */
typedef struct {
  /**
   * `sizeof(copilot_client_options)`.
   */
  size_t size;
  /**
   * A `copilot_drive`.
   */
  uint32_t drive;
  /**
   * A `copilot_connection`.
   */
  uint32_t connection;
  /**
   * Path of the runtime; absent: `COPILOT_CLI_PATH`, then the usual search.
   */
  copilot_str path;
  /**
   * Additional arguments of the runtime, `args_len` of them.
   */
  const copilot_str *args;
  /**
   * Number of `args`.
   */
  size_t args_len;
  /**
   * Address of a running runtime, for `COPILOT_CONNECTION_URI`.
   */
  copilot_str url;
  /**
   * Shared secret of a TCP runtime.
   */
  copilot_str connection_token;
  /**
   * Port of a TCP runtime; 0 lets it choose.
   */
  uint32_t port;
  /**
   * 1: use the GitHub login stored on this machine, 2: do not; 0: the default.
   */
  uint32_t use_logged_in_user;
  /**
   * Working directory of the runtime.
   */
  copilot_str working_directory;
  /**
   * Directory for the runtime's state.
   */
  copilot_str base_directory;
  /**
   * "none", "error", "warning", "info", "debug" or "all".
   */
  copilot_str log_level;
  /**
   * Token for GitHub.
   */
  copilot_str github_token;
  /**
   * Every other option as a JSON object, merged over the fields above. `docs/host.md` lists the keys.
   */
  copilot_str json;
  /**
   * Answers client-wide questions, and questions of sessions that have no handler of their own for them. The kinds
   * must be declared in the JSON options, for example `{"handlers":{"listModels":true}}`. May be NULL.
   */
  copilot_call_fn on_call;
  /**
   * Receives `session.lifecycle` notifications. May be NULL.
   */
  copilot_notification_fn on_lifecycle;
  /**
   * Receives every other notification. May be NULL.
   */
  copilot_notification_fn on_notification;
  /**
   * Called when the connection is lost. May be NULL.
   */
  copilot_closed_fn on_closed;
  /**
   * Passed to the four callbacks above.
   */
  void *user_data;
  /**
   * Frees `user_data`, exactly once, also when `copilot_client_new` fails. May be NULL.
   */
  copilot_destroy_fn destroy;
} copilot_client_options;

/**
 * How many events went in and out. Set `size` before the call, or initialise with `COPILOT_COUNTERS_INIT`.
 */
typedef struct {
  /**
   * `sizeof(copilot_counters)`.
   */
  size_t size;
  /**
   * Events that came from the runtime.
   */
  uint64_t received;
  /**
   * Events handed over to be passed to callbacks.
   */
  uint64_t delivered;
  /**
   * Events that wait.
   */
  uint64_t queued_events;
  /**
   * Bytes of the events that wait.
   */
  uint64_t queued_bytes;
} copilot_counters;

/**
 * How long a blocking call waits. NULL in place of a pointer to it waits without limit.
 * Initialise with `COPILOT_WAIT_INIT`.
 */
typedef struct {
  /**
   * `sizeof(copilot_wait)`.
   */
  size_t size;
  /**
   * Milliseconds until `COPILOT_ERROR_TIMEOUT`; 0 for no limit. The operation is then cancelled.
   */
  uint64_t timeout_ms;
  /**
   * Ends the wait from another thread; NULL for none. Borrowed during the call.
   */
  copilot_cancel_token *cancel_token;
} copilot_wait;

/**
 * Receives the result of an asynchronous operation, exactly once: `error` is NULL and `result` its JSON text, or
 * `error` is set and `result` NULL. The callback owns both and must free them. Runs where callbacks run.
 */
typedef void (*copilot_done_fn)(void *user_data, copilot_error *error, copilot_string *result);

/**
 * A tool that the model can call. Initialise with `COPILOT_TOOL_INIT`. All text is copied.
 */
typedef struct {
  /**
   * `sizeof(copilot_tool)`.
   */
  size_t size;
  /**
   * Unique name; required.
   */
  copilot_str name;
  /**
   * What it does, for the model.
   */
  copilot_str description;
  /**
   * JSON Schema of its arguments; absent for none.
   */
  copilot_str parameters;
  /**
   * More members of the tool as a JSON object, for example `{"skipPermission":true}`; absent for none.
   */
  copilot_str json;
  /**
   * Runs the tool. Asked with `{"toolCallId","toolName","arguments",…}`; answered with a text
   * (`copilot_call_reply_text`) or a result object. NULL only declares the tool: somebody else answers.
   */
  copilot_call_fn call;
  /**
   * Passed to `call`.
   */
  void *user_data;
  /**
   * Frees `user_data`, exactly once, also when the registration fails. May be NULL.
   */
  copilot_destroy_fn destroy;
} copilot_tool;

/**
 * An event of a session. Borrowed: valid only during the callback; copy what is needed later.
 */
typedef struct {
  /**
   * `sizeof(copilot_event)` of the library.
   */
  size_t size;
  /**
   * Type of the event, for example `assistant.message_delta`.
   */
  copilot_str type_name;
  /**
   * The whole event as JSON text: `{"id","timestamp","parentId","type","data",…}`.
   */
  copilot_str json;
} copilot_event;

/**
 * Receives events, one at a time and in order. `session` and `event` are borrowed; do not free them. Runs where
 * callbacks run: the next event waits until it returns.
 */
typedef void (*copilot_event_fn)(void *user_data, copilot_session *session, const copilot_event *event);

/**
 * Told once when a session has ended, behind its last event: it was left, deleted or resumed elsewhere, the client was stopped,
 * or the connection was lost. `error` says which, and is the callback's, to be freed with `copilot_error_free`; `session`
 * is borrowed. Runs where callbacks run.
 */
typedef void (*copilot_session_ended_fn)(void *user_data, copilot_session *session, copilot_error *error);

/**
 * The fields that programs read most, of whichever events have them. Initialise with `COPILOT_EVENT_FIELDS_INIT`. The texts
 * are as they are meant, without escapes, not terminated by a NUL, and valid until the thread reads the fields of the
 * next event or leaves the callback. A text that the event does not have is absent.
 */
typedef struct {
  /**
   * `sizeof(copilot_event_fields)` of the program.
   */
  size_t size;
  /**
   * What was added: `assistant.message_delta`, `assistant.reasoning_delta` and other events with `deltaContent`.
   */
  copilot_str delta;
  /**
   * The whole text: `assistant.message`, `assistant.reasoning`, `user.message`, `system.message`.
   */
  copilot_str content;
  /**
   * The tool, in events of tools, also those of the program, and of permissions.
   */
  copilot_str tool_name;
  /**
   * Which call of a tool.
   */
  copilot_str tool_call_id;
  /**
   * What the tool is called with, as JSON text.
   */
  copilot_str arguments;
  /**
   * Which question, in events of permissions, forms, and tools of the program.
   */
  copilot_str request_id;
  /**
   * The model of `assistant.usage` and `session.model_change`.
   */
  copilot_str model;
  /**
   * What kind of failure: `errorCode`, `errorType`, or `code` of `error`.
   */
  copilot_str error_code;
  /**
   * What to tell people: `message`, or that of `error`.
   */
  copilot_str message;
  /**
   * 1 or 0 as the event says whether something worked; -1 when it does not say.
   */
  int32_t success;
  /**
   * Tokens of `assistant.usage`; -1 when the event does not say.
   */
  int64_t input_tokens;
  /**
   * Tokens of `assistant.usage`; -1 when the event does not say.
   */
  int64_t output_tokens;
} copilot_event_fields;

/**
 * What every event has beside its data. Initialise with `COPILOT_EVENT_HEADER_INIT`. The texts are borrowed from the
 * event: valid only during the callback, not terminated by a NUL.
 */
typedef struct {
  /**
   * `sizeof(copilot_event_header)` of the program.
   */
  size_t size;
  /**
   * The event's id, a UUID.
   */
  copilot_str id;
  /**
   * When it happened, ISO-8601.
   */
  copilot_str timestamp;
  /**
   * The event before it; absent for the first one.
   */
  copilot_str parent_id;
  /**
   * The sub-agent it comes from; absent for the root agent.
   */
  copilot_str agent_id;
  /**
   * 1 when it is not kept in the session's history, else 0.
   */
  uint32_t ephemeral;
} copilot_event_header;

/**
 * Takes one line. `level` is one of `copilot_log_level`; `target` is where it comes from, such as `copilot_core::rpc`. Both
 * texts are valid during the call only, and hold no secrets that the library knows. Any thread of the library or of the
 * host, also several at a time; it must not call the library.
 */
typedef void (*copilot_log_fn)(void *user_data, uint32_t level, copilot_str target, copilot_str message);

/**
 * Receives a new session, exactly once: `error` is NULL and `session` set, or the other way round. The callback owns
 * both. Runs where callbacks run.
 */
typedef void (*copilot_session_done_fn)(void *user_data, copilot_error *error, copilot_session *session);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Answers a call with JSON text and frees it. With an error (bad handle, bad JSON) the call is not freed and can be
 * answered again; `COPILOT_ERROR_INVALID_STATE` and later codes mean that nobody waits any longer. Any thread.
 */
copilot_error *copilot_call_reply(copilot_call *call,
                                  copilot_str json);

/**
 * Answers a call with a plain text, which is encoded as a JSON string, and frees it. Otherwise as `copilot_call_reply`.
 */
copilot_error *copilot_call_reply_text(copilot_call *call,
                                       copilot_str text);

/**
 * Answers a call with an error that has a text, and frees it. Otherwise as `copilot_call_reply`.
 */
copilot_error *copilot_call_fail(copilot_call *call, copilot_str message);

/**
 * As `copilot_call_fail`, with a JSON-RPC error code (0 for none) and details as JSON text (absent for none).
 */
copilot_error *copilot_call_fail_with(copilot_call *call,
                                      copilot_str message,
                                      int64_t code,
                                      copilot_str data);

/**
 * Is the answer no longer wanted? Any thread. False for a handle that is NULL, freed or foreign.
 */
bool copilot_call_is_cancelled(const copilot_call *call);

/**
 * Asks to be told when the answer is no longer wanted. `on_cancel` runs at once if that is so already.
 *
 * @param destroy frees `user_data`, exactly once: after `on_cancel`, or when the call was answered, also when this function
 *   returns an error; may be NULL.
 */
copilot_error *copilot_call_on_cancel(copilot_call *call,
                                      copilot_cancel_fn on_cancel,
                                      void *user_data,
                                      copilot_destroy_fn destroy);

/**
 * Frees a call; one that was not answered is answered with an error. NULL is allowed and does nothing.
 */
copilot_code copilot_call_free(copilot_call *call);

/**
 * Makes a cancel token, to be passed in `copilot_wait`. Any number of calls may share it.
 *
 * @param[out] token the new token, which the caller frees with `copilot_cancel_token_free`.
 */
copilot_error *copilot_cancel_token_new(copilot_cancel_token **token);

/**
 * Cancels every call that waits with this token, and every later one. Those calls return `COPILOT_ERROR_CANCELLED`.
 * Any thread; a second call does nothing.
 */
copilot_error *copilot_cancel_token_cancel(copilot_cancel_token *token);

/**
 * Was the token cancelled? False for a handle that is NULL, freed or foreign.
 */
bool copilot_cancel_token_is_cancelled(const copilot_cancel_token *token);

/**
 * Frees a token; calls that wait with it go on. NULL is allowed and does nothing.
 */
copilot_code copilot_cancel_token_free(copilot_cancel_token *token);

/**
 * Makes a client. Starts nothing yet: the runtime is started by `copilot_client_start`, or with the first session.
 *
 * @param options NULL for the defaults. Its user data is destroyed also when this function fails.
 * @param[out] client the new client, which the caller frees with `copilot_client_free`; written only on success.
 */
copilot_error *copilot_client_new(const copilot_client_options *options,
                                  copilot_client **client);

/**
 * Frees a client. Sessions made by it keep it going: with the last of them (or at once, if there are none) the
 * runtime is killed, calls that are still running end with an error, and user data is destroyed. To end the runtime
 * politely call `copilot_client_stop` before.
 *
 * When the last handle is freed outside of a callback, no callback of the client runs after this function returns.
 * NULL is allowed and does nothing.
 */
copilot_code copilot_client_free(copilot_client *client);

/**
 * Runs callbacks that are due on the calling thread, in `COPILOT_DRIVE_POLL`. Waits for the first one up to
 * `timeout_ms` (0: not at all, negative: without limit); returns after what was queued then was run, or when
 * `copilot_client_interrupt` was called.
 *
 * @param[out] count how many deliveries were run; may be NULL.
 * @return `COPILOT_ERROR_INVALID_STATE` when the library has its own thread for callbacks,
 *   `COPILOT_ERROR_WOULD_DEADLOCK` from inside a callback of the same client.
 */
copilot_error *copilot_client_poll(copilot_client *client, int64_t timeout_ms, size_t *count);

/**
 * Makes a `copilot_client_poll` that waits return, or the next one not wait. Any thread.
 */
copilot_error *copilot_client_interrupt(copilot_client *client);

/**
 * A file descriptor that is readable while callbacks wait to be run by `copilot_client_poll`, for select, poll, epoll,
 * kqueue and the loops built on them. Do not read, write or close it; it is valid until the client ends.
 *
 * @return `COPILOT_ERROR_INVALID_STATE` when the library has its own thread for callbacks,
 *   `COPILOT_ERROR_UNSUPPORTED` on platforms without such descriptors.
 */
copilot_error *copilot_client_fd(copilot_client *client,
                                 int64_t *fd);

/**
 * Writes the state of the connection, a `copilot_state`.
 */
copilot_error *copilot_client_state(const copilot_client *client, copilot_state *state);

/**
 * Writes the TCP port of the runtime, 0 when it has none.
 */
copilot_error *copilot_client_runtime_port(const copilot_client *client, uint32_t *port);

/**
 * Runs an action of the runtime's library on the calling thread, which must be the application's main thread. To be called
 * once for each call of kind `COPILOT_CALL_UI_THREAD`, with its `actionId`, and before that call is answered. Blocks for as
 * long as the action takes.
 *
 * @return `COPILOT_ERROR_INVALID_STATE` when the action is over already, or this is not the thread that the library wants.
 */
copilot_error *copilot_client_run_ui_action(copilot_client *client,
                                            uint32_t action);

/**
 * Counts the events of all sessions of a client.
 */
copilot_error *copilot_client_counters(const copilot_client *client, copilot_counters *counters);

/**
 * Writes what can be seen of a client, at any time and from any thread, without waiting. It is the state, the phases of the
 * last start in milliseconds, and counters of what went over the wire since the client was made:
 * `{"state","runtimeVersion","protocolVersion","runtimePid","runtimePort","start":{"outcome","phase","timings"},`
 * `"openSessions","pendingCalls","counters":{…}}`. It holds no content and no secrets.
 *
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`.
 */
copilot_error *copilot_client_diagnostics(const copilot_client *client,
                                          copilot_string **result);

/**
 * Starts the runtime and agrees on a protocol version. A client that is started already is left as it is.
 *
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`:
 *   `{"version","protocolVersion","timings"}`; may be NULL.
 */
copilot_error *copilot_client_start(copilot_client *client,
                                    const copilot_wait *wait,
                                    copilot_string **result);

/**
 * As `copilot_client_start`, without waiting.
 *
 * @param done called exactly once, unless this function returns an error; it frees what it is given.
 * @param destroy frees `user_data`, also when this function returns an error; may be NULL.
 * @param[out] op for cancelling, which the caller frees with `copilot_op_free`; may be NULL.
 */
copilot_error *copilot_client_start_async(copilot_client *client,
                                          copilot_done_fn done,
                                          void *user_data,
                                          copilot_destroy_fn destroy,
                                          copilot_op **op);

/**
 * Ends all sessions and the runtime, politely first. The runtime is gone afterwards, also on
 * `COPILOT_ERROR_STOP_FAILED`, whose data lists what went wrong. The client can be started again.
 */
copilot_error *copilot_client_stop(copilot_client *client, const copilot_wait *wait);

/**
 * As `copilot_client_stop`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_stop_async(copilot_client *client,
                                         copilot_done_fn done,
                                         void *user_data,
                                         copilot_destroy_fn destroy,
                                         copilot_op **op);

/**
 * Kills the runtime without asking it.
 */
copilot_error *copilot_client_force_stop(copilot_client *client, const copilot_wait *wait);

/**
 * As `copilot_client_force_stop`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_force_stop_async(copilot_client *client,
                                               copilot_done_fn done,
                                               void *user_data,
                                               copilot_destroy_fn destroy,
                                               copilot_op **op);

/**
 * Calls any method of the runtime; `copilot_protocol.h` names them.
 *
 * @param params a JSON object; absent for none.
 * @param[out] result the runtime's result as JSON text, which the caller frees with `copilot_string_free`; may be NULL.
 */
copilot_error *copilot_client_invoke(copilot_client *client,
                                     copilot_str method,
                                     copilot_str params,
                                     const copilot_wait *wait,
                                     copilot_string **result);

/**
 * As `copilot_client_invoke`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_invoke_async(copilot_client *client,
                                           copilot_str method,
                                           copilot_str params,
                                           copilot_done_fn done,
                                           void *user_data,
                                           copilot_destroy_fn destroy,
                                           copilot_op **op);

/**
 * Sends a notification to the runtime. Does not wait; a client that is not connected sends nothing.
 */
copilot_error *copilot_client_notify(copilot_client *client, copilot_str method, copilot_str params);

/**
 * Makes a configuration.
 *
 * @param json options in wire spelling, for example `{"model":"…","streaming":true}`; absent for none.
 * @param[out] config the new configuration, which the caller frees with `copilot_session_config_free`; written only on
 *   success.
 */
copilot_error *copilot_session_config_new(copilot_str json,
                                          copilot_session_config **config);

/**
 * Merges the members of a JSON object into a configuration; a member given again replaces the older one.
 */
copilot_error *copilot_session_config_set(copilot_session_config *config, copilot_str json);

/**
 * Adds a tool. A later tool of the same name replaces the handler of the earlier one.
 *
 * @param tool is copied; its user data is freed by its `destroy`, exactly once, also when this function returns an error.
 */
copilot_error *copilot_session_config_tool(copilot_session_config *config,
                                           const copilot_tool *tool);

/**
 * Receives all events of the session, from the very first one. May be called several times: listeners are called in
 * the order they were added.
 *
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 */
copilot_error *copilot_session_config_on_event(copilot_session_config *config,
                                               copilot_event_fn on_event,
                                               void *user_data,
                                               copilot_destroy_fn destroy);

/**
 * Is told when the session has ended, and why. Called once for each session that is made from the configuration, unless its
 * handle was freed before. A second call replaces the first.
 *
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 */
copilot_error *copilot_session_config_on_ended(copilot_session_config *config,
                                               copilot_session_ended_fn on_ended,
                                               void *user_data,
                                               copilot_destroy_fn destroy);

/**
 * Answers questions of a kind, a `copilot_call_kind`. Which handlers there are decides what the runtime asks at all.
 *
 * @param name the hook type, section, command, provider or tool, for kinds that have several; absent for the others.
 *   Commands, sections and providers must be declared in the JSON options as well.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 */
copilot_error *copilot_session_config_on_call(copilot_session_config *config,
                                              uint32_t kind,
                                              copilot_str name,
                                              copilot_call_fn on_call,
                                              void *user_data,
                                              copilot_destroy_fn destroy);

/**
 * Frees a configuration. NULL is allowed and does nothing.
 */
copilot_code copilot_session_config_free(copilot_session_config *config);

/**
 * The code of an error; `COPILOT_OK` for NULL, `COPILOT_ERROR_BAD_HANDLE` for a freed or foreign handle.
 */
copilot_code copilot_error_code(const copilot_error *error);

/**
 * The name of the code, valid until the error is freed. It is the same in every language, for example "RuntimeNotFound";
 * "" for a handle that is NULL, freed or foreign.
 */
const char *copilot_error_name(const copilot_error *error);

/**
 * What was wrong and what to do about it, in UTF-8, valid until the error is freed; "" for a handle that is NULL, freed or
 * foreign.
 */
const char *copilot_error_message(const copilot_error *error);

/**
 * Details as JSON text, valid until the error is freed; NULL when there are none. They are the `data` of a JSON-RPC error,
 * or what was last seen before a time limit passed.
 */
const char *copilot_error_data(const copilot_error *error);

/**
 * Why, as JSON text, valid until the error is freed; NULL when the error has no reason. For example
 * `{"code":"session.disconnected","session":"…"}`; codes are stable, and `docs/errors.md` lists them.
 */
const char *copilot_error_reason(const copilot_error *error);

/**
 * Writes the JSON-RPC code of a `COPILOT_ERROR_RPC` to `code` and returns true; false when the error has none.
 */
bool copilot_error_rpc_code(const copilot_error *error,
                            int64_t *code);

/**
 * Frees an error. NULL is allowed and does nothing.
 */
copilot_code copilot_error_free(copilot_error *error);

/**
 * Reads the fields that programs read most. A member of another type than usual counts as absent.
 *
 * @param event the event of a callback.
 * @param[out] fields with its size set.
 */
copilot_error *copilot_event_get_fields(const copilot_event *event, copilot_event_fields *fields);

/**
 * Reads the common members of an event. An identifier that is written with escapes counts as absent;
 * `copilot_json_text` reads it.
 *
 * @param event the event of a callback.
 * @param[out] header with its size set.
 */
copilot_error *copilot_event_get_header(const copilot_event *event, copilot_event_header *header);

/**
 * Replaces the environment of the child from the next start on. Has no effect on a runtime that somebody else
 * started.
 *
 * @param env JSON text: an object of texts.
 * @param wait limits, or NULL for none.
 */
copilot_error *copilot_client_set_env(copilot_client *client, copilot_str env, const copilot_wait *wait);

/**
 * As `copilot_client_set_env`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_set_env_async(copilot_client *client,
                                            copilot_str env,
                                            copilot_done_fn done,
                                            void *user_data,
                                            copilot_destroy_fn destroy,
                                            copilot_op **op);

/**
 * Starts a host: clients that speak the Agent Host Protocol find sessions of this program there. What they ask
 * comes as callbacks of kind ahpHost; host.dispose ends it.
 *
 * @param options JSON text: `{localServer?, githubEnvironment?, authentication?: {mode, requireIdentity?},
 * computeId?, workspace?, allowCreatingNewSessions?, sessionFactory?, resumeFactory?, authenticate?, hostId?}`;
 * one of the first two is needed, and the booleans say what the handler serves.
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`:
 * `{"hostId","url"?,"token"?,"pid"?,"environmentId"?}`; may be NULL.
 * @since runtime 1.0.102
 */
copilot_error *copilot_client_start_ahp_host(copilot_client *client,
                                             copilot_str options,
                                             const copilot_wait *wait,
                                             copilot_string **result);

/**
 * As `copilot_client_start_ahp_host`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_start_ahp_host_async(copilot_client *client,
                                                   copilot_str options,
                                                   copilot_done_fn done,
                                                   void *user_data,
                                                   copilot_destroy_fn destroy,
                                                   copilot_op **op);

/**
 * Lists the models; asked once until the client stops. Failures are not kept.
 *
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"models":[…]}`; may be
 * NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_list_models(copilot_client *client,
                                          const copilot_wait *wait,
                                          copilot_string **result);

/**
 * As `copilot_client_list_models`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_list_models_async(copilot_client *client,
                                                copilot_done_fn done,
                                                void *user_data,
                                                copilot_destroy_fn destroy,
                                                copilot_op **op);

/**
 * Asks the runtime for a sign of life.
 *
 * @param message comes back after `pong: `; may be absent.
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`:
 * `{"message","timestamp","protocolVersion"}`; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_ping(copilot_client *client,
                                   copilot_str message,
                                   const copilot_wait *wait,
                                   copilot_string **result);

/**
 * As `copilot_client_ping`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_ping_async(copilot_client *client,
                                         copilot_str message,
                                         copilot_done_fn done,
                                         void *user_data,
                                         copilot_destroy_fn destroy,
                                         copilot_op **op);

/**
 * The versions of the runtime and of its protocol.
 *
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`:
 * `{"version","protocolVersion"}`; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_get_status(copilot_client *client,
                                         const copilot_wait *wait,
                                         copilot_string **result);

/**
 * As `copilot_client_get_status`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_get_status_async(copilot_client *client,
                                               copilot_done_fn done,
                                               void *user_data,
                                               copilot_destroy_fn destroy,
                                               copilot_op **op);

/**
 * Who is logged in.
 *
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`:
 * `{"isAuthenticated","authType"?,"host"?,"login"?,"statusMessage"?}`; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_get_auth_status(copilot_client *client,
                                              const copilot_wait *wait,
                                              copilot_string **result);

/**
 * As `copilot_client_get_auth_status`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_get_auth_status_async(copilot_client *client,
                                                    copilot_done_fn done,
                                                    void *user_data,
                                                    copilot_destroy_fn destroy,
                                                    copilot_op **op);

/**
 * The sessions that the runtime keeps.
 *
 * @param options a JSON object, absent for none: `filter` (`{cwd?, gitRoot?, repository?, branch?}`, sent even
 * when empty).
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"sessions":[…]}`; may be
 * NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_list_sessions(copilot_client *client,
                                            copilot_str options,
                                            const copilot_wait *wait,
                                            copilot_string **result);

/**
 * As `copilot_client_list_sessions`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_list_sessions_async(copilot_client *client,
                                                  copilot_str options,
                                                  copilot_done_fn done,
                                                  void *user_data,
                                                  copilot_destroy_fn destroy,
                                                  copilot_op **op);

/**
 * What the runtime keeps of one session; without `session` when there is none.
 *
 * @param session_id the id of the session.
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"session"?}`; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_get_session_metadata(copilot_client *client,
                                                   copilot_str session_id,
                                                   const copilot_wait *wait,
                                                   copilot_string **result);

/**
 * As `copilot_client_get_session_metadata`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_get_session_metadata_async(copilot_client *client,
                                                         copilot_str session_id,
                                                         copilot_done_fn done,
                                                         void *user_data,
                                                         copilot_destroy_fn destroy,
                                                         copilot_op **op);

/**
 * The id of the session used last.
 *
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"sessionId"?}`; may be
 * NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_get_last_session_id(copilot_client *client,
                                                  const copilot_wait *wait,
                                                  copilot_string **result);

/**
 * As `copilot_client_get_last_session_id`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_get_last_session_id_async(copilot_client *client,
                                                        copilot_done_fn done,
                                                        void *user_data,
                                                        copilot_destroy_fn destroy,
                                                        copilot_op **op);

/**
 * The id of the session that the runtime's own interface shows.
 *
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"sessionId"?}`; may be
 * NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_get_foreground_session_id(copilot_client *client,
                                                        const copilot_wait *wait,
                                                        copilot_string **result);

/**
 * As `copilot_client_get_foreground_session_id`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_get_foreground_session_id_async(copilot_client *client,
                                                              copilot_done_fn done,
                                                              void *user_data,
                                                              copilot_destroy_fn destroy,
                                                              copilot_op **op);

/**
 * Changes the session that the runtime's own interface shows. A refusal of the runtime is an error.
 *
 * @param session_id the id of the session.
 * @param wait limits, or NULL for none.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_set_foreground_session_id(copilot_client *client,
                                                        copilot_str session_id,
                                                        const copilot_wait *wait);

/**
 * As `copilot_client_set_foreground_session_id`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_set_foreground_session_id_async(copilot_client *client,
                                                              copilot_str session_id,
                                                              copilot_done_fn done,
                                                              void *user_data,
                                                              copilot_destroy_fn destroy,
                                                              copilot_op **op);

/**
 * Removes a session for good, on disk too. A refusal of the runtime is an error.
 *
 * @param session_id the id of the session.
 * @param wait limits, or NULL for none.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_delete_session(copilot_client *client,
                                             copilot_str session_id,
                                             const copilot_wait *wait);

/**
 * As `copilot_client_delete_session`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_delete_session_async(copilot_client *client,
                                                   copilot_str session_id,
                                                   copilot_done_fn done,
                                                   void *user_data,
                                                   copilot_destroy_fn destroy,
                                                   copilot_op **op);

/**
 * Begins the answer to a model request. Once, before the first piece of its body.
 *
 * @param request_id of the call's arguments.
 * @param options a JSON object, absent for none: `status` (the HTTP status, 200 for example; a WebSocket is
 * accepted with 101 and no headers), `statusText` (its text), `headers` (by name, lists of values).
 * @param wait limits, or NULL for none.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_llm_start(copilot_client *client,
                                        copilot_str request_id,
                                        copilot_str options,
                                        const copilot_wait *wait);

/**
 * As `copilot_client_llm_start`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_llm_start_async(copilot_client *client,
                                              copilot_str request_id,
                                              copilot_str options,
                                              copilot_done_fn done,
                                              void *user_data,
                                              copilot_destroy_fn destroy,
                                              copilot_op **op);

/**
 * Writes a piece of the answer to a model request. Completes when the runtime took it.
 *
 * @param request_id of the call's arguments.
 * @param text a piece of the body, or a message of the WebSocket.
 * @param wait limits, or NULL for none.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_llm_write_text(copilot_client *client,
                                             copilot_str request_id,
                                             copilot_str text,
                                             const copilot_wait *wait);

/**
 * As `copilot_client_llm_write_text`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_llm_write_text_async(copilot_client *client,
                                                   copilot_str request_id,
                                                   copilot_str text,
                                                   copilot_done_fn done,
                                                   void *user_data,
                                                   copilot_destroy_fn destroy,
                                                   copilot_op **op);

/**
 * Writes bytes of the answer to a model request. Completes when the runtime took them.
 *
 * @param request_id of the call's arguments.
 * @param data any bytes: a piece of the body, or a binary message of the WebSocket.
 * @param wait limits, or NULL for none.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_llm_write_bytes(copilot_client *client,
                                              copilot_str request_id,
                                              copilot_str data,
                                              const copilot_wait *wait);

/**
 * As `copilot_client_llm_write_bytes`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_llm_write_bytes_async(copilot_client *client,
                                                    copilot_str request_id,
                                                    copilot_str data,
                                                    copilot_done_fn done,
                                                    void *user_data,
                                                    copilot_destroy_fn destroy,
                                                    copilot_op **op);

/**
 * Ends the answer to a model request.
 *
 * @param request_id of the call's arguments.
 * @param wait limits, or NULL for none.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_llm_end(copilot_client *client,
                                      copilot_str request_id,
                                      const copilot_wait *wait);

/**
 * As `copilot_client_llm_end`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_llm_end_async(copilot_client *client,
                                            copilot_str request_id,
                                            copilot_done_fn done,
                                            void *user_data,
                                            copilot_destroy_fn destroy,
                                            copilot_op **op);

/**
 * Fails a model request whose answer has begun. Before that, fail the call.
 *
 * @param request_id of the call's arguments.
 * @param message what went wrong.
 * @param options a JSON object, absent for none: `code` (a code for the runtime).
 * @param wait limits, or NULL for none.
 * @since runtime 1.0.67
 */
copilot_error *copilot_client_llm_fail(copilot_client *client,
                                       copilot_str request_id,
                                       copilot_str message,
                                       copilot_str options,
                                       const copilot_wait *wait);

/**
 * As `copilot_client_llm_fail`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_llm_fail_async(copilot_client *client,
                                             copilot_str request_id,
                                             copilot_str message,
                                             copilot_str options,
                                             copilot_done_fn done,
                                             void *user_data,
                                             copilot_destroy_fn destroy,
                                             copilot_op **op);

/**
 * Sends a message and waits for an answer that follows a JSON Schema; it is checked, and asked for again.
 *
 * @param prompt the message.
 * @param response_schema JSON text: the JSON Schema that the answer must follow.
 * @param options a JSON object, absent for none: `responseRetries` (how often the agent is told what was wrong
 * and asked again; 2 unless given), `timeoutMs` (longest time of each try), `attachments` (what goes with the
 * message, as all else that sendAndWait takes).
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"value","tries","event"}`;
 * error kind `SchemaMismatch` when no try was right; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_send_and_wait_structured(copilot_session *session,
                                                        copilot_str prompt,
                                                        copilot_str response_schema,
                                                        copilot_str options,
                                                        const copilot_wait *wait,
                                                        copilot_string **result);

/**
 * As `copilot_session_send_and_wait_structured`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_send_and_wait_structured_async(copilot_session *session,
                                                              copilot_str prompt,
                                                              copilot_str response_schema,
                                                              copilot_str options,
                                                              copilot_done_fn done,
                                                              void *user_data,
                                                              copilot_destroy_fn destroy,
                                                              copilot_op **op);

/**
 * Every event of the session so far, oldest first.
 *
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"events":[…]}`; may be
 * NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_get_events(copilot_session *session,
                                          const copilot_wait *wait,
                                          copilot_string **result);

/**
 * As `copilot_session_get_events`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_get_events_async(copilot_session *session,
                                                copilot_done_fn done,
                                                void *user_data,
                                                copilot_destroy_fn destroy,
                                                copilot_op **op);

/**
 * Asks the agent to stop what it is doing.
 *
 * @param wait limits, or NULL for none.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_abort(copilot_session *session, const copilot_wait *wait);

/**
 * As `copilot_session_abort`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_abort_async(copilot_session *session,
                                           copilot_done_fn done,
                                           void *user_data,
                                           copilot_destroy_fn destroy,
                                           copilot_op **op);

/**
 * Changes the model from the next message on; the conversation so far is kept.
 *
 * @param model the model's id.
 * @param options a JSON object, absent for none: `reasoningEffort` (`low`, `medium`, `high`, `xhigh`, `max`; not
 * checked here), `reasoningSummary` (`none`, `concise`, `detailed`), `contextTier` (`default`, `long_context`),
 * `modelCapabilities` (what the model can do, where it differs from what the runtime knows), `autoTier` (how
 * automatic choice weighs cost and ability; null: the default).
 * @param wait limits, or NULL for none.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_set_model(copilot_session *session,
                                         copilot_str model,
                                         copilot_str options,
                                         const copilot_wait *wait);

/**
 * As `copilot_session_set_model`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_set_model_async(copilot_session *session,
                                               copilot_str model,
                                               copilot_str options,
                                               copilot_done_fn done,
                                               void *user_data,
                                               copilot_destroy_fn destroy,
                                               copilot_op **op);

/**
 * Changes how the automatic choice of models weighs cost and ability.
 *
 * @param auto_tier JSON text: how automatic choice weighs cost and ability; null: the default; may be absent.
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: the runtime's answer; may be
 * NULL.
 * @since runtime 1.0.85
 */
copilot_error *copilot_session_set_auto_tier(copilot_session *session,
                                             copilot_str auto_tier,
                                             const copilot_wait *wait,
                                             copilot_string **result);

/**
 * As `copilot_session_set_auto_tier`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_set_auto_tier_async(copilot_session *session,
                                                   copilot_str auto_tier,
                                                   copilot_done_fn done,
                                                   void *user_data,
                                                   copilot_destroy_fn destroy,
                                                   copilot_op **op);

/**
 * Replaces all tools of the host in this session. They are served from the runtime's answer on.
 *
 * @param tools JSON text: a list of declarations.
 * @param options a JSON object, absent for none: `handlers` (the names of the tools that the host serves;
 * absent: those that it serves already).
 * @param wait limits, or NULL for none.
 * @since runtime newer
 */
copilot_error *copilot_session_set_tools(copilot_session *session,
                                         copilot_str tools,
                                         copilot_str options,
                                         const copilot_wait *wait);

/**
 * As `copilot_session_set_tools`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_set_tools_async(copilot_session *session,
                                               copilot_str tools,
                                               copilot_str options,
                                               copilot_done_fn done,
                                               void *user_data,
                                               copilot_destroy_fn destroy,
                                               copilot_op **op);

/**
 * Writes a line into the session's timeline.
 *
 * @param message the line.
 * @param options a JSON object, absent for none: `level` (`info`, `warning`, `error`, which ends a wait for the
 * present turn), `ephemeral` (whether it is not kept).
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"eventId"?}`; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_log(copilot_session *session,
                                   copilot_str message,
                                   copilot_str options,
                                   const copilot_wait *wait,
                                   copilot_string **result);

/**
 * As `copilot_session_log`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_log_async(copilot_session *session,
                                         copilot_str message,
                                         copilot_str options,
                                         copilot_done_fn done,
                                         void *user_data,
                                         copilot_destroy_fn destroy,
                                         copilot_op **op);

/**
 * Ends a task that runs in the background.
 *
 * @param id the id of the task.
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"cancelled"}`: false when
 * there is no such task; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_cancel_task(copilot_session *session,
                                           copilot_str id,
                                           const copilot_wait *wait,
                                           copilot_string **result);

/**
 * As `copilot_session_cancel_task`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_cancel_task_async(copilot_session *session,
                                                 copilot_str id,
                                                 copilot_done_fn done,
                                                 void *user_data,
                                                 copilot_destroy_fn destroy,
                                                 copilot_op **op);

/**
 * Asks the user yes or no.
 *
 * @param message the question.
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: true or false. Error kind
 * `Unsupported` when the host cannot ask, as for the next three; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_confirm(copilot_session *session,
                                       copilot_str message,
                                       const copilot_wait *wait,
                                       copilot_string **result);

/**
 * As `copilot_session_confirm`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_confirm_async(copilot_session *session,
                                             copilot_str message,
                                             copilot_done_fn done,
                                             void *user_data,
                                             copilot_destroy_fn destroy,
                                             copilot_op **op);

/**
 * Asks the user to choose one of several texts.
 *
 * @param message the question.
 * @param options JSON text: a list of texts.
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: the text that was chosen, or
 * null; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_select(copilot_session *session,
                                      copilot_str message,
                                      copilot_str options,
                                      const copilot_wait *wait,
                                      copilot_string **result);

/**
 * As `copilot_session_select`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_select_async(copilot_session *session,
                                            copilot_str message,
                                            copilot_str options,
                                            copilot_done_fn done,
                                            void *user_data,
                                            copilot_destroy_fn destroy,
                                            copilot_op **op);

/**
 * Asks the user for a text.
 *
 * @param message the question.
 * @param options JSON text: `{title?, description?, minLength?, maxLength?, format?, default?}`; may be absent.
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: the text, or null; may be
 * NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_input(copilot_session *session,
                                     copilot_str message,
                                     copilot_str options,
                                     const copilot_wait *wait,
                                     copilot_string **result);

/**
 * As `copilot_session_input`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_input_async(copilot_session *session,
                                           copilot_str message,
                                           copilot_str options,
                                           copilot_done_fn done,
                                           void *user_data,
                                           copilot_destroy_fn destroy,
                                           copilot_op **op);

/**
 * Asks the user to fill in a form.
 *
 * @param message what is asked for.
 * @param requested_schema JSON text: JSON Schema of the form.
 * @param wait limits, or NULL for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{action, content?}`; may be
 * NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_elicit(copilot_session *session,
                                      copilot_str message,
                                      copilot_str requested_schema,
                                      const copilot_wait *wait,
                                      copilot_string **result);

/**
 * As `copilot_session_elicit`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_elicit_async(copilot_session *session,
                                            copilot_str message,
                                            copilot_str requested_schema,
                                            copilot_done_fn done,
                                            void *user_data,
                                            copilot_destroy_fn destroy,
                                            copilot_op **op);

/**
 * May the agent do this?
 *
 * @param on_call is asked with kind `COPILOT_CALL_PERMISSION`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_permission(copilot_session_config *config,
                                                    copilot_call_fn on_call,
                                                    void *user_data,
                                                    copilot_destroy_fn destroy);

/**
 * A question for the person in front of the program.
 *
 * @param on_call is asked with kind `COPILOT_CALL_USER_INPUT`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_user_input(copilot_session_config *config,
                                                    copilot_call_fn on_call,
                                                    void *user_data,
                                                    copilot_destroy_fn destroy);

/**
 * The agent wants to leave plan mode.
 *
 * @param on_call is asked with kind `COPILOT_CALL_EXIT_PLAN_MODE`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_exit_plan_mode(copilot_session_config *config,
                                                        copilot_call_fn on_call,
                                                        void *user_data,
                                                        copilot_destroy_fn destroy);

/**
 * The runtime proposes to switch to automatic model choice.
 *
 * @param on_call is asked with kind `COPILOT_CALL_AUTO_MODE_SWITCH`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_auto_mode_switch(copilot_session_config *config,
                                                          copilot_call_fn on_call,
                                                          void *user_data,
                                                          copilot_destroy_fn destroy);

/**
 * A hook of the user runs.
 *
 * @param name the hook type.
 * @param on_call is asked with kind `COPILOT_CALL_HOOK`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_hook(copilot_session_config *config,
                                              copilot_str name,
                                              copilot_call_fn on_call,
                                              void *user_data,
                                              copilot_destroy_fn destroy);

/**
 * A section of the system message is to be rewritten.
 *
 * @param name the section.
 * @param on_call is asked with kind `COPILOT_CALL_SYSTEM_MESSAGE_TRANSFORM`, whose arguments and answers stand
 * there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_system_message_transform(copilot_session_config *config,
                                                                  copilot_str name,
                                                                  copilot_call_fn on_call,
                                                                  void *user_data,
                                                                  copilot_destroy_fn destroy);

/**
 * A form is to be filled in.
 *
 * @param on_call is asked with kind `COPILOT_CALL_ELICITATION`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_elicitation(copilot_session_config *config,
                                                     copilot_call_fn on_call,
                                                     void *user_data,
                                                     copilot_destroy_fn destroy);

/**
 * An MCP server needs a token.
 *
 * @param on_call is asked with kind `COPILOT_CALL_MCP_AUTH`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_mcp_auth(copilot_session_config *config,
                                                  copilot_call_fn on_call,
                                                  void *user_data,
                                                  copilot_destroy_fn destroy);

/**
 * A slash command of the user runs.
 *
 * @param name the command.
 * @param on_call is asked with kind `COPILOT_CALL_COMMAND`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_command(copilot_session_config *config,
                                                 copilot_str name,
                                                 copilot_call_fn on_call,
                                                 void *user_data,
                                                 copilot_destroy_fn destroy);

/**
 * A model provider needs a bearer token.
 *
 * @param name the provider.
 * @param on_call is asked with kind `COPILOT_CALL_PROVIDER_TOKEN`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_provider_token(copilot_session_config *config,
                                                        copilot_str name,
                                                        copilot_call_fn on_call,
                                                        void *user_data,
                                                        copilot_destroy_fn destroy);

/**
 * A canvas is opened, closed or acted upon.
 *
 * @param on_call is asked with kind `COPILOT_CALL_CANVAS`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_canvas(copilot_session_config *config,
                                                copilot_call_fn on_call,
                                                void *user_data,
                                                copilot_destroy_fn destroy);

/**
 * A file operation of the session's file system.
 *
 * @param on_call is asked with kind `COPILOT_CALL_SESSION_FS`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.67
 */
copilot_error *copilot_session_config_on_session_fs(copilot_session_config *config,
                                                    copilot_call_fn on_call,
                                                    void *user_data,
                                                    copilot_destroy_fn destroy);

/**
 * The skills of the user are listed, or one of them is read.
 *
 * @param on_call is asked with kind `COPILOT_CALL_SKILL_PROVIDER`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.85
 */
copilot_error *copilot_session_config_on_skill_provider(copilot_session_config *config,
                                                        copilot_call_fn on_call,
                                                        void *user_data,
                                                        copilot_destroy_fn destroy);

/**
 * The session needs a GitHub token.
 *
 * @param on_call is asked with kind `COPILOT_CALL_GITHUB_TOKEN`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.85
 */
copilot_error *copilot_session_config_on_github_token(copilot_session_config *config,
                                                      copilot_call_fn on_call,
                                                      void *user_data,
                                                      copilot_destroy_fn destroy);

/**
 * The body of a factory is to be run; runtimes from 1.0.89-7 on ask by workflow.execute.
 *
 * @param name the factory.
 * @param on_call is asked with kind `COPILOT_CALL_FACTORY`, whose arguments and answers stand there.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @since runtime 1.0.85
 */
copilot_error *copilot_session_config_on_factory(copilot_session_config *config,
                                                 copilot_str name,
                                                 copilot_call_fn on_call,
                                                 void *user_data,
                                                 copilot_destroy_fn destroy);

/**
 * Finds a value by JSON pointer (RFC 6901), for example `/data/toolCalls/0/name`.
 *
 * @param[out] value its JSON text, which the caller frees with `copilot_string_free`; NULL when there is none.
 */
copilot_error *copilot_json_get(copilot_str json,
                                copilot_str pointer,
                                copilot_string **value);

/**
 * As `copilot_json_get`, but the value's own text: a JSON string is decoded, `null` counts as none, other values are
 * given as JSON text.
 *
 * @param[out] text the text, which the caller frees with `copilot_string_free`; NULL when there is none.
 */
copilot_error *copilot_json_text(copilot_str json,
                                 copilot_str pointer,
                                 copilot_string **text);

/**
 * Writes `text` as a JSON string, with quotes and escapes.
 *
 * @param[out] json JSON text, which the caller frees with `copilot_string_free`.
 */
copilot_error *copilot_json_quote(copilot_str text, copilot_string **json);

/**
 * Says who gets what the library logs, from now on and for the whole process; the one before is let go of. Without a call
 * nothing is logged.
 *
 * @param level a `copilot_log_level`.
 * @param log NULL for silence.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @return `COPILOT_ERROR_UNSUPPORTED` when the process has another receiver of Rust's `tracing` already.
 */
copilot_error *copilot_log_set(uint32_t level,
                               copilot_log_fn log,
                               void *user_data,
                               copilot_destroy_fn destroy);

/**
 * Asks an operation to end; its callback then gets `COPILOT_ERROR_CANCELLED`, unless the operation had ended already.
 * Any thread. Cancelling a wait for a turn does not abort the turn: see `copilot_session_abort`.
 */
copilot_error *copilot_op_cancel(copilot_op *op);

/**
 * Frees an operation's handle; the operation goes on. NULL is allowed and does nothing.
 */
copilot_code copilot_op_free(copilot_op *op);

/**
 * Creates a session; starts the client when needed.
 *
 * @param config what the session is made from, still the caller's; NULL for the defaults.
 * @param wait limits, or NULL for none.
 * @param[out] session the new session, which the caller frees with `copilot_session_free`; written only on success.
 */
copilot_error *copilot_client_create_session(copilot_client *client,
                                             copilot_session_config *config,
                                             const copilot_wait *wait,
                                             copilot_session **session);

/**
 * As `copilot_client_create_session`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_create_session_async(copilot_client *client,
                                                   copilot_session_config *config,
                                                   copilot_session_done_fn done,
                                                   void *user_data,
                                                   copilot_destroy_fn destroy,
                                                   copilot_op **op);

/**
 * Opens a session that exists already, by its id. Otherwise as `copilot_client_create_session`.
 *
 * @param[out] session which the caller frees with `copilot_session_free`; written only on success.
 */
copilot_error *copilot_client_resume_session(copilot_client *client,
                                             copilot_str session_id,
                                             copilot_session_config *config,
                                             const copilot_wait *wait,
                                             copilot_session **session);

/**
 * As `copilot_client_resume_session`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_client_resume_session_async(copilot_client *client,
                                                   copilot_str session_id,
                                                   copilot_session_config *config,
                                                   copilot_session_done_fn done,
                                                   void *user_data,
                                                   copilot_destroy_fn destroy,
                                                   copilot_op **op);

/**
 * Frees a session. No further callback of it starts, and the runtime is told to let go of it; its state stays on disk
 * and can be resumed. Call `copilot_session_disconnect` before to know when that is done. The last session of a freed
 * client ends the runtime. NULL is allowed and does nothing.
 */
copilot_code copilot_session_free(copilot_session *session);

/**
 * Adds a listener for events that come from now on; the first one of a session that nothing was asked of before also
 * gets the events since the session was made.
 *
 * @param type_name only events of this type; absent for all.
 * @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
 * @param[out] listener a number for `copilot_session_off`; may be NULL.
 */
copilot_error *copilot_session_on(copilot_session *session,
                                  copilot_str type_name,
                                  copilot_event_fn on_event,
                                  void *user_data,
                                  copilot_destroy_fn destroy,
                                  uint64_t *listener);

/**
 * Removes a listener. Its user data is destroyed as soon as no call of it runs. Removing it again does nothing.
 */
copilot_error *copilot_session_off(copilot_session *session,
                                   uint64_t listener);

/**
 * Writes what is known of a session.
 *
 * @param[out] state JSON text, which the caller frees with `copilot_string_free`:
 *   `{"sessionId","workspacePath","capabilities","openCanvases"}`.
 */
copilot_error *copilot_session_state(const copilot_session *session, copilot_string **state);

/**
 * Writes the id of a session.
 *
 * @param[out] id the text, which the caller frees with `copilot_string_free`.
 */
copilot_error *copilot_session_id(const copilot_session *session, copilot_string **id);

/**
 * Counts the events of a session.
 */
copilot_error *copilot_session_counters(const copilot_session *session, copilot_counters *counters);

/**
 * Sends a message. Returns as soon as the runtime took it; the answer comes as events.
 *
 * @param options a JSON object, for example `{"attachments":[…],"mode":"immediate"}`; absent for none.
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"messageId"}`; may be NULL.
 */
copilot_error *copilot_session_send(copilot_session *session,
                                    copilot_str prompt,
                                    copilot_str options,
                                    const copilot_wait *wait,
                                    copilot_string **result);

/**
 * As `copilot_session_send`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_send_async(copilot_session *session,
                                          copilot_str prompt,
                                          copilot_str options,
                                          copilot_done_fn done,
                                          void *user_data,
                                          copilot_destroy_fn destroy,
                                          copilot_op **op);

/**
 * Sends a message and waits until the agent has finished with it. A time limit or a cancelled token ends only the
 * wait, not the work: see `copilot_session_abort`.
 *
 * @param options as for `copilot_session_send`, and: `timeoutMs`, `inactivityTimeoutMs` (the longest time without any
 *   event of the session), `until` (`"idle"`, or `"foreground"`: work left running in the background does not count),
 *   `responseSchema` (a JSON Schema that the answer must follow) with `responseRetries` (how often the agent is told
 *   what was wrong and asked again; 2 unless given; then `COPILOT_ERROR_SCHEMA_MISMATCH`).
 * @param[out] result JSON text, which the caller frees with `copilot_string_free`: the last `assistant.message` event, or
 *   `null`; with a `responseSchema` `{"value","tries","event"}`; may be NULL.
 */
copilot_error *copilot_session_send_and_wait(copilot_session *session,
                                             copilot_str prompt,
                                             copilot_str options,
                                             const copilot_wait *wait,
                                             copilot_string **result);

/**
 * As `copilot_session_send_and_wait`, without waiting. A time limit goes into `options` as `timeoutMs`. See
 * `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_send_and_wait_async(copilot_session *session,
                                                   copilot_str prompt,
                                                   copilot_str options,
                                                   copilot_done_fn done,
                                                   void *user_data,
                                                   copilot_destroy_fn destroy,
                                                   copilot_op **op);

/**
 * Lets go of the session: waits end with `COPILOT_ERROR_SESSION_CLOSED`, handlers are cancelled, and the session's
 * callbacks and their user data are let go. Its state stays on disk. The handle must still be freed.
 */
copilot_error *copilot_session_disconnect(copilot_session *session,
                                          const copilot_wait *wait);

/**
 * As `copilot_session_disconnect`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_disconnect_async(copilot_session *session,
                                                copilot_done_fn done,
                                                void *user_data,
                                                copilot_destroy_fn destroy,
                                                copilot_op **op);

/**
 * Calls any method of the runtime for this session; its id is added to the parameters. `copilot_protocol.h` names the
 * methods.
 *
 * @param params a JSON object; absent for none.
 * @param[out] result the runtime's result as JSON text, which the caller frees with `copilot_string_free`; may be NULL.
 */
copilot_error *copilot_session_invoke(copilot_session *session,
                                      copilot_str method,
                                      copilot_str params,
                                      const copilot_wait *wait,
                                      copilot_string **result);

/**
 * As `copilot_session_invoke`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_invoke_async(copilot_session *session,
                                            copilot_str method,
                                            copilot_str params,
                                            copilot_done_fn done,
                                            void *user_data,
                                            copilot_destroy_fn destroy,
                                            copilot_op **op);

/**
 * Replaces all tools of the host in this session by those of a configuration, with the functions that run them: those added
 * by `copilot_session_config_tool`, and the member `tools` of its JSON. All else in the configuration is left aside. From the
 * runtime's answer on calls go to the new functions; user data of the old ones is let go.
 *
 * After an error the old tools stay, but for a wait that ended before the runtime answered: then neither set is sure to be
 * served, and the call has to be made again.
 *
 * @param config tools and their functions, still the caller's.
 * @param wait limits, or NULL for none.
 * @since runtime newer than 1.0.102
 */
copilot_error *copilot_session_serve_tools(copilot_session *session,
                                           copilot_session_config *config,
                                           const copilot_wait *wait);

/**
 * As `copilot_session_serve_tools`, without waiting. See `copilot_client_start_async` for the arguments.
 */
copilot_error *copilot_session_serve_tools_async(copilot_session *session,
                                                 copilot_session_config *config,
                                                 copilot_done_fn done,
                                                 void *user_data,
                                                 copilot_destroy_fn destroy,
                                                 copilot_op **op);

/**
 * The bytes of a string, followed by a NUL, valid until the string is freed. Any thread. NULL for a handle that is NULL,
 * freed or foreign.
 */
const char *copilot_string_data(const copilot_string *string);

/**
 * Number of bytes of a string, without the NUL behind it. 0 for a handle that is NULL, freed or foreign.
 */
size_t copilot_string_len(const copilot_string *string);

/**
 * Frees a string. NULL is allowed and does nothing.
 */
copilot_code copilot_string_free(copilot_string *string);

/**
 * Number of the binary interface. A program built with header `COPILOT_ABI_VERSION` runs with every library whose
 * `copilot_abi_version()` is the same and whose version is not older.
 */
uint32_t copilot_abi_version(void);

/**
 * Version of the library as text, which is never freed, for example "0.1.0".
 */
const char *copilot_version(void);

/**
 * Version of the library as a number: major * 1000000 + minor * 1000 + patch.
 */
uint32_t copilot_version_number(void);

/**
 * Whether this library can do something that not every build or version can: `"inprocess"` (the runtime inside this process),
 * `"structured"` (answers that follow a schema), `"llm"` (answers to model requests), `"ahp-host"` (hosts for the Agent Host
 * Protocol), `"log"` (`copilot_log_set`), `"event-fields"` (`copilot_event_get_fields`). False for any other word, and for NULL.
 */
bool copilot_has(const char *feature);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/** The view of a C string; NULL gives no text. */
static inline copilot_str copilot_s(const char *text) {
  copilot_str view;
  view.data = text;
  view.len = COPILOT_NUL;
  return view;
}

/** The view of `len` bytes. */
static inline copilot_str copilot_sn(const char *data, size_t len) {
  copilot_str view;
  view.data = data;
  view.len = len;
  return view;
}

/** The view of an owned string. */
static inline copilot_str copilot_string_view(const copilot_string *string) {
  return copilot_sn(copilot_string_data(string), copilot_string_len(string));
}

/* What a compiler must agree on with the library. */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define COPILOT_ASSERT_(condition, name) static_assert(condition, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define COPILOT_ASSERT_(condition, name) _Static_assert(condition, #name)
#else
#define COPILOT_ASSERT_(condition, name) typedef char copilot_assert_##name[(condition) ? 1 : -1]
#endif
COPILOT_ASSERT_(sizeof(copilot_code) == 4, codes_have_four_bytes);
COPILOT_ASSERT_(sizeof(copilot_str) == 2 * sizeof(void *), views_are_pointer_and_length);
COPILOT_ASSERT_(offsetof(copilot_client_options, size) == 0, size_is_first_in_options);
COPILOT_ASSERT_(offsetof(copilot_wait, size) == 0, size_is_first_in_wait);
COPILOT_ASSERT_(offsetof(copilot_tool, size) == 0, size_is_first_in_tool);
COPILOT_ASSERT_(sizeof(copilot_wait) == 3 * 8 || sizeof(void *) != 8, wait_has_no_gaps);
COPILOT_ASSERT_(sizeof(copilot_counters) == 5 * 8 || sizeof(void *) != 8, counters_have_no_gaps);
COPILOT_ASSERT_(sizeof(copilot_tool) == 12 * 8 || sizeof(void *) != 8, tool_has_no_gaps);
COPILOT_ASSERT_(sizeof(copilot_client_options) == 27 * 8 || sizeof(void *) != 8, options_have_no_gaps);
#undef COPILOT_ASSERT_

#endif /* COPILOT_H */
