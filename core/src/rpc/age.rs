//! Why a runtime does not know a method: it is too old for it, or too new.

use super::METHOD_NOT_FOUND;
use super::ages::AGES;
use crate::Error;
use crate::error::reasons;
use crate::protocol::version::is_before;

/// A method that not every runtime has, with the first and the last one that is known to have it, or "".
pub(super) type Age = (&'static str, &'static str, &'static str);

pub(super) fn of(method: &str) -> Option<&'static Age> {
    AGES.binary_search_by(|(name, _, _)| (*name).cmp(method)).ok().map(|at| &AGES[at])
}

/// Adds both versions and a way out to "no such method".
pub(super) fn explain(error: Error, age: Option<&Age>, runtime: Option<&String>) -> Error {
    let Some((method, since, until)) = age.filter(|_| error.rpc_code() == Some(METHOD_NOT_FOUND)) else {
        return error;
    };
    let Some(runtime) = runtime else { return error };
    let answer = error.message();
    let told = if !until.is_empty() && !is_before(runtime, until) {
        reasons::method_until(method, until, runtime, answer)
    } else if !since.is_empty() && is_before(runtime, since) {
        reasons::method_since(method, since, runtime, answer)
    } else {
        return error;
    };
    told.answered(METHOD_NOT_FOUND, error.data().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: &str, runtime: &str) -> String {
        let answer = Error::rpc(METHOD_NOT_FOUND, format!("Unhandled method {method}"), None);
        explain(answer, of(method), Some(&runtime.to_owned())).message().to_owned()
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(AGES.is_sorted_by_key(|(name, _, _)| *name));
        assert!(AGES.len() > 50);
    }

    #[test]
    fn both_versions_are_named() {
        let text = told("session.workflow.run", "1.0.85");
        assert!(text.starts_with("Unhandled method session.workflow.run; "), "{text}");
        assert!(text.contains("1.0.89-7 or newer") && text.contains("this is 1.0.85"), "{text}");
        let text = told("session.factory.run", "1.0.104");
        assert!(text.contains("last known to runtime 1.0.85") && text.contains("this is 1.0.104"), "{text}");
    }

    #[test]
    fn other_errors_stay_as_they_are() {
        assert_eq!(told("ping", "1.0.85"), "Unhandled method ping");
        assert_eq!(told("session.factory.run", "1.0.67"), "Unhandled method session.factory.run");
        assert_eq!(told("session.workflow.run", "1.0.102"), "Unhandled method session.workflow.run");
        let error = Error::rpc(-32000, "no such workflow", None);
        assert_eq!(explain(error, of("session.workflow.run"), None).message(), "no such workflow");
    }
}
