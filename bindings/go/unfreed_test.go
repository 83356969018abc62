package copilot

import (
	"context"
	"testing"
)

// A session that is over keeps its client until it is freed; the collector may take its time.
func TestCloseFreesSessionsThatAreOver(t *testing.T) {
	ends := map[string]func(*Client, *Session) error{
		"stopped":      func(client *Client, _ *Session) error { return client.Stop(context.Background()) },
		"forced":       func(client *Client, _ *Session) error { return client.ForceStop(context.Background()) },
		"disconnected": func(_ *Client, session *Session) error { return session.Disconnect(context.Background()) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			var kept []*Session
			round := func() {
				client := peer(t, "", nil)
				session, err := client.CreateSession(context.Background(), nil)
				if err != nil {
					t.Fatal(err)
				}
				kept = append(kept, session)
				if err := end(client, session); err != nil {
					t.Fatal(err)
				}
				if err := client.Close(); err != nil {
					t.Fatal(err)
				}
			}
			round()
			before := threads(t)
			for range 40 {
				round()
			}
			// Go may start a few of its own.
			if now := threads(t); now > before+20 {
				t.Errorf("%d threads, then %d", before, now)
			}
			if _, err := kept[0].Send(context.Background(), "x", nil); err == nil {
				t.Error("a closed session takes messages")
			}
		})
	}
}
