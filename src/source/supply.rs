//! All the places one file may come from, tried in order.

#[cfg(feature = "http")]
use std::borrow::Cow;

use super::checked::Checked;
use super::{Deadline, LocalSource, Session, Sink};
use crate::checksum::sha256_of;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::proof::Trusted;
use crate::report::SourceFacts;
use crate::request::{EmptySource, Request, Source, SourceUrl};

/// One place, opened as far as that costs nothing.
enum Origin<'a> {
    Local(LocalSource),
    Url(&'a SourceUrl),
}

/// The sources of a request. Local ones are open, so that they are found missing before anything is touched.
pub(crate) struct Supply<'a> {
    request: &'a Request,
    origins: Vec<(String, Result<Origin<'a>, Error>)>,
}

/// The outcome of pouring.
pub(crate) struct Poured {
    pub(crate) facts: SourceFacts,
    pub(crate) trusted: Trusted,
}

impl<'a> Supply<'a> {
    /// Opens what is local.
    ///
    /// # Errors
    /// That a single source cannot be opened, or is unfit; with mirrors that shows when their turn comes.
    pub(crate) fn open(request: &'a Request) -> Result<Supply<'a>, Error> {
        let mut origins = Vec::new();
        for source in &request.sources {
            let origin = match source {
                Source::File(path) => LocalSource::open(path).and_then(|local| judge_local(local, request)),
                Source::Stdin => LocalSource::stdin().and_then(|local| judge_local(local, request)),
                Source::Url(url) => Ok(Origin::Url(url)),
            };
            match origin {
                Err(error) if request.sources.len() == 1 => return Err(error),
                origin => origins.push((source.to_string(), origin)),
            }
        }
        Ok(Supply { request, origins })
    }

    /// The source, if there is just one and it is a file whose bytes can be read more than once.
    pub(crate) fn only_file(&self) -> Option<&LocalSource> {
        match &self.origins[..] {
            [(_, Ok(Origin::Local(local)))] if local.size().is_some() => Some(local),
            _ => None,
        }
    }

    /// A supply that is this one file, which is known to have the digest asked for.
    pub(crate) fn from_file(request: &'a Request, file: LocalSource) -> Supply<'a> {
        Supply { request, origins: vec![(request.sources[0].to_string(), Ok(Origin::Local(file)))] }
    }

    /// Refuses a source that is the file it would replace.
    ///
    /// # Errors
    /// [`Error::SameFile`].
    pub(crate) fn refuse_same(&self, target: (u64, u64), path: &std::path::Path) -> Result<(), Error> {
        let same =
            |(_, origin): &(_, Result<Origin, _>)| matches!(origin, Ok(Origin::Local(local)) if local.identity() == target);
        if self.origins.iter().any(same) { Err(Error::SameFile { path: path.to_owned() }) } else { Ok(()) }
    }

    /// Reads the first source that can be read and has the digest asked for.
    ///
    /// # Errors
    /// If all sources failed, that of the one that says most: a wrong digest before a failure that may pass, and that before one
    /// that is final. At once, if the reason is not the source's.
    pub(crate) fn pour(self, sink: &mut dyn Sink, session: &mut Session<'_>) -> Result<Poured, Error> {
        let deadline = self.request.http.max_time.map(Deadline::after);
        let mut attempts = 0;
        let mut gravest: Option<Error> = None;
        let mut origins = self.origins.into_iter().peekable();
        while let Some((from, origin)) = origins.next() {
            let poured = origin.and_then(|origin| pour_one(self.request, &from, &origin, deadline, sink, session));
            match poured {
                Ok(mut poured) => {
                    poured.facts.attempts += attempts;
                    return Ok(poured);
                }
                Err(error) if !is_the_sources_fault(&error) => return Err(error),
                Err(error) => {
                    attempts += 1;
                    if origins.peek().is_some() {
                        session.event(Event::NextMirror { error: &error });
                        sink.restart()?;
                    }
                    if gravest.as_ref().is_none_or(|before| gravity(&error) >= gravity(before)) {
                        gravest = Some(error);
                    }
                }
            }
        }
        Err(gravest.expect("a request has at least one source"))
    }
}

/// How much the failure of one mirror among others says: somebody serves other bytes; one may answer later.
fn gravity(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Untrusted => 2,
        ErrorKind::TryLater => 1,
        _ => 0,
    }
}

/// Whether another mirror may do better.
fn is_the_sources_fault(error: &Error) -> bool {
    let kind = error.kind();
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Untrusted | ErrorKind::Rejected | ErrorKind::TryLater)
        && !matches!(error, Error::MaxTime { .. })
}

