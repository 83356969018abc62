package copilot

// #include "bridge.h"
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Kind says what sort of thing went wrong. Numbers and names are the same in every language of this library; later versions may
// add some.
type Kind uint32

// The kinds of errors.
const (
	// KindInvalidArgument is a value that is not allowed.
	KindInvalidArgument Kind = C.COPILOT_ERROR_INVALID_ARGUMENT
	// KindInvalidType is a value of the wrong type.
	KindInvalidType Kind = C.COPILOT_ERROR_INVALID_TYPE
	// KindInvalidState is a call that does not fit the present state, such as one on a client that is not started.
	KindInvalidState Kind = C.COPILOT_ERROR_INVALID_STATE
	// KindRuntimeNotFound says that there is no runtime at the given path or where one is usually found.
	KindRuntimeNotFound Kind = C.COPILOT_ERROR_RUNTIME_NOT_FOUND
	// KindSpawnFailed says that the operating system refused to start the runtime.
	KindSpawnFailed Kind = C.COPILOT_ERROR_SPAWN_FAILED
	// KindStartTimeout says that the runtime was not ready in time.
	KindStartTimeout Kind = C.COPILOT_ERROR_START_TIMEOUT
	// KindConnectFailed says that a socket could not be connected.
	KindConnectFailed Kind = C.COPILOT_ERROR_CONNECT_FAILED
	// KindProtocolMismatch is a runtime that speaks a protocol this library does not.
	KindProtocolMismatch Kind = C.COPILOT_ERROR_PROTOCOL_MISMATCH
	// KindRPC is an error that the runtime answered; Error.Code has its number.
	KindRPC Kind = C.COPILOT_ERROR_RPC
	// KindProcessExited says that the runtime or the connection to it ended while it was needed.
	KindProcessExited Kind = C.COPILOT_ERROR_PROCESS_EXITED
	// KindTimeout says that a time limit of the caller passed.
	KindTimeout Kind = C.COPILOT_ERROR_TIMEOUT
	// KindCancelled says that the caller gave up.
	KindCancelled Kind = C.COPILOT_ERROR_CANCELLED
	// KindProtocol is a peer that sends something else than the protocol.
	KindProtocol Kind = C.COPILOT_ERROR_PROTOCOL
	// KindSessionError is an error that the session reported while a turn was awaited.
	KindSessionError Kind = C.COPILOT_ERROR_SESSION_ERROR
	// KindSessionClosed is a session that was left, or whose client was stopped.
	KindSessionClosed Kind = C.COPILOT_ERROR_SESSION_CLOSED
	// KindHandlerFailed says that a callback of the program failed.
	KindHandlerFailed Kind = C.COPILOT_ERROR_HANDLER_FAILED
	// KindInternal is a defect of the library.
	KindInternal Kind = C.COPILOT_ERROR_INTERNAL
	// KindForked is a client that was made before a fork, in the parent process.
	KindForked Kind = C.COPILOT_ERROR_FORKED
	// KindStopFailed says that stopping went through although some of its steps failed; Error.Data lists them.
	KindStopFailed Kind = C.COPILOT_ERROR_STOP_FAILED
	// KindBadHandle is an object that was closed.
	KindBadHandle Kind = C.COPILOT_ERROR_BAD_HANDLE
	// KindBadText is text that is not UTF-8.
	KindBadText Kind = C.COPILOT_ERROR_BAD_TEXT
	// KindWouldDeadlock is a call that would wait for itself.
	KindWouldDeadlock Kind = C.COPILOT_ERROR_WOULD_DEADLOCK
	// KindUnsupported is something that this connection or platform does not have.
	KindUnsupported Kind = C.COPILOT_ERROR_UNSUPPORTED
	// KindSchemaMismatch is an answer of the agent that does not follow the JSON Schema it was asked for.
	KindSchemaMismatch Kind = C.COPILOT_ERROR_SCHEMA_MISMATCH
)

var kindNames = map[Kind]string{
	KindInvalidArgument: "InvalidArgument", KindInvalidType: "InvalidType", KindInvalidState: "InvalidState",
	KindRuntimeNotFound: "RuntimeNotFound", KindSpawnFailed: "SpawnFailed", KindStartTimeout: "StartTimeout",
	KindConnectFailed: "ConnectFailed", KindProtocolMismatch: "ProtocolMismatch", KindRPC: "Rpc",
	KindProcessExited: "ProcessExited", KindTimeout: "Timeout", KindCancelled: "Cancelled", KindProtocol: "Protocol",
	KindSessionError: "SessionError", KindSessionClosed: "SessionClosed", KindHandlerFailed: "HandlerFailed",
	KindInternal: "Internal", KindForked: "Forked", KindStopFailed: "StopFailed", KindBadHandle: "BadHandle",
	KindBadText: "BadText", KindWouldDeadlock: "WouldDeadlock", KindUnsupported: "Unsupported",
	KindSchemaMismatch: "SchemaMismatch",
}

