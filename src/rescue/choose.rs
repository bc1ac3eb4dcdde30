//! Which of several files is meant. Pure.

use super::candidates::Candidate;
use crate::report::Distrust;
use crate::request::Digest;

/// A candidate, and what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) candidate: Candidate,
    /// Its digest, where one was computed.
    pub(crate) sha256: Option<Digest>,
    /// Its build-id in hexadecimal, where it was read and has one.
    pub(crate) build_id: Option<String>,
    pub(crate) distrust: Option<Distrust>,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) sha256: Option<Digest>,
    /// Whether process and digest are both named: then the caller knows what he wants.
    pub(crate) explicit: bool,
}

/// The outcome.
#[derive(Debug)]
pub(crate) enum Choice {
    /// This one; more than one if they are alike, byte for byte.
    Take(Vec<Known>),
    /// There is none.
    Nothing,
    /// There are none but those that are not to be trusted.
    Distrusted(Vec<Known>),
    /// Different ones.
    Several(Vec<Known>),
}

/// Chooses. Of more than one that is trusted the digests have to be known.
pub(crate) fn choose(all: Vec<Known>, conditions: Conditions) -> Choice {
    // One that is not trusted may not have been read; it is only spoken of.
    let is_unread = |known: &Known| known.distrust.is_some() && known.sha256.is_none() && !conditions.explicit;
    let is_asked_for = |known: &Known| conditions.sha256.is_none() || known.sha256 == conditions.sha256 || is_unread(known);
    let all: Vec<Known> = all.into_iter().filter(is_asked_for).collect();
    if all.is_empty() {
        return Choice::Nothing;
    }
    let (mut trusted, distrusted): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|known| conditions.explicit || known.distrust.is_none());
    if trusted.is_empty() {
        return Choice::Distrusted(distrusted);
    }
    let alike = trusted.iter().all(|known| known.sha256.is_some() && known.sha256 == trusted[0].sha256);
    if trusted.len() > 1 && !alike {
        // The newest first.
        trusted.sort_by_key(|known| {
            std::cmp::Reverse(known.candidate.stat.as_ref().map(|stat| (stat.st_mtime, stat.st_mtime_nsec)))
        });
        return Choice::Several(trusted);
    }
    trusted.sort_by_key(|known| known.candidate.sources.first().map(|source| source.kind));
    Choice::Take(trusted)
}
