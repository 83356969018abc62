//! The short way to the values around the data of an event. Each of these makes nothing of what is not written as runtimes
//! write it; the long way in Python then says what it is, or what is wrong with it.

use copilot_core::host::Part;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// What makes Python values of text.
pub(crate) struct Makers {
    /// Reads the JSON text of a UUID.
    pub(crate) uuid: Py<PyAny>,
    /// The class of times, and the time zone of those that end in `Z`.
    pub(crate) time: Py<PyAny>,
    pub(crate) utc: Py<PyAny>,
}

impl Makers {
    pub(crate) fn uuid(&self, py: Python<'_>, text: &[u8], part: Part) -> Option<Py<PyAny>> {
        let Part::Text(start, end) = part else { return None };
        let (start, end) = (start as usize, end as usize);
        if !is_canonical_uuid(&text[start..end]) {
            return None;
        }
        let quoted = PyBytes::new(py, &text[start - 1..=end]);
        self.uuid.call1(py, (quoted,)).ok()
    }

    pub(crate) fn uuid_or_none(&self, py: Python<'_>, text: &[u8], part: Part) -> Option<Py<PyAny>> {
        match part {
            Part::Null | Part::Missing => Some(py.None()),
            part => self.uuid(py, text, part),
        }
    }

    /// A time that remembers how it was written.
    pub(crate) fn time(&self, py: Python<'_>, text: &[u8], part: Part) -> Option<Py<PyAny>> {
        let Part::Text(start, end) = part else { return None };
        let text = &text[start as usize..end as usize];
        let state = PyBytes::new(py, &time_state(text)?);
        let value = self.time.bind(py).call1((state, &self.utc)).ok()?;
        let text = std::str::from_utf8(text).ok()?;
        value.setattr(intern!(py, "text"), PyString::new(py, text)).ok()?;
        Some(value.unbind())
    }
}

/// A text as it is.
pub(crate) fn text_or_none(py: Python<'_>, text: &[u8], part: Part) -> Option<Py<PyAny>> {
    match part {
        Part::Null | Part::Missing => Some(py.None()),
        Part::Text(start, end) => {
            let text = std::str::from_utf8(&text[start as usize..end as usize]).ok()?;
            // Control characters do not belong into JSON text.
            text.bytes().all(|byte| byte >= b' ').then(|| PyString::new(py, text).into_any().unbind())
        }
        _ => None,
    }
}

/// Whether `UUID` writes it in the same way.
fn is_canonical_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// The ten bytes by which `datetime` pickles a time that is written as `2026-11-27T05:00:00.123Z`.
fn time_state(text: &[u8]) -> Option<[u8; 10]> {
    let number = |range: std::ops::Range<usize>| {
        text[range]
            .iter()
            .try_fold(0u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let micros = match text.len() {
        20 => 0,
        24 => number(20..23)? * 1000,
        27 => number(20..26)?,
        _ => return None,
    };
    let signs = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (text.len() - 1, b'Z')];
    if signs.iter().any(|(at, sign)| text[*at] != *sign) || (text.len() > 20 && text[19] != b'.') {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if year == 0 || !(1..=days_in(year, month)?).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let [_, _, high, low] = year.to_be_bytes();
    let [_, micros @ ..] = micros.to_be_bytes();
    let small = [month, day, hour, minute, second].map(|number| number as u8);
    let mut state = [0; 10];
    state[..2].copy_from_slice(&[high, low]);
    state[2..7].copy_from_slice(&small);
    state[7..].copy_from_slice(&micros);
    Some(state)
}

fn days_in(year: u32, month: u32) -> Option<u32> {
    Some(match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    })
}
