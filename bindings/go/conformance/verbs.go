//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	copilot "github.com/copilot-native/copilot-native/bindings/go"
)

type verb = func(*Run, context.Context, object) (any, error)

// verbs is filled by init, because steps are made of verbs and some verbs of steps.
var verbs map[string]verb

func init() {
	verbs = map[string]verb{
		"client": doClient, "start": doStart, "stop": doStop, "force_stop": doForceStop, "ping": doPing, "invoke": doInvoke,
		"list_models": doListModels, "host": doHost, "kill_runtime": doKill, "expect_no_process": doNoProcess,
		"create": doCreate, "resume": doResume, "send": doSend, "send_and_wait": doSendAndWait, "abort": doAbort,
		"disconnect": doDisconnect, "get_events": doGetEvents, "on": doOn, "off": doOff, "iterate": doIterate,
		"iteration": doIteration, "listen_after_create": doListenAfterCreate, "counters": doCounters,
		"expect_event": doExpectEvent, "expect_events_in_order": doExpectEventsInOrder, "expect_sequence": doExpectSequence,
		"expect_value": doExpectValue, "received": doReceived, "received_in_order": doReceivedInOrder,
		"model_received": doModelReceived, "expect_error": doExpectError, "begin": doBegin, "await": doAwait,
		"parallel": doParallel, "sleep": doSleep,
	}
}

func (r *Run) client(args object) *copilot.Client {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.clients[name(args, "client", "client")]
}

func (r *Run) session(args object) *copilot.Session {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.sessions[name(args, "session", "session")]
}

func (r *Run) events(args object) *kept {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.kept[name(args, "subscription", name(args, "session", "session"))]
}

// -- clients ---------------------------------------------------------------------------------------------------------------

func doClient(r *Run, _ context.Context, args object) (any, error) { return nil, r.makeClient(args) }

func doStart(r *Run, ctx context.Context, args object) (any, error) {
	if r.client(args) == nil {
		if err := r.makeClient(args); err != nil {
			return nil, err
		}
	}
	_, err := r.client(args).Start(ctx)
	return nil, err
}

func doStop(r *Run, ctx context.Context, args object) (any, error) {
	return nil, r.client(args).Stop(ctx)
}

func doForceStop(r *Run, ctx context.Context, args object) (any, error) {
	return nil, r.client(args).ForceStop(ctx)
}

func doPing(r *Run, ctx context.Context, args object) (any, error) {
	pong, err := r.client(args).Ping(ctx, text(args["message"]))
	return plain(pong), err
}

