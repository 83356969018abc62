// Command check reads cases (a type's name, a tab, JSON text) and prints what each type makes of its text, one line per case. The tests of
// generated code compare the two.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

func again(name, text []byte) string {
	value := made(string(name))
	if value == nil {
		return "unknown type"
	}
	if err := json.Unmarshal(text, value); err != nil {
		return "error: " + err.Error()
	}
	back, err := json.Marshal(value)
	if err != nil {
		return "error: " + err.Error()
	}
	return string(back)
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := lines.ReadBytes('\n')
		if name, text, found := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("\t")); found {
			fmt.Fprintln(out, again(name, text))
		}
		if err != nil {
			return
		}
	}
}
