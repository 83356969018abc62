//! Paths of the runtime as paths below a root.

use super::failed;
use crate::error::Result;

/// The parts of a path, `.` and `..` resolved. The root and a drive letter are parts of the store, not of the machine.
pub(super) fn parts(path: &str) -> Result<Vec<&str>> {
    let mut parts = Vec::new();
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    for part in path.split(|letter| letter == '/' || (has_drive && letter == '\\')) {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err(failed(format!("EACCES: {path} leads out of the store")));
                }
            }
            part if part.contains(['\0', '\\']) => {
                return Err(failed(format!("EINVAL: {path:?} has a part that is no file name")));
            }
            part => parts.push(part.strip_suffix(':').filter(|drive| drive.len() == 1).unwrap_or(part)),
        }
    }
    Ok(parts)
}

/// The same as one text without a leading slash; empty for the root.
pub(super) fn key(path: &str) -> Result<String> {
    Ok(parts(path)?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_root() {
        for (path, expected) in
            [("/state/a.txt", "state/a.txt"), ("a//./b/../c", "a/c"), ("/", ""), (r"C:\work/x", "C/work/x")]
        {
            assert_eq!(key(path).unwrap(), expected);
        }
        for path in ["..", "/../etc/passwd", "a/../../b", "a\0b", "a\\..\\b"] {
            assert!(key(path).is_err(), "{path:?}");
        }
    }
}
