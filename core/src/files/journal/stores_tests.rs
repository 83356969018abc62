//! Stores by URL on real servers: `make test-scale` starts them and names them in `COPILOT_TEST_STORES`.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;

use super::lease::Leases;
use crate::files::objects::open;
use crate::files::{MemoryFiles, SessionFiles};
use crate::runtime::options::{LeaseOptions, SessionFsStore};

/// Those that are there. None outside of `make test-scale`.
fn stores() -> Vec<SessionFsStore> {
    named("COPILOT_TEST_STORES")
}

/// The same, and one that refuses for now, loses answers, and is slow.
fn all_stores() -> Vec<SessionFsStore> {
    let mut stores = stores();
    stores.extend(named("COPILOT_TEST_UNSTEADY"));
    stores
}

fn named(variable: &str) -> Vec<SessionFsStore> {
    let named = std::env::var(variable).unwrap_or_else(|_| "[]".to_owned());
    serde_json::from_str(&named).unwrap()
}

fn leases(store: &SessionFsStore, owner: &str) -> Arc<Leases> {
    // A hundred connections at once take a server seconds.
    let options = LeaseOptions { owner: Some(owner.to_owned()), ttl_ms: Some(20_000), wait_ms: None };
    Arc::new(Leases::new(store, &options).unwrap())
}

