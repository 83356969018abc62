package copilot

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// table reads a table of the repository.
func table(t *testing.T, name string, rows any) {
	t.Helper()
	content, err := os.ReadFile("../../tests/conformance/" + name)
	if err != nil {
		t.Skip("the tables of the repository are not here")
	}
	if err := json.Unmarshal(content, rows); err != nil {
		t.Fatal(err)
	}
}

func TestEveryCallIsThere(t *testing.T) {
	var rows []struct{ Scope, Name string }
	table(t, "calls.json", &rows)
	client, owner, response := reflect.TypeFor[*Client](), reflect.TypeFor[*Session](), reflect.TypeFor[*ModelResponse]()
	others := map[string]struct {
		owner reflect.Type
		name  string
	}{
		"client.call": {client, "Invoke"}, "session.call": {owner, "Invoke"},
		"client.llmStart": {response, "Start"}, "client.llmWriteText": {response, "WriteString"},
		"client.llmWriteBytes": {response, "Write"},
		// The package says these two when the handler returns.
		"client.llmEnd": {response, "Write"}, "client.llmFail": {response, "Write"},
	}
	if len(rows) < 30 {
		t.Fatalf("only %d calls are in the table", len(rows))
	}
	for _, row := range rows {
		of := client
		if row.Scope == "session" {
			of = owner
		}
		name := strings.ToUpper(row.Name[:1]) + row.Name[1:]
		name = strings.NewReplacer("Ahp", "AHP", "SessionId", "SessionID").Replace(name)
		if other, has := others[row.Scope+"."+row.Name]; has {
			of, name = other.owner, other.name
		}
		if _, there := of.MethodByName(name); !there {
			t.Errorf("%s.%s: there is no %v.%s", row.Scope, row.Name, of, name)
		}
	}
}
