//! How the engine's thread tells the event loop that something is queued. On POSIX a descriptor becomes readable,
//! which needs no interpreter lock on the engine's thread; elsewhere a Python callable is called.

use std::sync::Arc;

use pyo3::prelude::*;

/// The two ends of one wake-up: [`ring`](Self::ring) on the engine's thread, [`clear`](Self::clear) on the loop's.
pub(crate) enum Bell {
    #[cfg(unix)]
    Descriptor(unix::Descriptor),
    Callable(Py<PyAny>),
}

impl Bell {
    /// Makes a bell: over a descriptor unless the host asks for a callable.
    pub(crate) fn new(callable: Option<Py<PyAny>>) -> std::io::Result<Arc<Self>> {
        if let Some(callable) = callable {
            return Ok(Arc::new(Self::Callable(callable)));
        }
        #[cfg(unix)]
        return Ok(Arc::new(Self::Descriptor(unix::Descriptor::new()?)));
        #[cfg(not(unix))]
        return Err(std::io::Error::other("this platform needs a callable"));
    }

    /// Called by the engine on the empty to non-empty edge.
    pub(crate) fn ring(&self) {
        match self {
            #[cfg(unix)]
            Self::Descriptor(descriptor) => descriptor.ring(),
            Self::Callable(callable) => {
                // The interpreter may be shutting down: then nobody is left to be woken.
                let _ = Python::try_attach(|py| {
                    if let Err(error) = callable.call0(py) {
                        error.write_unraisable(py, None);
                    }
                });
            }
        }
    }

    /// Silences the bell; to be called before draining, so that no edge is missed.
    pub(crate) fn clear(&self) {
        #[cfg(unix)]
        if let Self::Descriptor(descriptor) = self {
            descriptor.clear();
        }
    }

    /// The descriptor to poll, or -1.
    pub(crate) fn fileno(&self) -> i32 {
        match self {
            #[cfg(unix)]
            Self::Descriptor(descriptor) => descriptor.fileno(),
            Self::Callable(_) => -1,
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};

    /// An eventfd where there is one, else a non-blocking pipe.
    pub(crate) struct Descriptor {
        read: OwnedFd,
        #[cfg(not(target_os = "linux"))]
        write: OwnedFd,
    }

    impl Descriptor {
        #[cfg(target_os = "linux")]
        pub(crate) fn new() -> io::Result<Self> {
            use rustix::event::{EventfdFlags, eventfd};
            Ok(Self { read: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)? })
        }

        #[cfg(not(target_os = "linux"))]
        pub(crate) fn new() -> io::Result<Self> {
            use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio};
            let (read, write) = rustix::pipe::pipe()?;
            for end in [&read, &write] {
                fcntl_setfd(end, FdFlags::CLOEXEC)?;
                ioctl_fionbio(end, true)?;
            }
            Ok(Self { read, write })
        }

        pub(crate) fn ring(&self) {
            #[cfg(target_os = "linux")]
            let end = &self.read;
            #[cfg(not(target_os = "linux"))]
            let end = &self.write;
            // A full counter or pipe means that the loop is being woken already.
            let _ = rustix::io::write(end, &1u64.to_ne_bytes());
        }

        pub(crate) fn clear(&self) {
            let mut buffer = [0u8; 64];
            let _ = rustix::io::read(&self.read, &mut buffer);
        }

        pub(crate) fn fileno(&self) -> i32 {
            self.read.as_raw_fd()
        }
    }
}
