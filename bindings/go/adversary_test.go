package copilot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// How long a program waits before it gives a call up, and by when a call must have ended then.
const (
	adversaryPatience = 150 * time.Millisecond
	adversaryBound    = 120 * time.Second
	adversaryAtOnce   = 12
)

// adversarySeeds are those of ADVERSARY_SEEDS=FROM..TO; one number repeats one.
func adversarySeeds() (from, to int) {
	chosen := os.Getenv("ADVERSARY_SEEDS")
	if chosen == "" {
		chosen = "0..40"
	}
	first, last, isRange := strings.Cut(chosen, "..")
	from, _ = strconv.Atoi(first)
	if to = from + 1; isRange {
		to, _ = strconv.Atoi(last)
	}
	return from, to
}

// life is a program that uses what it can.
type life struct {
	t         *testing.T
	seed      int
	questions atomic.Int64
	outcomes  *sync.Map
	calls     sync.WaitGroup
}

// try runs a call that is given up after a while. It must end, with a result or an error of the package that has a text.
func (l *life) try(what string, patience time.Duration, call func(ctx context.Context) error) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ended := make(chan error, 1)
	l.calls.Add(1)
	go func() {
		defer l.calls.Done()
		ended <- call(ctx)
	}()
	select {
	case err := <-ended:
		var known *Error
		switch {
		case err == nil:
			l.outcomes.Store("result", true)
		case !errors.As(err, &known) || err.Error() == "" || known.Kind == KindInternal:
			l.t.Errorf("seed %d: %s: %T: %v", l.seed, what, err, err)
		default:
			l.outcomes.Store(known.Kind.String(), true)
		}
		return err == nil
	case <-time.After(adversaryBound):
		l.t.Errorf("seed %d: %s never ended", l.seed, what)
		return false
	}
}

// answer is what a handler gives: something right, wrong, an error, or a panic.
func (l *life) answer(right any) (any, error) {
	switch l.questions.Add(1) % 4 {
	case 0:
		return right, nil
	case 1:
		return nil, errors.New("no")
	case 2:
		return 7, nil
	default:
		panic(fmt.Sprintf("seed %d", l.seed))
	}
}

func (l *life) config() *SessionConfig {
	text := func() (string, error) {
		_, err := l.answer("")
		return "text", err
	}
	return &SessionConfig{
		SessionID: "s",
		Tools: []Tool{DefineTool("t", "", func(context.Context, struct {
			Value any `json:"value"`
		}) (any, error) {
			return l.answer("done")
		})},
		Commands:            []Command{{Name: "c", Handler: func(context.Context, *CommandInvocation) error { _, err := text(); return err }}},
		Factories:           []Factory{{Name: "f", Handler: func(context.Context, *FactoryRun) (any, error) { return l.answer(1) }}},
		OnEvent:             func(event *Event) { _ = event.DeltaText() },
		OnPermissionRequest: ApproveAll,
		OnUserInputRequest: func(context.Context, *UserInputRequest) (UserInputAnswer, error) {
			said, err := text()
			return UserInputAnswer{Answer: said}, err
		},
		OnElicitationRequest: func(context.Context, *ElicitationRequest) (ElicitationAnswer, error) {
			said, err := text()
			return ElicitationAnswer{Action: said}, err
		},
		OnExitPlanModeRequest: func(context.Context, *ExitPlanModeRequest) (ExitPlanModeAnswer, error) {
			_, err := text()
			return ExitPlanModeAnswer{}, err
		},
		OnAutoModeSwitchRequest: func(context.Context, *AutoModeSwitchRequest) (string, error) { return text() },
		OnMCPAuthRequest:        func(context.Context, *MCPAuthRequest) (*MCPAuthAnswer, error) { _, err := text(); return nil, err },
		Hooks: map[string]HookHandler{
			"preToolUse":   func(context.Context, *HookInput) (any, error) { return l.answer(map[string]any{}) },
			"sessionStart": func(context.Context, *HookInput) (any, error) { return l.answer(nil) },
		},
		Transforms:          map[string]TransformHandler{"tone": func(context.Context, string, string) (string, error) { return text() }},
		ProviderTokens:      map[string]ProviderTokenHandler{"default": func(context.Context, string) (string, error) { return text() }},
		CanvasHandler:       func(context.Context, *CanvasRequest) (any, error) { return l.answer(nil) },
		GitHubTokenProvider: func(context.Context, *GitHubTokenRequest) (*GitHubToken, error) { _, err := text(); return nil, err },
	}
}

