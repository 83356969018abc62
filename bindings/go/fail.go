package copilot

// #include "bridge.h"
import "C"

import (
	"encoding/json"
	"errors"
	"strings"
)

// fail answers a question with an error.
func fail(call C.uintptr_t, err error) C.uintptr_t {
	message, code, data := err.Error(), int64(0), ""
	var detailed *CallError
	var own *Error
	switch {
	case errors.As(err, &detailed):
		code = detailed.Code
		if detailed.Data != nil {
			if text, wrong := json.Marshal(detailed.Data); wrong == nil {
				data = string(text)
			}
		}
	case errors.As(err, &own):
		code, data = own.Code, string(own.Data)
	}
	return C.copilot_go_call_fail(call, str(strings.ToValidUTF8(message, "\uFFFD")), C.int64_t(code), optional(data))
}
