//! Room for changing names, and for changing them back, where the filesystem is full.

use std::io;
use std::sync::Arc;

use rustix::io::Errno;

use crate::error::Error;
use crate::failpoint;
use crate::fs::ballast::Ballast;
use crate::fs::dir::Dir;

/// What is set aside before it is decided, one piece for each filesystem, and given back where a step finds no room. It goes when
/// it is dropped.
#[derive(Debug, Default)]
pub(super) struct SetAside(Vec<Ballast>);

impl SetAside {
    /// Sets room aside on the filesystems of these directories.
    ///
    /// # Errors
    /// [`Error::Target`] if there is none: then it is better not to begin. Where it cannot be had for another reason, there is none.
    pub(super) fn on<'a>(directories: impl Iterator<Item = &'a Arc<Dir>>) -> Result<SetAside, Error> {
        let (mut seen, mut all) = (Vec::new(), Vec::new());
        for dir in directories {
            let error = |source| Error::write("set room aside in", dir.path(), source);
            let (device, _) = dir.id().map_err(|errno| error(errno.into()))?;
            if seen.contains(&device) {
                continue;
            }
            seen.push(device);
            match failpoint::hit("ballast").and_then(|()| Ballast::set_aside(dir)) {
                Ok(ballast) => all.extend(ballast),
                Err(source) => match error(source) {
                    full if full.lacks_room() => return Err(full),
                    _ => {}
                },
            }
        }
        Ok(SetAside(all))
    }

    /// Does something, and does it again, with what was set aside given back, if there is no room for it.
    ///
    /// # Errors
    /// That of the first time, which tells the cause.
    pub(super) fn with(&mut self, mut step: impl FnMut() -> Result<(), Error>) -> Result<(), Error> {
        match step() {
            Err(error) if error.lacks_room() && self.give_back() => step().map_err(|_| error),
            done => done,
        }
    }

    /// The same.
    ///
    /// # Errors
    /// As [`SetAside::with`].
    pub(super) fn with_io(&mut self, mut step: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        let lacks_room = |error: &io::Error| matches!(Errno::from_io_error(error), Some(Errno::NOSPC | Errno::DQUOT));
        match step() {
            Err(error) if lacks_room(&error) && self.give_back() => step(),
            done => done,
        }
    }

    /// Gives everything back, for it may be another filesystem's journal that has to be written next. `false` if nothing is left.
    fn give_back(&mut self) -> bool {
        let any = !self.0.is_empty();
        self.0.drain(..).for_each(Ballast::release);
        any
    }
}
