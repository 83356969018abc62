use std::sync::Arc;

use opendal::Operator;
use opendal::services::Memory;

use super::super::{ObjectStoreFiles, SessionFiles as _};
use super::{SUFFIX, Segment};

fn store() -> Operator {
    Operator::new(Memory::default()).unwrap().finish()
}

async fn objects(store: &Operator, file: &str) -> Vec<String> {
    let listed = store.list(&format!("{file}{SUFFIX}")).await.unwrap();
    let mut names: Vec<_> = listed.iter().map(|entry| entry.name().to_owned()).collect();
    names.retain(|name| !name.ends_with('/') && !name.is_empty());
    names.sort();
    names
}

fn line(number: usize) -> String {
    format!("{number:05}\n")
}

fn lines(count: usize) -> String {
    (0..count).map(line).collect()
}

#[tokio::test]
async fn ten_thousand_additions_are_some_dozens_of_objects() {
    let store = store();
    let files = ObjectStoreFiles::new(store.clone());
    for number in 0..10_000 {
        files.append_file("/s/events.jsonl", &line(number)).await.unwrap();
        if number % 997 == 0 {
            assert_eq!(files.read_file("/s/events.jsonl").await.unwrap(), lines(number + 1));
        }
    }
    assert_eq!(files.read_file("/s/events.jsonl").await.unwrap(), lines(10_000));
    assert_eq!(files.stat("/s/events.jsonl").await.unwrap().size, 60_000);
    let count = objects(&store, "s/events.jsonl").await.len();
    assert!(count <= 4 * 15, "{count} objects");
}

#[tokio::test]
async fn another_writer_goes_on_where_the_first_ended() {
    let store = store();
    for number in 0..100 {
        ObjectStoreFiles::new(store.clone()).append_file("/e", &line(number)).await.unwrap();
    }
    assert_eq!(ObjectStoreFiles::new(store).read_file("/e").await.unwrap(), lines(100));
}

#[tokio::test]
async fn a_session_goes_there_and_back() {
    let store = store();
    let machines = [ObjectStoreFiles::new(store.clone()), ObjectStoreFiles::new(store.clone())];
    for turn in 0..6 {
        let files = &machines[turn % 2];
        if turn > 0 {
            assert_eq!(files.read_file("/e").await.unwrap(), lines(turn * 20));
        }
        for number in 0..20 {
            files.append_file("/e", &line(turn * 20 + number)).await.unwrap();
        }
    }
    assert_eq!(machines[0].read_file("/e").await.unwrap(), lines(120));
}

#[tokio::test]
async fn two_writers_meet_at_the_same_number() {
    let store = store();
    let writers = [ObjectStoreFiles::new(store.clone()), ObjectStoreFiles::new(store.clone())];
    for number in 0..12 {
        writers[number % 2].append_file("/e", &line(number)).await.unwrap();
    }
    assert_eq!(writers[0].read_file("/e").await.unwrap(), lines(12));
}

#[tokio::test]
async fn calls_of_one_store_may_overlap() {
    let files = Arc::new(ObjectStoreFiles::new(store()));
    let calls = (0..64).map(|number| {
        let files = files.clone();
        tokio::spawn(async move { files.append_file("/e", &line(number)).await.unwrap() })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let mut found: Vec<String> = files.read_file("/e").await.unwrap().lines().map(str::to_owned).collect();
    found.sort_unstable();
    assert_eq!(found.join("\n") + "\n", lines(64));
}

#[tokio::test]
async fn a_file_is_replaced_as_a_whole() {
    let store = store();
    let files = ObjectStoreFiles::new(store.clone());
    files.write_file("/d/f", "base ").await.unwrap();
    for word in ["one ", "two "] {
        files.append_file("/d/f", word).await.unwrap();
    }
    assert_eq!(files.read_file("/d/f").await.unwrap(), "base one two ");
    assert_eq!(files.stat("/d/f").await.unwrap().size, 13);
    files.write_file("/d/f", "new ").await.unwrap();
    assert_eq!(files.read_file("/d/f").await.unwrap(), "new ");
    assert_eq!(objects(&store, "d/f").await.len(), 1);
    files.append_file("/d/f", "end").await.unwrap();
    let again = ObjectStoreFiles::new(store.clone());
    assert_eq!(again.read_file("/d/f").await.unwrap(), "new end");
    let names: Vec<_> = again.readdir("/d").await.unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["f"]);
    again.rename("/d/f", "/d/./f").await.unwrap();
    again.rename("/d/f", "/d/g").await.unwrap();
    assert_eq!(again.read_file("/d/g").await.unwrap(), "new end");
    assert!(files.read_file("/d/f").await.is_err());
    files.append_file("/d/f", "another").await.unwrap();
    assert_eq!(files.read_file("/d/f").await.unwrap(), "another");
    files.rm("/d", true, false).await.unwrap();
    files.append_file("/d/f", "fresh").await.unwrap();
    assert_eq!(files.read_file("/d/f").await.unwrap(), "fresh");
}

/// A writer may be cut off between any two of its steps.
#[tokio::test]
async fn what_a_writer_left_is_readable() {
    let store = store();
    let put = async |name: &str, text: &str| {
        let name = Segment::parse(name, 0).map_or(name.to_owned(), Segment::name);
        store.write(&format!("f{SUFFIX}{name}"), text.as_bytes().to_vec()).await.unwrap();
    };
    let files = ObjectStoreFiles::new(store.clone());
    store.write("f", "base ").await.unwrap();
    for (name, text) in [("1-1a", "one "), ("2-2a", "two "), ("1-2a", "one two "), ("3-3a", "three ")] {
        put(name, text).await;
    }
    assert_eq!(files.read_file("/f").await.unwrap(), "base one two three ");
    put("4-4w", "whole ").await;
    assert_eq!(files.read_file("/f").await.unwrap(), "whole ");
    put("5-5a", "end ").await;
    put("4-5w", "whole end ").await;
    put("not a segment", "x").await;
    assert_eq!(files.read_file("/f").await.unwrap(), "whole end ");
    files.append_file("/f", "more").await.unwrap();
    assert_eq!(files.read_file("/f").await.unwrap(), "whole end more");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_counts_once() {
    let store = store();
    let files = ObjectStoreFiles::new(store.clone());
    files.append_file("/f", "one ").await.unwrap();
    let second = Segment { first: 2, last: 2, is_whole: false, size: 4 };
    store.write(&format!("f{SUFFIX}{}", second.name()), "two ").await.unwrap();
    files.append_file("/f", "two ").await.unwrap();
    assert_eq!(files.read_file("/f").await.unwrap(), "one two ");
}

#[tokio::test]
async fn a_log_that_lost_an_object_is_told() {
    let store = store();
    let files = ObjectStoreFiles::new(store.clone());
    for number in 0..3 {
        files.append_file("/f", &line(number)).await.unwrap();
    }
    let names = objects(&store, "f").await;
    store.delete(&format!("f{SUFFIX}{}", names[1])).await.unwrap();
    let error = files.read_file("/f").await.unwrap_err();
    assert!(error.message().contains("objects of the file's log are missing"), "{error}");
}

#[test]
fn names_are_read_as_they_were_written() {
    let segment = Segment { first: 1, last: 256, is_whole: true, size: 7 };
    assert_eq!(segment.name(), "000000000001-000000000100w");
    assert_eq!(Segment::parse(&segment.name(), 7), Some(segment));
    for name in ["", "w", "1-2", "x-1a", "1-xa", "1a"] {
        assert_eq!(Segment::parse(name, 0), None);
    }
    assert_eq!(Segment::parse("2-1a", 0), None);
}
