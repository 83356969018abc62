//! Where in a JSON text reading it ended, as keys and places. Finding it from the position that an error has costs nothing
//! while texts are right, and needs no second reader of every type that keeps its path.

use super::scan::{ScanError, Scanner};

/// The keys and places of the value at which reading `text` ended.
pub(super) fn of_error(text: &[u8], error: &serde_json::Error) -> Vec<String> {
    path_to(text, end_of_reading(text, error))
}

/// How many bytes had been read.
fn end_of_reading(text: &[u8], error: &serde_json::Error) -> usize {
    let line = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', text).nth(line - 2).map_or(0, |end| end + 1),
    };
    line + error.column()
}

/// The keys and places of the innermost value that begins, or ends, or goes on after `end` bytes of `text`.
fn path_to(text: &[u8], end: usize) -> Vec<String> {
    let mut path = Vec::new();
    let mut whole = Scanner::new(text);
    while let Some((step, start)) = inner_at(&mut whole, end) {
        path.push(step);
        whole = Scanner::at(text, start);
    }
    path
}

/// The member or element of the next value that `end` belongs to, and where its value starts. A name that is not known is
/// where reading ends, too, at its colon.
fn inner_at(whole: &mut Scanner<'_>, end: usize) -> Option<(String, usize)> {
    let mut found = None;
    let mut look = |step: &dyn Fn() -> String, from: usize, scanner: &mut Scanner<'_>| {
        let start = scanner.start();
        let is_read = scanner.skip();
        if from <= end && (end <= scanner.position() || is_read.is_err()) {
            found = Some((step(), start));
            return Err(ScanError(end));
        }
        is_read
    };
    // Ended early by what was found, or by text that nobody has read.
    let _ = if whole.is_object() {
        whole.object(|key, scanner| look(&|| key_text(key), scanner.position() - 1, scanner))
    } else if whole.is_array() {
        whole.array(|index, scanner| {
            let start = scanner.start();
            look(&|| index.to_string(), start, scanner)
        })
    } else {
        Ok(())
    };
    found
}

fn key_text(raw: &[u8]) -> String {
    serde_json::from_slice(&[b"\"", raw, b"\""].concat())
        .unwrap_or_else(|_| String::from_utf8_lossy(raw).into_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};
    use serde_path_to_error::Segment;

    use super::of_error;
    use crate::protocol::options::SessionConfig;

    /// Every value of the sample in turn replaced by each of `WRONG`, in compact and in wide text.
    fn spoiled(sample: &Value) -> Vec<String> {
        const WRONG: [&str; 7] =
            ["null", "true", "-5", "\"a\\\\\\\"]}\"", "[1,[2]]", "[[3]]", "{\"x,\":{\"y\":[]}}"];
        let mut places = vec![String::new()];
        collect(sample, "", &mut places);
        let with = |place: &String| {
            WRONG.map(|wrong| {
                let mut changed = sample.clone();
                *changed.pointer_mut(place).unwrap() = serde_json::from_str(wrong).unwrap();
                changed
            })
        };
        let changed = places.iter().flat_map(with);
        changed.flat_map(|whole| [whole.to_string(), serde_json::to_string_pretty(&whole).unwrap()]).collect()
    }

    fn collect(value: &Value, place: &str, places: &mut Vec<String>) {
        let inner: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
            }
            _ => Vec::new(),
        };
        for (step, value) in inner {
            let place = format!("{place}/{step}");
            collect(value, &place, places);
            places.push(place);
        }
    }

    /// Fails unless errors of `T` are found where a reader that keeps the path has them.
    #[track_caller]
    pub(crate) fn same_as_tracked<T: serde::de::DeserializeOwned>(sample: &Value) {
        let mut wrong = 0;
        for text in spoiled(sample) {
            let Err(error) = serde_json::from_str::<T>(&text) else { continue };
            let mut reader = serde_json::Deserializer::from_str(&text);
            let tracked = serde_path_to_error::deserialize::<_, T>(&mut reader).err().unwrap();
            let known = tracked.path().iter().filter_map(|segment| match segment {
                Segment::Seq { index } => Some(index.to_string()),
                Segment::Map { key } => Some(key.clone()),
                Segment::Enum { .. } | Segment::Unknown => None,
            });
            assert_eq!(of_error(text.as_bytes(), &error), known.collect::<Vec<_>>(), "{text}: {error}");
            wrong += 1;
        }
        assert!(wrong > 20, "{wrong} of the samples were wrong");
    }

    #[test]
    fn the_place_is_that_of_a_reader_that_keeps_it() {
        same_as_tracked::<SessionConfig>(&json!({
            "model": "m", "streaming": true, "tools": [{"name": "a", "skipPermission": true}, {"name": "b\n"}],
            "mcpServers": {"one": {"type": "http", "url": "u"}}, "availableTools": ["x"], "enableSkills": false,
            "systemMessage": {"mode": "append", "content": "c"}, "provider": {"type": "openai", "baseUrl": "b"},
            "customAgents": [{"name": "n", "prompt": "p", "tools": ["t"]}], "gitHubToken": "g",
        }));
    }
}
