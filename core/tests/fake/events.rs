//! Events under pressure: nothing is lost, nothing is reordered, the numbers agree.

use crate::support::{call, fake_client};
use copilot_core::{Counters, SessionSpec};
use serde_json::{Value, json};

const COUNT: u64 = 50_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_stream_gets_everything_in_order() {
    let client = fake_client(json!({}));
    let mut spec = SessionSpec::default();
    let mut stalled = spec.subscribe();
    let mut quick = spec.subscribe();
    let session = client.create_session(spec).await.unwrap();
    let reader = tokio::spawn(async move {
        for n in 0..COUNT {
            let event = quick.next().await.unwrap();
            assert_eq!(event.data::<Value>().unwrap()["n"], n);
        }
        quick.counters()
    });
    let flood = json!({"sessionId": &*session.id(), "count": COUNT, "bytes": 64});
    call(&client, "fake.flood", flood).await;
    let waiting = stalled.counters();
    assert_eq!((waiting.received, waiting.delivered, waiting.queued_events), (COUNT, 0, COUNT));
    assert!(waiting.queued_bytes > COUNT * 64);
    let done = Counters { received: COUNT, delivered: COUNT, queued_events: 0, queued_bytes: 0 };
    assert_eq!(reader.await.unwrap(), done, "a slow neighbour does not matter");
    assert_eq!(session.counters().received, COUNT);
    client.stop().await;
    for n in 0..COUNT {
        let event = stalled.next().await.expect("what arrived stays readable after the stop");
        assert_eq!(event.data::<Value>().unwrap()["n"], n);
    }
    assert!(stalled.next().await.is_none(), "then the stream ends");
    assert_eq!(stalled.counters(), done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_stream_costs_nothing() {
    let client = fake_client(json!({}));
    let session = client.create_session(SessionSpec::default()).await.unwrap();
    drop(session.events());
    let mut kept = session.events();
    let flood = json!({"sessionId": &*session.id(), "count": 100, "bytes": 8});
    call(&client, "fake.flood", flood).await;
    assert_eq!(kept.counters().received, 100);
    assert!(kept.try_next().is_some());
    client.stop().await;
}
