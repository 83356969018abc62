//go:build !copilot_flags

package copilot

// The installed library is found by pkg-config. With the build tag copilot_flags nothing is looked up, and CGO_CFLAGS and
// CGO_LDFLAGS say where the header and the library are.

// #cgo pkg-config: copilot
import "C"
