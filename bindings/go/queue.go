package copilot

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// queue brings what the runtime sends to the program in the order in which it came: events and other news to handlers, one at a
// time, and the ends of calls to those who wait for them, not before the news that came first.
//
// The library's thread only puts things in. A goroutine takes them out; it lives as long as there is something.
type queue struct {
	mutex   sync.Mutex
	items   []func()
	running bool
	// The goroutine that runs handlers, 0 while none does.
	here atomic.Uint64
	// How much was taken out so far.
	moved atomic.Uint64
}

func (q *queue) push(item func()) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.items = append(q.items, item)
	if !q.running {
		q.running = true
		go q.run()
	}
}

// complete ends a call: at once when nothing waits in front of it.
func (q *queue) complete(waiting *pending, end outcome) {
	q.mutex.Lock()
	if q.running && !waiting.direct {
		waiting.end = end
		q.items = append(q.items, func() { waiting.settle(end) })
		q.mutex.Unlock()
		waiting.queued <- struct{}{}
		return
	}
	q.mutex.Unlock()
	waiting.settle(end)
}

func (q *queue) run() {
	q.here.Store(goroutine())
	var batch []func()
	next := 0
	defer func() {
		// A handler ended its goroutine: another one goes on behind it.
		if next < len(batch) {
			q.mutex.Lock()
			q.items = append(batch[next:len(batch):len(batch)], q.items...)
			q.mutex.Unlock()
			go q.run()
		} else if batch != nil {
			go q.run()
		}
	}()
	for {
		q.mutex.Lock()
		batch, next = q.items, 0
		q.items = nil
		if len(batch) == 0 {
			q.running = false
			q.here.Store(0)
			batch = nil
			q.mutex.Unlock()
			return
		}
		q.mutex.Unlock()
		for next < len(batch) {
			item := batch[next]
			batch[next] = nil
			next++
			item()
			q.moved.Add(1)
		}
	}
}

// isHere reports whether the caller is a handler that runs in this queue.
func (q *queue) isHere() bool {
	here := q.here.Load()
	return here != 0 && here == goroutine()
}

// goroutine is the number of the calling goroutine. Go tells it only in traces.
func goroutine() uint64 {
	var space [64]byte
	trace := space[:runtime.Stack(space[:], false)]
	trace = bytes.TrimPrefix(trace, []byte("goroutine "))
	digits, _, _ := bytes.Cut(trace, []byte(" "))
	number, _ := strconv.ParseUint(string(digits), 10, 64)
	return number
}