// String is the kind's name, the same in every language.
func (k Kind) String() string {
	if name, known := kindNames[k]; known {
		return name
	}
	return fmt.Sprintf("Kind(%d)", uint32(k))
}

// One error per kind, for errors.Is: errors.Is(err, copilot.ErrSessionClosed).
var (
	ErrInvalidArgument  error = &Error{Kind: KindInvalidArgument}
	ErrInvalidType      error = &Error{Kind: KindInvalidType}
	ErrInvalidState     error = &Error{Kind: KindInvalidState}
	ErrRuntimeNotFound  error = &Error{Kind: KindRuntimeNotFound}
	ErrSpawnFailed      error = &Error{Kind: KindSpawnFailed}
	ErrStartTimeout     error = &Error{Kind: KindStartTimeout}
	ErrConnectFailed    error = &Error{Kind: KindConnectFailed}
	ErrProtocolMismatch error = &Error{Kind: KindProtocolMismatch}
	ErrRPC              error = &Error{Kind: KindRPC}
	ErrProcessExited    error = &Error{Kind: KindProcessExited}
	ErrTimeout          error = &Error{Kind: KindTimeout}
	ErrCancelled        error = &Error{Kind: KindCancelled}
	ErrProtocol         error = &Error{Kind: KindProtocol}
	ErrSessionError     error = &Error{Kind: KindSessionError}
	ErrSessionClosed    error = &Error{Kind: KindSessionClosed}
	ErrHandlerFailed    error = &Error{Kind: KindHandlerFailed}
	ErrInternal         error = &Error{Kind: KindInternal}
	ErrForked           error = &Error{Kind: KindForked}
	ErrStopFailed       error = &Error{Kind: KindStopFailed}
	ErrBadHandle        error = &Error{Kind: KindBadHandle}
	ErrBadText          error = &Error{Kind: KindBadText}
	ErrWouldDeadlock    error = &Error{Kind: KindWouldDeadlock}
	ErrUnsupported      error = &Error{Kind: KindUnsupported}
	ErrSchemaMismatch   error = &Error{Kind: KindSchemaMismatch}
)

// Reason says why something failed, for programs: a stable code with parameters. The constants that begin with Reason name the
// codes.
type Reason struct {
	// Code is stable, for example "session.disconnected".
	Code string
	// Params are the other members of the reason.
	Params map[string]any
}

// Error is what every call of this package fails with.
type Error struct {
	// Kind is what sort of thing went wrong.
	Kind Kind
	// Code is the JSON-RPC code of an error that the runtime answered, else 0.
	Code int64
	// Message says what was wrong and what to do about it.
	Message string
	// Data is details as JSON text; nil when there are none.
	Data json.RawMessage
	// Reason is why, with a stable code; nil when the error has none.
	Reason *Reason

	causes []error
}

// Error is the kind and the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return "copilot: " + e.Kind.String()
	}
	return "copilot: " + e.Kind.String() + ": " + e.Message
}

// Is reports whether target is the error of this kind, such as ErrTimeout.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Kind == e.Kind && other.Message == "" && other.Code == 0
}

// Unwrap gives what the caller's context ended with, if that was the reason.
func (e *Error) Unwrap() []error { return e.causes }

// takeError reads an error of the library and frees it.
func takeError(handle C.uintptr_t) error {
	if handle == 0 {
		return nil
	}
	var view C.copilot_go_error
	C.copilot_go_error_read(handle, &view)
	made := &Error{Kind: Kind(view.code), Message: C.GoString(view.message)}
	if view.has_rpc_code {
		made.Code = int64(view.rpc_code)
	}
	if view.data != nil {
		made.Data = json.RawMessage(C.GoString(view.data))
	}
	if view.reason != nil {
		made.Reason = readReason(C.GoString(view.reason))
	}
	C.copilot_go_error_free(handle)
	return made
}

func readReason(text string) *Reason {
	params := map[string]any{}
	if json.Unmarshal([]byte(text), &params) != nil {
		return nil
	}
	code, _ := params["code"].(string)
	delete(params, "code")
	return &Reason{Code: code, Params: params}
}

// contextError is what a call fails with whose context ended.
func contextError(ctx context.Context) error {
	made := &Error{Kind: KindCancelled, Message: "the caller gave the call up", causes: []error{ctx.Err()}}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		made.Kind, made.Message = KindTimeout, "the caller's deadline passed"
	}
	if cause := context.Cause(ctx); cause != ctx.Err() {
		made.causes = append(made.causes, cause)
	}
	return made
}

// badJSON is what a value that has no JSON form is refused with.
func badJSON(what string, err error) error {
	return &Error{Kind: KindInvalidType, Message: what + ": " + err.Error(), causes: []error{err}}
}

// CallError lets a handler say more about its failure than a text: a JSON-RPC code and details for the runtime.
type CallError struct {
	Message string
	// Code is a JSON-RPC code; 0 for none.
	Code int64
	// Data is anything that has a JSON form; nil for none.
	Data any
}

// Error is the message.
func (e *CallError) Error() string { return e.Message }
