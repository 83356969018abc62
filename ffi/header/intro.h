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
