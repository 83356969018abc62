package copilot

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import "unsafe"

// LibraryVersion is the version of the library that the program runs with, for example "0.1.0".
func LibraryVersion() string { return C.GoString(C.copilot_version()) }

// Has says whether the library can do something that not every build or version can, such as "inprocess"; copilot.h lists the words.
func Has(feature string) bool {
	word := C.CString(feature)
	defer C.free(unsafe.Pointer(word))
	return bool(C.copilot_has(word))
}

// LogLevel says how much the library logs.
type LogLevel uint32

// The levels, each with what the ones above it log.
const (
	LogOff   LogLevel = C.COPILOT_LOG_OFF
	LogError LogLevel = C.COPILOT_LOG_ERROR
	LogWarn  LogLevel = C.COPILOT_LOG_WARN
	LogInfo  LogLevel = C.COPILOT_LOG_INFO
	LogDebug LogLevel = C.COPILOT_LOG_DEBUG
	LogTrace LogLevel = C.COPILOT_LOG_TRACE
)

// logger is what C holds for the receiver of the log.
type logger struct {
	take func(level LogLevel, target, message string)
}

func (l *logger) letGo() {}

// SetLog says who gets what the library logs, from now on and for the whole process; nil for nobody. The function is called on threads
// of the library, several at a time, and must not call this package. A panic of it is dropped. The error is ErrUnsupported when the
// process has another receiver already.
func SetLog(level LogLevel, take func(level LogLevel, target, message string)) error {
	if take == nil {
		return takeError(C.copilot_go_log_set(C.uint32_t(level), 0))
	}
	return takeError(C.copilot_go_log_set(C.uint32_t(level), own(&logger{take})))
}

//export copilotGoLog
func copilotGoLog(user C.uintptr_t, level C.uint32_t, target, message *C.copilot_go_text) {
	defer func() { _ = recover() }()
	owner(user).(*logger).take(LogLevel(level), goText(target), goText(message))
}
