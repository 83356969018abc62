//! Versions of runtimes, `1.0.89` or `1.0.89-7`.

/// The numbers of a version; what is no number ends it.
pub(crate) fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
}

/// Whether a runtime is older than another. A preview sorts behind the version it is called after.
pub(crate) fn is_before(runtime: &str, other: &str) -> bool {
    numbers(runtime) < numbers(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_are_compared_too() {
        assert_eq!(numbers("1.0.89-7"), [1, 0, 89, 7]);
        assert!(is_before("1.0.85", "1.0.89-7") && is_before("1.0.89-7", "1.0.102"));
        assert!(!is_before("1.0.89-7", "1.0.89-7") && !is_before("1.0.102", "1.0.85"));
    }
}
