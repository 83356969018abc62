// The plan of README.md through the Go package.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"time"

	copilot "github.com/copilot-native/copilot-native/bindings/go"
)

const limit = time.Minute

type result struct {
	Step    string `json:"step"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Force   string `json:"force"`
}

type sample struct {
	Micros []int64 `json:"micros"`
	Failed int     `json:"failed"`
}

var stdin = bufio.NewReader(os.Stdin)

func plan(name string) string { return os.Getenv("FAULTS_" + name) }

func number(name string) int {
	value, _ := strconv.Atoi(plan(name))
	return value
}

func say(value any) {
	text, ok := value.(string)
	if !ok {
		encoded, _ := json.Marshal(value)
		text = string(encoded)
	}
	fmt.Println(text)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func kindOf(err error) string {
	var known *copilot.Error
	if errors.As(err, &known) {
		return known.Kind.String()
	}
	return fmt.Sprintf("%T", err)
}

// limitOf is the context of a step.
func limitOf(step string) (context.Context, context.CancelFunc) {
	if plan("HANGS") == step {
		return context.WithTimeout(context.Background(), time.Duration(number("LIMIT"))*time.Millisecond)
	}
	return context.WithTimeout(context.Background(), limit)
}

func newClient() *copilot.Client {
	connection := &copilot.Connection{Kind: plan("CONNECTION"), Path: plan("RUNTIME")}
	options := copilot.ClientOptions{Connection: connection, BaseDirectory: plan("HOME"), UseLoggedInUser: new(false)}
	if more := plan("OPTIONS"); more != "" {
		check(json.Unmarshal([]byte(more), &options))
	}
	return must(copilot.NewClient(&options))
}

func newSession(ctx context.Context, client *copilot.Client, aloud bool) (*copilot.Session, error) {
	var config copilot.SessionConfig
	check(json.Unmarshal([]byte(plan("SESSION")), &config))
	config.Tools = []copilot.Tool{copilot.DefineTool("probe", "Answers ok", func(ctx context.Context, _ struct{}) (string, error) {
		if aloud {
			say("tool")
			if plan("TOOL") == "wait" {
				<-ctx.Done()
			}
		}
		return "ok", nil
	})}
	config.OnPermissionRequest = func(context.Context, *copilot.PermissionRequest) (copilot.PermissionDecision, error) {
		return copilot.ApproveOnce(), nil
	}
	if id := plan("RESUME"); id != "" {
		return client.ResumeSession(ctx, id, &config)
	}
	return client.CreateSession(ctx, &config)
}

// turn is start, session, turn and stop; the first that fails is told, and the client stopped by force.
func turn() result {
	client := newClient()
	var session *copilot.Session
	steps := []struct {
		name string
		run  func(context.Context) error
	}{
		{"start", func(ctx context.Context) error { _, err := client.Start(ctx); return err }},
		{"create", func(ctx context.Context) (err error) { session, err = newSession(ctx, client, true); return err }},
		{"turn", func(ctx context.Context) error {
			_, err := session.SendAndWait(ctx, "go", &copilot.SendOptions{IdempotencyKey: plan("KEY")})
			return err
		}},
		{"stop", client.Stop},
	}
	told := result{}
	for _, step := range steps {
		ctx, cancel := limitOf(step.name)
		err := step.run(ctx)
		cancel()
		if err == nil {
			continue
		}
		told = result{Step: step.name, Kind: kindOf(err), Message: err.Error()}
		ctx, cancel = limitOf("force")
		if err := client.ForceStop(ctx); err != nil {
			told.Force = err.Error()
		}
		cancel()
		break
	}
	check(client.Close())
	return told
}

// mark waits until the driver has looked at this process.
func mark() {
	runtime.GC()
	say("mark")
	_, _ = stdin.ReadString('\n')
}

func cycles() result {
	// The first timer makes two descriptors of Go's own, which stay.
	time.Sleep(time.Millisecond)
	for cycle := range number("COUNT") {
		if cycle == number("WARM") {
			mark()
		}
		client := newClient()
		session := must(newSession(context.Background(), client, false))
		must(session.SendAndWait(context.Background(), "go", nil))
		check(client.Stop(context.Background()))
		check(client.Close())
	}
	mark()
	return result{}
}

var seen sample

func timed(run func(context.Context) error) {
	ctx, cancel := limitOf("turn")
	defer cancel()
	start := time.Now()
	if err := run(ctx); err != nil {
		seen.Failed++
		log.Print(err)
	} else {
		seen.Micros = append(seen.Micros, time.Since(start).Microseconds())
	}
	time.Sleep(10 * time.Millisecond)
}

// round is one of conversations; every third ends politely, by force, by a runtime that dies in a turn.
func round(number int) {
	ctx := context.Background()
	client := newClient()
	timed(func(ctx context.Context) error { _, err := client.Start(ctx); return err })
	session := must(newSession(ctx, client, false))
	for turn := range 20 {
		prompt := "hello"
		if turn%5 == 4 {
			prompt = "tool"
		}
		timed(func(ctx context.Context) error { _, err := session.SendAndWait(ctx, prompt, nil); return err })
		if turn%7 == 6 {
			must(session.Send(ctx, "long", nil))
			check(session.Abort(ctx))
			check(session.Disconnect(ctx))
			session = must(newSession(ctx, client, false))
		}
	}
	switch number % 3 {
	case 0:
		check(client.Stop(ctx))
	case 2:
		_, err := session.SendAndWait(ctx, "die", nil)
		if !errors.Is(err, copilot.ErrProcessExited) && !errors.Is(err, copilot.ErrSessionClosed) {
			seen.Failed++
		}
		fallthrough
	default:
		check(client.ForceStop(ctx))
	}
	check(client.Close())
}

func soak() result {
	end, told := time.Now().Add(time.Duration(number("SECONDS"))*time.Second), time.Now()
	for n := 0; time.Now().Before(end); n++ {
		round(n)
		if time.Since(told) >= time.Duration(number("INTERVAL"))*time.Second {
			say(seen)
			seen, told = sample{}, time.Now()
		}
	}
	return result{}
}

func main() {
	modes := map[string]func() result{"turn": turn, "cycles": cycles, "soak": soak}
	say(modes[plan("MODE")]())
}
