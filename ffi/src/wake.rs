//! A descriptor that is readable while something waits to be polled.

use copilot_core::Result;
#[cfg(unix)]
use copilot_core::{Error, ErrorKind};

#[cfg(unix)]
pub(crate) struct Descriptor {
    read: std::os::fd::OwnedFd,
    write: Option<std::os::fd::OwnedFd>,
}

#[cfg(unix)]
impl Descriptor {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn new() -> Result<Self> {
        use std::os::fd::FromRawFd;
        // SAFETY: no pointers; the result is checked before it is owned.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(failed());
        }
        // SAFETY: the descriptor is new and ours alone.
        Ok(Self { read: unsafe { std::os::fd::OwnedFd::from_raw_fd(fd) }, write: None })
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(crate) fn new() -> Result<Self> {
        let (read, write) = std::io::pipe().map_err(|_| failed())?;
        let (read, write): (std::os::fd::OwnedFd, std::os::fd::OwnedFd) = (read.into(), write.into());
        for fd in [&read, &write] {
            use std::os::fd::AsRawFd;
            // SAFETY: the descriptors are open; only their flags change.
            let done = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
            if done < 0 {
                return Err(failed());
            }
        }
        Ok(Self { read, write: Some(write) })
    }

    pub(crate) fn number(&self) -> i64 {
        use std::os::fd::AsRawFd;
        self.read.as_raw_fd().into()
    }

    /// Makes it readable.
    pub(crate) fn raise(&self) {
        use std::os::fd::AsRawFd;
        let one = 1_u64.to_ne_bytes();
        let fd = self.write.as_ref().unwrap_or(&self.read);
        // SAFETY: eight readable bytes. Would-block means that it is readable already.
        let _ = unsafe { libc::write(fd.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Makes it unreadable.
    pub(crate) fn clear(&self) {
        use std::os::fd::AsRawFd;
        let mut sink = [0_u8; 64];
        // SAFETY: 64 writable bytes. Would-block means that it is unreadable already.
        while unsafe { libc::read(self.read.as_raw_fd(), sink.as_mut_ptr().cast(), sink.len()) } == 64 {}
    }
}

#[cfg(unix)]
fn failed() -> Error {
    let cause = std::io::Error::last_os_error();
    Error::new(ErrorKind::Internal, format!("No descriptor for polling could be made: {cause}"))
}

/// Windows has no descriptor that fits every loop; `copilot_client_poll` with a time limit serves there.
#[cfg(not(unix))]
pub(crate) struct Descriptor;

#[cfg(not(unix))]
impl Descriptor {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self)
    }
    pub(crate) fn number(&self) -> i64 {
        -1
    }
    pub(crate) fn raise(&self) {}
    pub(crate) fn clear(&self) {}
}
