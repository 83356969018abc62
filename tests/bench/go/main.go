// Every measure through the Go package.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	copilot "github.com/copilot-native/copilot-native/bindings/go"
)

const flight = 64

var (
	ctx    = context.Background()
	client *copilot.Client
	limit  = time.Duration(number("BENCH_LIMIT")) * time.Second
	report = map[string]float64{}
	calls  atomic.Int64
)

func number(name string) int {
	value, err := strconv.Atoi(os.Getenv(name))
	check(err)
	return value
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

// status is a line of /proc/self/status, in KB.
func status(line string) float64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), line)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	value, _ := strconv.ParseFloat(fields[0], 64)
	return value
}

func cpu() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func times(name string, micros []float64) {
	if len(micros) == 0 {
		return
	}
	slices.Sort(micros)
	report[name+"_p50_us"] = micros[(len(micros)-1)/2]
	report[name+"_p99_us"] = micros[(len(micros)-1)*99/100]
}

// seen is what a handler has seen.
type seen struct {
	deltas, text int
	latencies    []float64
	done         chan struct{}
}

func newSeen() *seen { return &seen{done: make(chan struct{})} }

func (s *seen) event(event *copilot.Event) {
	switch event.Type {
	case copilot.EventAssistantMessageDelta:
		text := event.DeltaText()
		if s.latencies != nil {
			digits := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
			if digits < 0 {
				digits = len(text)
			}
			sent, _ := strconv.ParseFloat(text[:digits], 64)
			s.latencies[s.deltas] = float64(time.Now().UnixNano())/1e3 - sent
		}
		s.deltas++
		s.text += len(text)
	case copilot.EventSessionIdle:
		close(s.done)
	}
}

// wait ends at the latest with the limit: what had not come counts as lost.
func (s *seen) wait() {
	select {
	case <-s.done:
	case <-time.After(limit):
	}
}

func open(seen *seen) *copilot.Session {
	tool := copilot.DefineTool("bench", "Answers ok", func(context.Context, struct{}) (string, error) {
		calls.Add(1)
		return "ok", nil
	})
	session := must(client.CreateSession(ctx, &copilot.SessionConfig{
		Streaming: new(true),
		Tools:     []copilot.Tool{tool},
		OnPermissionRequest: func(context.Context, *copilot.PermissionRequest) (copilot.PermissionDecision, error) {
			return copilot.ApproveOnce(), nil
		},
	}))
	session.On(seen.event)
	return session
}

func turn(prompt string, seen *seen) {
	session := open(seen)
	must(session.Send(ctx, prompt, nil))
	seen.wait()
	check(session.Disconnect(ctx))
}

func pings() {
	micros := make([]float64, number("BENCH_PINGS"))
	for n := range micros {
		start := time.Now()
		must(client.Ping(ctx, "x"))
		micros[n] = float64(time.Since(start).Nanoseconds()) / 1e3
	}
	times("ping", micros)
	count := number("BENCH_FLIGHT")
	var left atomic.Int64
	left.Store(int64(count))
	start := time.Now()
	var all sync.WaitGroup
	for range flight {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				must(client.Ping(ctx, "x"))
			}
		})
	}
	all.Wait()
	report["pings_per_s"] = float64(count) / time.Since(start).Seconds()
}

func flood(name string, count, bytes int) {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	seen := newSeen()
	memory, start, spent := status("VmRSS:"), time.Now(), cpu()
	turn(fmt.Sprintf("flood %d %d", count, bytes), seen)
	full := seen.text / bytes
	report[name+"_per_s"] = float64(full) / time.Since(start).Seconds()
	report[name+"_cpu_s"] = (cpu() - spent).Seconds() * 1e5 / float64(max(full, 1))
	report[name+"_peak_mb"] = (status("VmHWM:") - memory) / 1024
	report[name+"_lost"] = float64(count - full)
}

func paced() {
	count := number("BENCH_PACED")
	seen := newSeen()
	seen.latencies = make([]float64, count)
	turn(fmt.Sprintf("paced %d", count), seen)
	report["paced_lost"] = float64(count - seen.deltas)
	times("delta", seen.latencies[:seen.deltas])
}

func tools(inFlight int) {
	name, count := fmt.Sprintf("tools%d", inFlight), number("BENCH_TOOLS")
	calls.Store(0)
	start := time.Now()
	turn(fmt.Sprintf("tools %d %d", count, inFlight), newSeen())
	report[name+"_per_s"] = float64(calls.Load()) / time.Since(start).Seconds()
	report[name+"_lost"] = float64(int64(count) - calls.Load())
}

func sessions() {
	made := make([]*copilot.Session, number("BENCH_SESSIONS"))
	memory, start := status("VmRSS:"), time.Now()
	for n := range made {
		made[n] = open(newSeen())
	}
	report["sessions_per_s"] = float64(len(made)) / time.Since(start).Seconds()
	report["session_kb"] = (status("VmRSS:") - memory) / float64(len(made))
	for _, session := range made {
		check(session.Disconnect(ctx))
	}
}

func streams() {
	events, deltas := number("BENCH_STREAM_EVENTS"), 0
	all := make([]*seen, number("BENCH_STREAMS"))
	made := make([]*copilot.Session, len(all))
	for n := range all {
		all[n] = newSeen()
		made[n] = open(all[n])
	}
	start := time.Now()
	for _, session := range made {
		go func() { must(session.Send(ctx, fmt.Sprintf("flood %d 64", events), nil)) }()
	}
	for _, seen := range all {
		seen.wait()
		deltas += seen.deltas
	}
	report["streams_ms"] = float64(time.Since(start).Nanoseconds()) / 1e6
	report["streams_lost"] = float64(len(all)*events - deltas)
}

func main() {
	start := time.Now()
	client = must(copilot.NewClient(&copilot.ClientOptions{Connection: copilot.Stdio(os.Getenv("BENCH_FAKE"))}))
	must(client.Start(ctx))
	report["start_ms"] = float64(time.Since(start).Nanoseconds()) / 1e6
	pings()
	flood("flood64", number("BENCH_FLOOD"), 64)
	flood("flood4k", number("BENCH_FLOOD_BIG"), 4096)
	paced()
	tools(1)
	tools(16)
	sessions()
	streams()
	start = time.Now()
	check(client.Stop(ctx))
	report["stop_ms"] = float64(time.Since(start).Nanoseconds()) / 1e6
	check(client.Close())
	check(json.NewEncoder(os.Stdout).Encode(report))
}