func (l *life) talk(session *Session) {
	for range 3 {
		l.calls.Add(1)
		go func() {
			defer l.calls.Done()
			_, _ = session.SendAndWait(context.Background(), "at once", nil)
		}()
	}
	l.try("SendAndWait", adversaryPatience, func(ctx context.Context) error { _, err := session.SendAndWait(ctx, "a", nil); return err })
	l.try("Send", adversaryPatience, func(ctx context.Context) error { _, err := session.Send(ctx, "b", nil); return err })
	l.try("GetEvents", adversaryPatience, func(ctx context.Context) error { _, err := session.GetEvents(ctx); return err })
	l.try("SetModel", adversaryPatience, func(ctx context.Context) error { return session.SetModel(ctx, "m", nil) })
	l.try("Confirm", adversaryPatience, func(ctx context.Context) error { _, err := session.Confirm(ctx, "?"); return err })
	l.try("Abort", adversaryPatience, session.Abort)
	l.try("Disconnect", adversaryPatience, session.Disconnect)
	_ = session.Close()
}

func (l *life) live() {
	connection := Stdio(os.Getenv("COPILOT_FAKE_RUNTIME"), "--adversary", strconv.Itoa(l.seed))
	if l.seed%4 == 0 {
		connection.Kind = "tcp"
	}
	limit := int64(2000)
	client, err := NewClient(&ClientOptions{Connection: connection, StartTimeoutMs: &limit, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		l.t.Errorf("seed %d: NewClient: %v", l.seed, err)
		return
	}
	l.try("Start", 3*time.Second, func(ctx context.Context) error { _, err := client.Start(ctx); return err })
	l.try("Ping", adversaryPatience, func(ctx context.Context) error { _, err := client.Ping(ctx, "x"); return err })
	l.try("ListModels", adversaryPatience, func(ctx context.Context) error { _, err := client.ListModels(ctx); return err })
	l.try("ListSessions", adversaryPatience, func(ctx context.Context) error { _, err := client.ListSessions(ctx, nil); return err })
	var made *Session
	if l.try("CreateSession", adversaryPatience, func(ctx context.Context) (err error) { made, err = client.CreateSession(ctx, l.config()); return }) {
		l.talk(made)
	}
	if l.try("ResumeSession", adversaryPatience, func(ctx context.Context) (err error) { made, err = client.ResumeSession(ctx, "s", l.config()); return }) {
		l.talk(made)
	}
	switch l.seed % 3 {
	case 0:
		l.try("Stop", adversaryBound, client.Stop)
	case 1:
		l.try("ForceStop", adversaryBound, client.ForceStop)
	}
	_ = client.Close()
	// Whatever was still waited for ends with the client.
	ended := make(chan struct{})
	go func() { l.calls.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(adversaryBound):
		l.t.Errorf("seed %d: a call outlives its client", l.seed)
	}
}

// counts are descriptors, threads and children of this process. Go keeps threads for later, so they are only bounded.
func adversaryCounts(t *testing.T) (descriptors, threads, children int) {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors and processes are counted in /proc")
	}
	tasks, _ := os.ReadDir("/proc/self/task")
	processes, _ := os.ReadDir("/proc")
	for _, process := range processes {
		stat, err := os.ReadFile("/proc/" + process.Name() + "/stat")
		if _, rest, found := strings.Cut(string(stat), ") "); err == nil && found && strings.Fields(rest)[1] == strconv.Itoa(os.Getpid()) {
			children++
		}
	}
	return len(open), len(tasks), children
}

func TestAdversary(t *testing.T) {
	from, to := adversarySeeds()
	// The first client starts what lives as long as the process.
	_ = loosePeer(t, "", nil).Close()
	settle()
	goroutines := runtime.NumGoroutine()
	descriptors, threads, others := adversaryCounts(t)
	var next atomic.Int64
	next.Store(int64(from))
	var outcomes sync.Map
	var workers sync.WaitGroup
	for range adversaryAtOnce {
		workers.Go(func() {
			for seed := int(next.Add(1)) - 1; seed < to; seed = int(next.Add(1)) - 1 {
				(&life{t: t, seed: seed, outcomes: &outcomes}).live()
			}
		})
	}
	workers.Wait()
	kinds := 0
	outcomes.Range(func(any, any) bool { kinds++; return true })
	if to-from > 20 && kinds < 5 {
		t.Errorf("the adversary does little: %d kinds of ends", kinds)
	}
	soon(t, fmt.Sprintf("seeds %d..%d leave nothing behind", from, to), func() bool {
		settle()
		open, tasks, children := adversaryCounts(t)
		return open <= descriptors && children <= others && runtime.NumGoroutine() <= goroutines+1 && tasks <= threads+4*adversaryAtOnce
	})
}