/// Refuses a file that its size alone makes unfit.
fn judge_local<'a>(local: LocalSource, request: &Request) -> Result<Origin<'a>, Error> {
    let from = || crate::error::escaped(local.path().as_os_str());
    match request.max_size {
        Some(limit) if local.size().is_some_and(|size| size > limit) => Err(Error::SourceTooLarge { from: from(), limit }),
        _ if request.empty == EmptySource::Refuse && local.is_empty() => Err(Error::SourceEmpty { from: from() }),
        _ => Ok(Origin::Local(local)),
    }
}

/// Refuses sources that make no sense, without opening or fetching anything.
///
/// # Errors
/// [`Error::MirrorsNeedDigest`], [`Error::PlainHttp`], [`Error::BadOption`].
pub(crate) fn judge(request: &Request) -> Result<(), Error> {
    request.judge_sources()?;
    #[cfg(feature = "http")]
    if request.sources.iter().any(|source| matches!(source, Source::Url(_))) {
        super::http::check_options(&request.http)?;
    }
    Ok(())
}

fn pour_one(
    request: &Request,
    from: &str,
    origin: &Origin<'_>,
    deadline: Option<Deadline>,
    sink: &mut dyn Sink,
    session: &mut Session<'_>,
) -> Result<Poured, Error> {
    let mut facts = SourceFacts { from: from.to_owned(), attempts: 1, ..SourceFacts::default() };
    let (digest, html) = match origin {
        Origin::Local(local) => {
            session.event(Event::Attempt { source: from, attempt: 1 });
            let (bytes, digest) = read_local(request, from, local, deadline, sink, session)?;
            facts.bytes = Some(bytes);
            (digest, false)
        }
        Origin::Url(url) => {
            let mut checked = Checked::new(sink, from, request.max_size, request.sha256.is_some());
            fetch(url, request, deadline, &mut checked, session, &mut facts)?;
            checked.finish()
        }
    };
    if html && request.sha256.is_none() {
        return Err(Error::WebPage { url: from.to_owned() });
    }
    let trusted = Trusted::require(from, request.sha256, digest, html)?;
    Ok(Poured { facts, trusted })
}

/// Reads a local source, the fast way where there is one.
fn read_local(
    request: &Request,
    from: &str,
    local: &LocalSource,
    deadline: Option<Deadline>,
    sink: &mut dyn Sink,
    session: &mut Session<'_>,
) -> Result<(u64, Option<crate::request::Digest>), Error> {
    let hash = request.sha256.is_some();
    if let Some(size) = local.size() {
        session.event(Event::Size { bytes: size });
        let cancel = session.cancel;
        if let Some(copy) = sink.take_file(local, session)? {
            local.check_unchanged()?;
            // What was written is hashed, not what was read: the copy is what will be installed.
            let digest = hash.then(|| sha256_of(copy, cancel, |error| local.read_error(error))).transpose()?;
            return Ok((size, digest));
        }
    }
    let mut checked = Checked::new(sink, from, request.max_size, hash);
    local.size().map_or(Ok(()), |size| checked.expect_size(size))?;
    let bytes = local.pour(deadline, from, &mut checked, session)?;
    if local.size().is_some() {
        local.check_unchanged()?;
    }
    Ok((bytes, checked.finish().0))
}

/// Whether an address may see the secrets of the request: they are for the origin of the first one, and a mirror is somebody
/// else.
#[cfg(feature = "http")]
fn is_home(url: &SourceUrl, sources: &[Source]) -> bool {
    let first = sources.iter().find_map(|source| if let Source::Url(url) = source { Some(url) } else { None });
    first.is_some_and(|first| first.expose().origin() == url.expose().origin())
}

#[cfg(feature = "http")]
fn fetch(
    url: &SourceUrl,
    request: &Request,
    deadline: Option<Deadline>,
    sink: &mut Checked<'_>,
    session: &mut Session<'_>,
    facts: &mut SourceFacts,
) -> Result<(), Error> {
    let mut options = Cow::Borrowed(&request.http);
    if !is_home(url, &request.sources) {
        let options = options.to_mut();
        options.headers.clear();
        options.token = None;
    }
    let fetched = super::http::fetch(url, &options, deadline.map(Deadline::at), sink, session)?;
    facts.final_url = Some(fetched.final_url);
    facts.status = Some(fetched.status);
    facts.etag = fetched.etag;
    facts.bytes = Some(fetched.bytes);
    facts.attempts = fetched.attempts;
    Ok(())
}

#[cfg(not(feature = "http"))]
fn fetch(
    url: &SourceUrl,
    _request: &Request,
    _deadline: Option<Deadline>,
    _sink: &mut Checked<'_>,
    _session: &mut Session<'_>,
    _facts: &mut SourceFacts,
) -> Result<(), Error> {
    Err(Error::BadUrl { url: url.to_string(), reason: "this build cannot fetch addresses".to_owned() })
}
