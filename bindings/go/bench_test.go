package copilot

import (
	"context"
	"testing"
)

func BenchmarkPing(b *testing.B) {
	client := loosePeer(b, "", nil)
	defer client.Close()
	for b.Loop() {
		if _, err := client.Ping(context.Background(), "x"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvents measures one event: from the runtime through the library to a handler in Go.
func BenchmarkEvents(b *testing.B) {
	client := loosePeer(b, "", nil)
	defer client.Close()
	made, err := client.CreateSession(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	seen := 0
	made.On(func(*Event) { seen++ })
	b.ResetTimer()
	params := map[string]any{"sessionId": made.ID(), "count": b.N, "bytes": 64}
	if _, err := client.Invoke(context.Background(), "fake.flood", params); err != nil {
		b.Fatal(err)
	}
	if seen != b.N {
		b.Fatalf("%d of %d events", seen, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