func doInvoke(r *Run, ctx context.Context, args object) (any, error) {
	if limit, has := args["timeout_ms"].(float64); has {
		limited, cancel := context.WithTimeout(ctx, time.Duration(limit)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	result, err := r.client(args).Invoke(ctx, text(args["method"]), args["params"])
	return parsed(result), err
}

func doListModels(r *Run, ctx context.Context, args object) (any, error) {
	models, err := r.client(args).ListModels(ctx)
	return plain(models), err
}

func doHost(r *Run, ctx context.Context, args object) (any, error) {
	host, err := r.client(args).StartAHPHost(ctx, args["options"], r.ahpHandler(name(args, "client", "client")))
	if err != nil {
		return nil, err
	}
	return object{"hostId": host.HostID, "url": host.URL, "token": host.Token}, nil
}

func doKill(r *Run, _ context.Context, _ object) (any, error) {
	return nil, syscall.Kill(r.pid(), syscall.SIGKILL)
}

func doNoProcess(r *Run, _ context.Context, args object) (any, error) {
	return nil, until(args, "the process is gone", func() bool { return !r.alive() })
}

// -- sessions --------------------------------------------------------------------------------------------------------------

func doCreate(r *Run, ctx context.Context, args object) (any, error) { return r.open(ctx, args, "") }

func doResume(r *Run, ctx context.Context, args object) (any, error) {
	return r.open(ctx, args, text(args["sessionId"]))
}

func (r *Run) open(ctx context.Context, args object, id string) (any, error) {
	config, err := sessionConfig(args)
	if err != nil {
		return nil, err
	}
	events := &kept{}
	config.OnEvent = events.add
	ctx = context.WithValue(ctx, ambient{}, text(args["context"]))
	var session *copilot.Session
	as := name(args, "as", "session")
	r.mutex.Lock()
	r.kept[as] = events
	r.mutex.Unlock()
	if id == "" {
		session, err = r.client(args).CreateSession(ctx, config)
	} else {
		session, err = r.client(args).ResumeSession(ctx, id, config)
	}
	if err != nil {
		return nil, err
	}
	made := object{"id": session.ID()}
	r.mutex.Lock()
	r.sessions[as], r.names[as] = session, made
	r.mutex.Unlock()
	return made, nil
}

func doSend(r *Run, ctx context.Context, args object) (any, error) {
	return r.session(args).Send(ctx, text(args["prompt"]), nil)
}

func doSendAndWait(r *Run, ctx context.Context, args object) (any, error) {
	options := &copilot.SendOptions{Timeout: time.Duration(number(args, "timeout_ms", 0)) * time.Millisecond}
	options.IdempotencyKey, _ = args["idempotency_key"].(string)
	event, err := r.session(args).SendAndWait(ctx, text(args["prompt"]), options)
	if err != nil || event == nil {
		return nil, err
	}
	return parsed(event.JSON()), nil
}

func doAbort(r *Run, ctx context.Context, args object) (any, error) {
	return nil, r.session(args).Abort(ctx)
}

func doDisconnect(r *Run, ctx context.Context, args object) (any, error) {
	return nil, r.session(args).Disconnect(ctx)
}

func doGetEvents(r *Run, ctx context.Context, args object) (any, error) {
	events, err := r.session(args).GetEvents(ctx)
	if err != nil {
		return nil, err
	}
	all := list(plain(events))
	if !inOrder(list(args["expect_in_order"]), all) {
		return nil, failed("not in this order: %v", all)
	}
	for _, event := range events {
		if slices.Contains(list(args["absent"]), any(event.Type)) {
			return nil, failed("something unwanted: %v", all)
		}
	}
	return nil, nil
}

func doOn(r *Run, _ context.Context, args object) (any, error) {
	as, events := text(args["as"]), &kept{}
	off := r.session(args).On(func(event *copilot.Event) {
		events.add(event)
		if args["throws"] == true {
			panic("the handler failed")
		}
	})
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.kept[as], r.leave[as] = events, off
	return nil, nil
}

func doOff(r *Run, _ context.Context, args object) (any, error) {
	r.mutex.Lock()
	off := r.leave[text(args["subscription"])]
	r.mutex.Unlock()
	off()
	return nil, nil
}

func doIterate(r *Run, ctx context.Context, args object) (any, error) {
	events := r.session(args).Events(ctx)
	over := make(chan ended, 1)
	go func() {
		end := ended{result: "done"}
		for event, err := range events {
			if err != nil {
				end.result = kindOf(err)
			} else {
				end.last = event.Type
			}
		}
		over <- end
	}()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.iterations[text(args["as"])] = over
	return nil, nil
}

func doIteration(r *Run, ctx context.Context, args object) (any, error) {
	r.mutex.Lock()
	over := r.iterations[text(args["name"])]
	r.mutex.Unlock()
	select {
	case end := <-over:
		if end.result != args["ended"] || end.last != text(args["last"]) {
			return nil, failed("it ended with %v after %s", end.result, end.last)
		}
		return nil, nil
	case <-ctx.Done():
		return nil, failed("the iteration goes on")
	}
}

func doListenAfterCreate(r *Run, ctx context.Context, args object) (any, error) {
	var seen []*kept
	for range int(number(args, "count", 0)) {
		session, err := r.client(args).CreateSession(ctx, nil)
		if err != nil {
			return nil, err
		}
		events := &kept{}
		seen = append(seen, events)
		session.On(events.add)
	}
	return nil, until(args, fmt.Sprint(args["type"], " by all"), func() bool {
		for _, events := range seen {
			if !slices.Contains(events.types(), args["type"]) {
				return false
			}
		}
		return true
	})
}

func doCounters(r *Run, _ context.Context, args object) (any, error) {
	return nil, until(args, fmt.Sprint("counters ", args), func() bool {
		found, err := r.session(args).Counters()
		return err == nil && float64(found.Received) >= number(args, "received_at_least", 0) &&
			float64(found.Delivered) >= number(args, "delivered_at_least", 0)
	})
}

// -- looking ---------------------------------------------------------------------------------------------------------------

func doExpectEvent(r *Run, _ context.Context, args object) (any, error) {
	pattern := object{"type": args["type"]}
	if data, has := args["data"]; has {
		pattern["data"] = data
	}
	events := r.events(args)
	holds := func() bool {
		return slices.ContainsFunc(events.all(), func(event any) bool { return matches(pattern, event) })
	}
	if args["absent"] == true {
		time.Sleep(100 * time.Millisecond)
		if holds() {
			return nil, failed("an event matches %v", pattern)
		}
		return nil, nil
	}
	return nil, until(args, fmt.Sprint(pattern, " in ", events.types()), holds)
}

func doExpectEventsInOrder(r *Run, _ context.Context, args object) (any, error) {
	events := r.events(args)
	return nil, until(args, fmt.Sprint(args["events"]), func() bool { return inOrder(list(args["events"]), events.all()) })
}

func doExpectSequence(r *Run, _ context.Context, args object) (any, error) {
	events, field, count := r.events(args), text(args["field"]), int(number(args, "count", 0))
	numbers := func() []any {
		var found []any
		for _, event := range events.all() {
			data, _ := event.(object)["data"].(object)
			if value, has := data[field]; has && event.(object)["type"] == args["type"] {
				found = append(found, value)
			}
		}
		return found
	}
	enough := func() bool { return len(events.all()) >= count && len(numbers()) >= count }
	if err := until(args, fmt.Sprint(count, " events"), enough); err != nil {
		return nil, err
	}
	found := numbers()
	for index, value := range found {
		if value != float64(index) || len(found) != count {
			return nil, failed("%d events, not 0…%d in order", len(found), count-1)
		}
	}
	return nil, nil
}

func doExpectValue(_ *Run, _ context.Context, args object) (any, error) {
	value := args["value"]
	if wanted, has := args["equals"]; has && fmt.Sprint(value) != fmt.Sprint(wanted) {
		return nil, failed("%v is not %v", value, wanted)
	}
	if !inOrder(list(args["contains_in_order"]), list(value)) {
		return nil, failed("%v lacks %v", value, args["contains_in_order"])
	}
	return nil, nil
}

func isMethod(pattern, frame object) bool {
	where, params := pattern["where"], frame["params"]
	if where == nil {
		where = object{}
	}
	if params == nil {
		params = object{}
	}
	return matches(pattern["method"], frame["method"]) && matches(where, params)
}

func doReceived(r *Run, _ context.Context, args object) (any, error) {
	count := func() int {
		found := 0
		for _, frame := range r.frames() {
			if isMethod(args, frame) {
				found++
			}
		}
		return found
	}
	wanted, has := args["count"].(float64)
	if has && wanted == 0 {
		time.Sleep(200 * time.Millisecond)
		if count() != 0 {
			return nil, failed("received %v", args)
		}
		return nil, nil
	}
	return nil, until(args, fmt.Sprint("received ", args), func() bool {
		return has && count() == int(wanted) || !has && count() > 0
	})
}

func doReceivedInOrder(r *Run, _ context.Context, args object) (any, error) {
	return nil, until(args, fmt.Sprint("received ", args["messages"]), func() bool {
		rest := r.frames()
		for _, pattern := range list(args["messages"]) {
			at := slices.IndexFunc(rest, func(frame object) bool { return isMethod(pattern.(object), frame) })
			if at < 0 {
				return false
			}
			rest = rest[at+1:]
		}
		return true
	})
}

func doModelReceived(r *Run, _ context.Context, args object) (any, error) {
	return nil, until(args, fmt.Sprint("model received ", args), func() bool {
		found := 0
		for _, request := range r.modelRequests() {
			content, _ := json.Marshal(request)
			if strings.Contains(string(content), text(args["contains"])) {
				found++
			}
		}
		if wanted, has := args["count"].(float64); has {
			return found == int(wanted)
		}
		return found > 0
	})
}

// -- flow ------------------------------------------------------------------------------------------------------------------

func doExpectError(r *Run, ctx context.Context, args object) (any, error) {
	result, err := r.step(ctx, args["step"].(object))
	var not *unmet
	if errors.As(err, &not) {
		return nil, err
	}
	if err == nil {
		return nil, failed("no error but %v from %v", result, args["step"])
	}
	kinds := list(args["kind"])
	if len(kinds) == 0 {
		kinds = []any{args["kind"]}
	}
	if !slices.Contains(kinds, any(kindOf(err))) {
		return nil, failed("%s instead of %v: %v", kindOf(err), kinds, err)
	}
	var own *copilot.Error
	words, reason := err.Error(), ""
	if errors.As(err, &own) {
		words += " " + string(own.Data)
		if own.Reason != nil {
			reason = own.Reason.Code
		}
	}
	if !strings.Contains(words, text(args["contains"])) {
		return nil, failed("%q lacks %q", words, args["contains"])
	}
	if wanted := text(args["reason"]); wanted != "" && wanted != reason {
		return nil, failed("the reason is %q, not %q", reason, wanted)
	}
	return nil, nil
}

func doBegin(r *Run, ctx context.Context, args object) (any, error) {
	over := make(chan ended, 1)
	go func() {
		result, err := r.step(ctx, args["step"].(object))
		over <- ended{result: result, err: err}
	}()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.tasks[text(args["as"])] = over
	return nil, nil
}

func doAwait(r *Run, ctx context.Context, args object) (any, error) {
	r.mutex.Lock()
	over := r.tasks[text(args["name"])]
	r.mutex.Unlock()
	select {
	case end := <-over:
		return end.result, end.err
	case <-ctx.Done():
		return nil, failed("the step goes on")
	}
}

func doParallel(r *Run, ctx context.Context, args object) (any, error) {
	steps := list(args["steps"])
	ends := make(chan error, len(steps))
	for _, step := range steps {
		go func() {
			_, err := r.step(ctx, step.(object))
			ends <- err
		}()
	}
	var first error
	for range steps {
		if err := <-ends; err != nil && first == nil {
			first = err
		}
	}
	return nil, first
}

func doSleep(_ *Run, _ context.Context, args object) (any, error) {
	time.Sleep(time.Duration(number(args, "ms", 0)) * time.Millisecond)
	return nil, nil
}
