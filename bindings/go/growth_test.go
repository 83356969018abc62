package copilot

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// settle gives the collector and what it cleans up time to finish.
func settle() {
	for range 3 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
}

func resident(t *testing.T) int {
	t.Helper()
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("this system does not tell how much memory is used")
	}
	pages, _ := strconv.Atoi(strings.Fields(string(content))[1])
	return pages * os.Getpagesize()
}

func cycle(t *testing.T, client *Client) {
	made, err := client.CreateSession(context.Background(), &SessionConfig{
		Tools:               []Tool{DefineTool("add", "Adds", func(context.Context, struct{ A int }) (string, error) { return "", nil })},
		OnPermissionRequest: ApproveAll, OnEvent: func(*Event) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	made.On(func(*Event) {})
	stop := made.Events(context.Background())
	_ = stop
	if _, err := made.SendAndWait(context.Background(), "x", nil); err != nil {
		t.Fatal(err)
	}
	if err := made.Disconnect(context.Background()); err != nil {
		t.Fatal(err)
	}
	_ = made.Close()
}

func TestManySessionsLeaveNothing(t *testing.T) {
	client := peer(t, "", nil)
	rounds := 300
	if os.Getenv("COPILOT_SOAK") != "" {
		rounds = 20000
	}
	for range rounds {
		cycle(t, client)
	}
	settle()
	goroutines, memory, live := runtime.NumGoroutine(), resident(t), liveBytes()
	for range rounds {
		cycle(t, client)
	}
	settle()
	if grown := runtime.NumGoroutine() - goroutines; grown > 2 {
		t.Errorf("%d goroutines more", grown)
	}
	if grown := liveBytes() - live; grown > 128<<10 {
		t.Errorf("%d bytes of Go more", grown)
	}
	if grown := resident(t) - memory; grown > 4<<20+rounds*200 {
		t.Errorf("%d bytes more", grown)
	}
	client.mutex.Lock()
	open := len(client.sessions)
	client.mutex.Unlock()
	if open != 0 || len(client.state.open) != 0 {
		t.Errorf("%d sessions are still known", open)
	}
}

func threads(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip("this system does not tell its threads")
	}
	return len(entries)
}

func TestManyClientsLeaveNothing(t *testing.T) {
	round := func() {
		for range 20 {
			client := loosePeer(t, "", nil)
			cycle(t, client)
			if err := client.Close(); err != nil {
				t.Fatal(err)
			}
		}
		settle()
	}
	round()
	goroutines, before := runtime.NumGoroutine(), threads(t)
	round()
	soon(t, "no thread and no goroutine is left", func() bool {
		return threads(t) <= before+2 && runtime.NumGoroutine() <= goroutines+1
	})
}

func liveBytes() int {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// forgotten makes a client with a session and loses both. The result tells when the callbacks of both were let go.
func forgotten(t *testing.T) (pid int, sessionGone, clientGone chan struct{}) {
	client := loosePeer(t, "", nil)
	made, err := client.CreateSession(context.Background(), &SessionConfig{OnPermissionRequest: ApproveAll})
	if err != nil {
		t.Fatal(err)
	}
	made.On(func(*Event) {})
	if _, err := made.SendAndWait(context.Background(), "x", nil); err != nil {
		t.Fatal(err)
	}
	seen, err := client.Diagnostics()
	if err != nil {
		t.Fatal(err)
	}
	sessionGone, clientGone = make(chan struct{}), make(chan struct{})
	runtime.AddCleanup(made.state, func(gone chan struct{}) { close(gone) }, sessionGone)
	runtime.AddCleanup(client.state, func(gone chan struct{}) { close(gone) }, clientGone)
	return seen.RuntimePID, sessionGone, clientGone
}

func TestForgottenClientIsCollected(t *testing.T) {
	threads(t)
	pid, sessionGone, clientGone := forgotten(t)
	soon(t, "the runtime is gone", func() bool {
		runtime.GC()
		_, err := os.Stat("/proc/" + strconv.Itoa(pid) + "/exe")
		return err != nil
	})
	for _, gone := range []chan struct{}{sessionGone, clientGone} {
		soon(t, "what C held is gone", func() bool {
			runtime.GC()
			select {
			case <-gone:
				return true
			default:
				return false
			}
		})
	}
}

func TestSessionLivesWithItsClient(t *testing.T) {
	client := peer(t, "", nil)
	seen := make(chan struct{}, 1)
	id := func() string {
		made := session(t, client, nil)
		made.OnType("fake.late", func(*Event) { seen <- struct{}{} })
		return made.ID()
	}()
	settle()
	event := map[string]any{"type": "fake.late", "data": map[string]any{}}
	if _, err := client.Invoke(within(t), "fake.emit", map[string]any{"sessionId": id, "event": event}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-seen:
	case <-within(t).Done():
		t.Fatal("the session was collected although its client is there")
	}
}
