use std::sync::Arc;

use serde_json::json;

use super::Leases;
use crate::error::Error;
use crate::files::SessionFiles;
use crate::runtime::options::{LeaseOptions, SessionFsStore};

fn leases(folder: &tempfile::TempDir, owner: &str) -> Arc<Leases> {
    let store = SessionFsStore::Folder { path: folder.path().to_string_lossy().into_owned() };
    let options = LeaseOptions { owner: Some(owner.to_owned()), ttl_ms: Some(1000), wait_ms: None };
    Arc::new(Leases::new(&store, &options).unwrap())
}

fn files(lease: &super::Lease) -> &impl SessionFiles {
    lease.files()
}

fn code(error: &Error) -> &str {
    error.reason().unwrap().code()
}

fn objects(folder: &tempfile::TempDir) -> usize {
    std::fs::read_dir(folder.path().join("s/.~journal")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_has_one_owner_and_goes_on_where_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (leases(&folder, "one"), leases(&folder, "two"));
    let lease = one.open("s").await.unwrap();
    files(&lease).append_file("/a", "1").await.unwrap();
    let refused = two.open("s").await.err().unwrap();
    assert_eq!(code(&refused), "session.in_use");
    assert!(refused.message().contains("in use by one until 20"), "{refused}");
    // Another object of the same client shares it.
    let again = one.open("s").await.unwrap();
    lease.end().await;
    files(&again).append_file("/a", "2").await.unwrap();
    assert_eq!(code(&two.open("s").await.err().unwrap()), "session.in_use");
    again.end().await;
    one.settle().await;
    let lease = two.open("s").await.unwrap();
    assert_eq!(files(&lease).read_file("/a").await.unwrap(), "12");
    lease.end().await;
    assert!(one.slots().is_empty() && two.slots().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_additions_are_some_dozens_of_objects() {
    let folder = tempfile::tempdir().unwrap();
    let one = leases(&folder, "one");
    let lease = one.open("s").await.unwrap();
    let mut expected = String::new();
    for number in 0..10_000 {
        let line = format!("{number:05}\n");
        files(&lease).append_file("/state/events.jsonl", &line).await.unwrap();
        expected.push_str(&line);
    }
    lease.end().await;
    assert!(objects(&folder) <= 70, "{}", objects(&folder));
    let lease = one.open("s").await.unwrap();
    assert_eq!(files(&lease).read_file("/state/events.jsonl").await.unwrap(), expected);
    lease.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_superseded_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let one = leases(&folder, "one");
    let lease = one.open("s").await.unwrap();
    for number in 0..40 {
        files(&lease).write_file("/plan.md", &format!("{number}{}", "x".repeat(200_000))).await.unwrap();
    }
    lease.end().await;
    let journal = folder.path().join("s/.~journal");
    let sizes = std::fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    assert!(sizes.sum::<u64>() < 3_000_000);
    let lease = leases(&folder, "two").open("s").await.unwrap();
    assert!(files(&lease).read_file("/plan.md").await.unwrap().starts_with("39x"));
    lease.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_object_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let one = leases(&folder, "one");
    let lease = one.open("s").await.unwrap();
    for _ in 0..3 {
        files(&lease).append_file("/a", "1").await.unwrap();
    }
    lease.end().await;
    std::fs::remove_file(folder.path().join("s/.~journal/000000000003")).unwrap();
    let error = one.open("s").await.err().unwrap();
    assert_eq!(code(&error), "files.journal");
    assert!(error.message().contains("record 3 is missing"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_open_one_becomes_the_owner() {
    let folder = tempfile::tempdir().unwrap();
    let opening: Vec<_> = (0..100)
        .map(|number| {
            let leases = leases(&folder, &number.to_string());
            tokio::spawn(async move { leases.open("s").await })
        })
        .collect();
    let mut opened = Vec::new();
    for one in opening {
        match one.await.unwrap() {
            Ok(lease) => opened.push(lease),
            Err(error) => assert_eq!(code(&error), "session.in_use", "{error}"),
        }
    }
    assert_eq!(opened.len(), 1);
}

#[test]
fn stores_that_cannot_are_refused_by_name() {
    let refused = |store: serde_json::Value| {
        let store: SessionFsStore = serde_json::from_value(store).unwrap();
        Leases::new(&store, &LeaseOptions::default()).err().unwrap()
    };
    assert_eq!(code(&refused(json!({"kind": "memory"}))), "files.no_lease");
    let error = refused(json!({"kind": "url", "url": "nowhere://secret@host"}));
    assert_eq!(code(&error), "files.no_store");
    assert!(error.message().contains("nowhere") && !error.message().contains("secret"), "{error}");
}
