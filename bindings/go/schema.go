package copilot

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// SchemaFor is the JSON Schema of a Go type, as far as the type says it: names and omission follow the json tags, the tag
// `jsonschema:"…"` of a member is its description, the tag `enum:"a,b"` lists the texts that are allowed. Members without omitempty
// or omitzero that are no pointers are required.
func SchemaFor[T any]() map[string]any {
	return schemaOf(reflect.TypeFor[T](), map[reflect.Type]bool{})
}

var (
	timeType    = reflect.TypeFor[time.Time]()
	rawType     = reflect.TypeFor[json.RawMessage]()
	ownTextType = reflect.TypeFor[encoding.TextMarshaler]()
	ownJSONType = reflect.TypeFor[json.Marshaler]()
)

func schemaOf(kind reflect.Type, above map[reflect.Type]bool) map[string]any {
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch {
	case kind == timeType:
		return map[string]any{"type": "string", "format": "date-time"}
	case kind == rawType, kind.Implements(ownJSONType), above[kind]:
		// Anything: the type writes itself, or holds itself.
		return map[string]any{}
	case kind.Implements(ownTextType):
		return map[string]any{"type": "string"}
	}
	switch kind.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice, reflect.Array:
		if kind.Elem().Kind() == reflect.Uint8 && kind.Kind() == reflect.Slice {
			return map[string]any{"type": "string", "contentEncoding": "base64"}
		}
		return map[string]any{"type": "array", "items": schemaOf(kind.Elem(), above)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(kind.Elem(), above)}
	case reflect.Struct:
		above[kind] = true
		defer delete(above, kind)
		properties, required := map[string]any{}, []string{}
		members(kind, above, properties, &required)
		schema := map[string]any{"type": "object", "properties": properties}
		if len(required) > 0 {
			schema["required"] = required
		}
		return schema
	}
	return map[string]any{}
}

// members collects what JSON makes of a struct, members of embedded structs included.
func members(kind reflect.Type, above map[reflect.Type]bool, properties map[string]any, required *[]string) {
	for index := range kind.NumField() {
		field := kind.Field(index)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" && options == "" {
			continue
		}
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if field.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			members(inner, above, properties, required)
			continue
		}
		if !field.IsExported() {
			continue
		}
		if name == "" {
			name = field.Name
		}
		schema := schemaOf(field.Type, above)
		if words := field.Tag.Get("jsonschema"); words != "" {
			schema["description"] = words
		}
		if values := field.Tag.Get("enum"); values != "" {
			schema["enum"] = strings.Split(values, ",")
		}
		properties[name] = schema
		if field.Type.Kind() != reflect.Pointer && !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
}
