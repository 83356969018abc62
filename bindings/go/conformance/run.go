//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	copilot "github.com/copilot-native/copilot-native/bindings/go"
)

// unmet is what a case demands and does not hold; no expect_error takes it for the error of a call.
type unmet struct{ message string }

func (u *unmet) Error() string { return u.message }

func failed(format string, args ...any) error { return &unmet{fmt.Sprintf(format, args...)} }

// kept are the events that somebody sees.
type kept struct {
	mutex  sync.Mutex
	events []any
}

func (k *kept) add(event *copilot.Event) {
	value := parsed(event.JSON())
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.events = append(k.events, value)
}

func (k *kept) all() []any {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return k.events[:len(k.events):len(k.events)]
}

func (k *kept) types() []any {
	types := []any{}
	for _, event := range k.all() {
		types = append(types, event.(object)["type"])
	}
	return types
}

// ended is how a step or an iteration that runs beside the others went.
type ended struct {
	result any
	err    error
	last   string
}

// Run is one case: its peers, its names, its steps.
type Run struct {
	item      *Case
	runtime   string
	home      string
	recording string
	script    string

	mutex      sync.Mutex
	names      object
	clients    map[string]*copilot.Client
	hosts      map[string]any
	sessions   map[string]*copilot.Session
	kept       map[string]*kept
	leave      map[string]func()
	tasks      map[string]chan ended
	iterations map[string]chan ended
	processes  []*exec.Cmd
}

func runCase(item *Case, runtime string) (err error) {
	home, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	run := &Run{
		item: item, runtime: runtime, home: home, recording: filepath.Join(home, "recording.jsonl"),
		script: filepath.Join(home, "script.json"), names: object{"home": home}, clients: map[string]*copilot.Client{},
		hosts: map[string]any{}, sessions: map[string]*copilot.Session{}, kept: map[string]*kept{}, leave: map[string]func(){},
		tasks: map[string]chan ended{}, iterations: map[string]chan ended{},
	}
	// A case may panic in the runner, when it is not as it should be.
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("the runner panicked: %v", failure)
		}
	}()
	fake := item.Fake
	if fake == nil {
		fake = object{}
	}
	if err := write(run.script, fake); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer run.clean()
	if runtime == "real" {
		if err := run.startModel(); err != nil {
			return err
		}
	}
	for index, step := range item.Steps {
		if _, err := run.step(ctx, step); err != nil {
			return fmt.Errorf("step %d: %w", index, err)
		}
	}
	for _, line := range run.lines() {
		if line["dir"] == "failure" && !item.AllowFailures {
			return failed("the fake runtime reports %v", line)
		}
	}
	return nil
}

func write(path string, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}

// clean force-stops every client and ends every process that was started.
func (r *Run) clean() {
	r.mutex.Lock()
	clients := r.clients
	r.mutex.Unlock()
	for _, client := range clients {
		_ = client.Close()
	}
	for _, process := range r.processes {
		_ = process.Process.Kill()
		_ = process.Wait()
	}
}

func (r *Run) startModel() error {
	path := filepath.Join(r.home, "model.json")
	script := r.item.Model
	if script == nil {
		script = []any{}
	}
	if err := write(path, script); err != nil {
		return err
	}
	line, err := r.spawn(nil, os.Getenv("COPILOT_SCRIPTED_MODEL"), "--script", path)
	if err != nil {
		return err
	}
	r.names["modelUrl"] = line[strings.LastIndex(line, " ")+1:]
	return nil
}

// spawn starts a process that runs until the end of the case, and gives its first line.
func (r *Run) spawn(env []string, path string, args ...string) (string, error) {
	process := exec.Command(path, args...)
	process.Env = append(os.Environ(), env...)
	if _, err := process.StdinPipe(); err != nil {
		return "", err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := process.Start(); err != nil {
		return "", err
	}
	r.processes = append(r.processes, process)
	reader := bufio.NewReader(out)
	line, err := reader.ReadString('\n')
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	return strings.TrimSpace(line), err
}

// lines is what the fake runtime has recorded.
func (r *Run) lines() []object {
	content, _ := os.ReadFile(r.recording)
	var found []object
	for line := range strings.Lines(string(content)) {
		if strings.HasSuffix(line, "\n") {
			found = append(found, parsed([]byte(line)).(object))
		}
	}
	return found
}

// frames are the messages of the SDK that have a method.
func (r *Run) frames() []object {
	var found []object
	for _, line := range r.lines() {
		frame, _ := line["frame"].(object)
		if line["dir"] == "in" && frame["method"] != nil {
			found = append(found, frame)
		}
	}
	return found
}

func (r *Run) pid() int {
	for _, line := range r.lines() {
		if line["dir"] == "start" {
			return int(line["pid"].(float64))
		}
	}
	return 0
}

func (r *Run) alive() bool {
	pid := r.pid()
	return pid != 0 && syscall.Kill(pid, 0) == nil
}

func (r *Run) modelRequests() []any {
	answer, err := http.Get(strings.TrimSuffix(text(r.names["modelUrl"]), "/v1") + "/_requests")
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	content, _ := io.ReadAll(answer.Body)
	return list(parsed(content))
}

// until looks at once and again until it holds or the time is over.
func until(args object, what string, holds func() bool) error {
	limit := number(args, "within_ms", 5000)
	deadline := time.Now().Add(time.Duration(limit) * time.Millisecond)
	for !holds() {
		if !time.Now().Before(deadline) {
			return failed("not seen within %v ms: %s", limit, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// step runs one step and keeps its result under its name.
func (r *Run) step(ctx context.Context, step object) (any, error) {
	for verb, given := range step {
		run, known := verbs[verb]
		if !known {
			return nil, failed("there is no verb %s", verb)
		}
		args, _ := given.(object)
		if verb != "expect_error" && verb != "begin" && verb != "parallel" {
			r.mutex.Lock()
			args, _ = resolve(given, r.names).(object)
			r.mutex.Unlock()
		}
		result, err := run(r, ctx, args)
		if err != nil {
			return nil, err
		}
		if expected, has := args["expect"]; has && !matches(expected, result) {
			return nil, failed("%s: %v does not match %v", verb, result, expected)
		}
		if as := text(args["as"]); as != "" && verb != "begin" && verb != "on" && verb != "client" && verb != "iterate" {
			r.mutex.Lock()
			r.names[as] = result
			r.mutex.Unlock()
		}
		return result, nil
	}
	return nil, failed("a step without a verb")
}

// kindOf is the engine's name for an error.
func kindOf(err error) string {
	var own *copilot.Error
	if errors.As(err, &own) {
		return own.Kind.String()
	}
	return fmt.Sprintf("%T", err)
}

// quiet is a logger for handlers that are meant to fail.
var quiet = slog.New(slog.DiscardHandler)
