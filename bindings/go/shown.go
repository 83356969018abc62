package copilot

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"
)

// What may hold a secret is printed and logged as the names of the members that are set, without their values.

// Format leaves out the values, which may be secret.
func (c Connection) Format(to fmt.State, _ rune) { show(to, c) }

// LogValue leaves out the values, which may be secret.
func (c Connection) LogValue() slog.Value { return slog.StringValue(shown(c)) }

// Format leaves out the values, which may be secret.
func (o ClientOptions) Format(to fmt.State, _ rune) { show(to, o) }

// LogValue leaves out the values, which may be secret.
func (o ClientOptions) LogValue() slog.Value { return slog.StringValue(shown(o)) }

// Format leaves out the values, which may be secret.
func (c SessionConfig) Format(to fmt.State, _ rune) { show(to, c) }

// LogValue leaves out the values, which may be secret.
func (c SessionConfig) LogValue() slog.Value { return slog.StringValue(shown(c)) }

// Format leaves out the values, which may be secret.
func (o SendOptions) Format(to fmt.State, _ rune) { show(to, o) }

// LogValue leaves out the values, which may be secret.
func (o SendOptions) LogValue() slog.Value { return slog.StringValue(shown(o)) }

// Format leaves out the values, which may be secret.
func (t GitHubToken) Format(to fmt.State, _ rune) { show(to, t) }

// LogValue leaves out the values, which may be secret.
func (t GitHubToken) LogValue() slog.Value { return slog.StringValue(shown(t)) }

// Format leaves out the values, which may be secret.
func (a MCPAuthAnswer) Format(to fmt.State, _ rune) { show(to, a) }

// LogValue leaves out the values, which may be secret.
func (a MCPAuthAnswer) LogValue() slog.Value { return slog.StringValue(shown(a)) }

// Format leaves out the values, which may be secret.
func (a AHPAuthentication) Format(to fmt.State, _ rune) { show(to, a) }

// LogValue leaves out the values, which may be secret.
func (a AHPAuthentication) LogValue() slog.Value { return slog.StringValue(shown(a)) }

// Format leaves out the values, which may be secret.
func (h AHPHost) Format(to fmt.State, _ rune) { show(to, h) }

// LogValue leaves out the values, which may be secret.
func (h AHPHost) LogValue() slog.Value { return slog.StringValue(shown(h)) }

func show(to fmt.State, value any) { _, _ = fmt.Fprint(to, shown(value)) }

// shown is the type's name and the members that are set.
func shown(value any) string {
	of := reflect.ValueOf(value)
	var set []string
	for at := range of.NumField() {
		if field := of.Type().Field(at); field.IsExported() && !of.Field(at).IsZero() {
			set = append(set, field.Name)
		}
	}
	return of.Type().String() + "{" + strings.Join(set, ", ") + "}"
}