fn session() -> String {
    Uuid::new_v4().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_keep_what_a_journal_needs() {
    for store in stores() {
        let objects = open(&store).unwrap();
        let directory = format!("{}/.~journal", session());
        let name = |name: &str| format!("{directory}/{name}");
        assert_eq!(objects.list(&directory).await.unwrap(), Vec::<String>::new());
        assert_eq!(objects.get(&name("a")).await.unwrap(), None);
        assert!(objects.create(&name("a"), b"one\0\xff").await.unwrap());
        assert!(!objects.create(&name("a"), b"two").await.unwrap(), "{}", objects.kind());
        assert_eq!(objects.get(&name("a")).await.unwrap().unwrap(), b"one\0\xff");
        objects.put(&name("a"), b"").await.unwrap();
        objects.put(&name("b"), b"b").await.unwrap();
        objects.put(&format!("{directory}-beside/c"), b"c").await.unwrap();
        assert_eq!(objects.get(&name("a")).await.unwrap().unwrap(), b"");
        let mut names = objects.list(&directory).await.unwrap();
        names.sort();
        assert_eq!(names, ["a", "b"], "{}", objects.kind());
        objects.delete(&[name("a"), name("never"), format!("{directory}-beside/c")]).await.unwrap();
        assert_eq!(objects.list(&directory).await.unwrap(), ["b"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_have_one_owner_for_each_session() {
    for store in all_stores() {
        let session = session();
        let opening: Vec<_> = (0..100)
            .map(|number| {
                let (leases, session) = (leases(&store, &number.to_string()), session.clone());
                tokio::spawn(async move { leases.open(&session).await })
            })
            .collect();
        let mut opened = Vec::new();
        for one in opening {
            match one.await.unwrap() {
                Ok(lease) => opened.push(lease),
                Err(error) => assert_eq!(error.reason().unwrap().code(), "session.in_use", "{error}"),
            }
        }
        assert_eq!(opened.len(), 1);
        let lease = opened.remove(0);
        lease.files().append_file("/a", "1").await.unwrap();
        lease.end().await;
        let lease = leases(&store, "next").open(&session).await.unwrap();
        assert_eq!(lease.files().read_file("/a").await.unwrap(), "1");
        lease.end().await;
    }
}

/// Appends one line after the other to a file, and prints what that took. What is in it then.
async fn filled(files: &dyn SessionFiles, kind: &str) -> String {
    let lines = std::env::var("COPILOT_TEST_LINES").map_or(2000, |lines| lines.parse().unwrap());
    let (mut expected, mut spent) = (String::new(), Vec::new());
    for number in 0..lines {
        let line = format!("{number:05}{}\n", "x".repeat(200));
        let begun = Instant::now();
        files.append_file(LONG, &line).await.unwrap();
        spent.push(begun.elapsed().as_nanos());
        expected.push_str(&line);
    }
    let mean = |of: &[u128]| of.iter().sum::<u128>() as f64 / of.len() as f64 / 1000.0;
    let (first, last) = (mean(&spent[..100]), mean(&spent[lines - 100..]));
    println!("{kind}: {first:.1} µs for each of the first hundred of {lines}, {last:.1} of the last");
    expected
}

const LONG: &str = "/state/events.jsonl";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_keep_long_sessions() {
    let mut stores = all_stores();
    let folder = tempfile::tempdir().unwrap();
    if !stores.is_empty() {
        stores.push(SessionFsStore::Folder { path: folder.path().to_str().unwrap().to_owned() });
        let memory = MemoryFiles::new();
        assert_eq!(filled(&memory, "memory").await, memory.read_file(LONG).await.unwrap());
    }
    for store in stores {
        let (session, leases) = (session(), leases(&store, "one"));
        let kind = open(&store).unwrap().kind().to_owned();
        let lease = leases.open(&session).await.unwrap();
        let expected = filled(lease.files(), &kind).await;
        lease.end().await;
        let begun = Instant::now();
        let lease = leases.open(&session).await.unwrap();
        println!("{kind}: opened in {:?}", begun.elapsed());
        assert_eq!(lease.files().read_file(LONG).await.unwrap(), expected);
        lease.end().await;
    }
}

/// Set in the processes of [`stores_have_one_owner_among_processes`]: the store, and the session.
const CHILD: &str = "COPILOT_TEST_OPENS";

/// One of the processes: opens a session 125 times at once, says how often it became the owner, and stays until told to end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opens_of_one_process() {
    let Ok(given) = std::env::var(CHILD) else { return };
    let (store, session): (SessionFsStore, String) = serde_json::from_str(&given).unwrap();
    let leases = leases(&store, &std::process::id().to_string());
    let opens = (0..125).map(|_| {
        let (leases, session) = (Arc::clone(&leases), session.clone());
        tokio::spawn(async move { leases.open(&session).await })
    });
    let mut opened = Vec::new();
    for one in opens.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Ok(lease) => opened.push(lease),
            Err(error) => assert_eq!(error.reason().unwrap().code(), "session.in_use", "{error}"),
        }
    }
    println!("opened {}", opened.len());
    std::io::stdin().read_line(&mut String::new()).unwrap();
    for lease in opened {
        lease.end().await;
    }
}

#[test]
fn stores_have_one_owner_among_processes() {
    for store in all_stores() {
        let given = serde_json::to_string(&(&store, session())).unwrap();
        let children: Vec<_> = (0..8)
            .map(|_| {
                Command::new(std::env::current_exe().unwrap())
                    .args(["--exact", "files::journal::stores_tests::opens_of_one_process", "--nocapture"])
                    .env(CHILD, &given)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let mut outputs: Vec<_> = children
            .into_iter()
            .map(|mut child| (BufReader::new(child.stdout.take().unwrap()).lines(), child))
            .collect();
        let mut opened = Vec::new();
        for (lines, _) in &mut outputs {
            let said =
                lines.find_map(|line| line.unwrap().strip_prefix("opened ").map(str::to_owned)).unwrap();
            opened.push(said.parse::<usize>().unwrap());
        }
        for (lines, mut child) in outputs {
            drop(child.stdin.take());
            lines.for_each(drop);
            assert!(child.wait().unwrap().success());
        }
        // The objects of one client share what it owns.
        opened.sort_unstable();
        assert_eq!(opened, [0, 0, 0, 0, 0, 0, 0, 125]);
    }
}

#[tokio::test]
async fn stores_that_refuse_are_named() {
    for store in stores() {
        let SessionFsStore::Url { url, options } = store else { continue };
        let url = url.replace(":secret@", ":wrong@").replace("//sessions/", "//nowhere/");
        let begun = Instant::now();
        let refused = leases(&SessionFsStore::Url { url: url.clone(), options }, "one");
        let error = refused.open("s").await.err().unwrap();
        assert_eq!(error.reason().unwrap().code(), "files.store", "{error}");
        let scheme = url.split(':').next().unwrap();
        assert!(error.message().contains(scheme) && error.message().contains("failed to"), "{error}");
        assert!(!error.message().contains("wrong@") && !error.message().contains("secret"), "{error}");
        println!("{error} after {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn what_a_store_says_is_told_without_credentials() {
    for (url, kind) in [
        ("redis://:secret@127.0.0.1:1/0", "redis"),
        ("postgresql://copilot:secret@127.0.0.1:1/postgres", "postgresql"),
    ] {
        let store = SessionFsStore::Url { url: url.to_owned(), options: Default::default() };
        let options = LeaseOptions { ttl_ms: Some(1000), ..LeaseOptions::default() };
        let error = Arc::new(Leases::new(&store, &options).unwrap()).open("s").await.err().unwrap();
        assert_eq!(error.reason().unwrap().code(), "files.store", "{error}");
        assert!(error.message().contains(kind) && !error.message().contains("secret"), "{error}");
    }
}
