//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// object is any JSON object.
type object = map[string]any

var reference = regexp.MustCompile(`\$([A-Za-z_][\w-]*)((?:\.[\w-]+)*)`)

func lookup(names object, name, path string) (any, bool) {
	value, found := names[name]
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' }) {
		switch inner := value.(type) {
		case object:
			value, found = inner[part]
		case []any:
			index, err := strconv.Atoi(part)
			found = err == nil && index < len(inner)
			if found {
				value = inner[index]
			}
		default:
			found = false
		}
		if !found {
			return nil, false
		}
	}
	return value, found
}

// resolve replaces references in every string of a value; unknown names stay.
func resolve(value any, names object) any {
	switch value := value.(type) {
	case object:
		if repeat, has := value["$repeat"].([]any); has && len(value) == 1 {
			return strings.Repeat(repeat[0].(string), int(repeat[1].(float64)))
		}
		made := object{}
		for key, item := range value {
			made[key] = resolve(item, names)
		}
		return made
	case []any:
		made := make([]any, len(value))
		for index, item := range value {
			made[index] = resolve(item, names)
		}
		return made
	case string:
		if whole := reference.FindStringSubmatch(value); whole != nil && whole[0] == value {
			if item, found := lookup(names, whole[1], whole[2]); found {
				return item
			}
			return value
		}
		return reference.ReplaceAllStringFunc(value, func(text string) string {
			parts := reference.FindStringSubmatch(text)
			if item, found := lookup(names, parts[1], parts[2]); found {
				return fmt.Sprint(item)
			}
			return text
		})
	}
	return value
}

func matches(pattern, value any) bool {
	switch pattern := pattern.(type) {
	case object:
		if len(pattern) == 1 {
			if _, any := pattern["$any"]; any {
				return true
			}
			if part, has := pattern["$contains"]; has {
				text, isText := value.(string)
				return isText && strings.Contains(text, part.(string))
			}
			if choices, has := pattern["$oneOf"].([]any); has {
				for _, choice := range choices {
					if matches(choice, value) {
						return true
					}
				}
				return false
			}
		}
		members, isObject := value.(object)
		if !isObject {
			return false
		}
		for key, each := range pattern {
			member, there := members[key]
			if reflect.DeepEqual(each, object{"$absent": true}) {
				if there {
					return false
				}
			} else if !there || !matches(each, member) {
				return false
			}
		}
		return true
	case []any:
		items, isList := value.([]any)
		if !isList || len(items) != len(pattern) {
			return false
		}
		for index, each := range pattern {
			if !matches(each, items[index]) {
				return false
			}
		}
		return true
	}
	return pattern == value
}

// inOrder says whether values that match the patterns stand in this order, others in between allowed.
func inOrder(patterns, values []any) bool {
	for _, pattern := range patterns {
		found := false
		for len(values) > 0 && !found {
			found = matches(pattern, values[0])
			values = values[1:]
		}
		if !found {
			return false
		}
	}
	return true
}

// plain is a value as JSON would show it.
func plain(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return parsed(text)
}

func parsed(text []byte) any {
	if len(text) == 0 {
		return nil
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		panic(fmt.Sprintf("%v: %.200s", err, text))
	}
	return value
}

func text(value any) string {
	words, _ := value.(string)
	return words
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}

// number is a member, or what stands for it when it is missing.
func number(args object, name string, missing float64) float64 {
	if value, has := args[name].(float64); has {
		return value
	}
	return missing
}

func name(args object, key, missing string) string {
	if words := text(args[key]); words != "" {
		return words
	}
	return missing
}
