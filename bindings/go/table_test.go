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
	var rows []struct{ Scope, Name, Go string }
	table(t, "calls.json", &rows)
	owners := map[string]reflect.Type{
		"client": reflect.TypeFor[*Client](), "session": reflect.TypeFor[*Session](),
		"ModelResponse": reflect.TypeFor[*ModelResponse](),
		// Returning from it ends the answer; an error fails it.
		"ModelRequestHandler": reflect.TypeFor[ModelRequestHandler](),
	}
	if len(rows) < 30 {
		t.Fatalf("only %d calls are in the table", len(rows))
	}
	for _, row := range rows {
		owner, name, elsewhere := strings.Cut(row.Go, ".")
		if owners[row.Go] != nil {
			continue
		}
		if !elsewhere {
			owner, name = row.Scope, row.Go
		}
		if _, there := owners[owner].MethodByName(name); !there {
			t.Errorf("%s.%s: there is no %v.%s", row.Scope, row.Name, owners[owner], name)
		}
	}
}
