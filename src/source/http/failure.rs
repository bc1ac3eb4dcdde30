//! What an error of the network stack means: the cause in words, without secrets, and whether another attempt makes sense.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;
use url::Url;

use crate::error::{Error, lowered};
use crate::request::{HttpOptions, SourceUrl};

/// An attempt that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// The Retry-After header that came with it.
    pub(super) retry_after: Option<String>,
}

impl Failure {
    /// The connection to this hop, or what it served, is no good.
    pub(super) fn at(hop: &Url, cause: Cause) -> Failure {
        let Cause { reason, transient } = cause;
        Error::Http { url: SourceUrl::new(hop.clone()).to_string(), reason, transient }.into()
    }

    pub(super) fn is_transient(&self) -> bool {
        matches!(self.error, Error::Http { transient: true, .. } | Error::HttpStatus { transient: true, .. })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, retry_after: None }
    }
}

/// Why there is no response.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) reason: String,
    pub(super) transient: bool,
}

impl Cause {
    pub(super) fn permanent(reason: impl Into<String>) -> Cause {
        Cause { reason: reason.into(), transient: false }
    }

    pub(super) fn transient(reason: impl Into<String>) -> Cause {
        Cause { reason: reason.into(), transient: true }
    }
}

/// Why a request got no response. Only the innermost cause is put into words: reqwest's own text has the whole address in it.
pub(super) fn of_request(error: &reqwest::Error, options: &HttpOptions) -> Cause {
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return Cause::permanent(of_tls(error));
    }
    let innermost = causes(error).skip(1).last().map_or_else(|| "the address cannot be used".to_owned(), lowered);
    if error.is_builder() {
        return Cause::permanent(innermost);
    }
    let from_kernel = causes(error).any(|cause| cause.downcast_ref().is_some_and(|io: &io::Error| io.raw_os_error().is_some()));
    Cause::transient(if error.is_timeout() && !from_kernel {
        format!("no connection within {} s", options.connect_timeout.as_secs_f64())
    } else if error.is_connect() {
        format!("cannot connect: {innermost}")
    } else {
        innermost
    })
}

/// Why a body ended early, and how much of it came.
pub(super) fn of_body(error: &io::Error, came: u64, length: Option<u64>) -> String {
    let kernel = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).find(|io| io.raw_os_error().is_some());
    let reason = kernel.map_or_else(|| "connection closed".to_owned(), |cause| lowered(cause));
    match length {
        Some(length) => format!("{reason} after {came} of {length} bytes"),
        None => format!("{reason} after {came} bytes"),
    }
}

fn of_tls(error: &rustls::Error) -> String {
    use CertificateError::*;
    let rustls::Error::InvalidCertificate(certificate) = error else { return format!("TLS: {}", lowered(error)) };
    let what = match certificate {
        UnknownIssuer => "is from an unknown issuer",
        Expired | ExpiredContext { .. } => "has expired",
        NotValidYet | NotValidYetContext { .. } => "is not valid yet",
        NotValidForName | NotValidForNameContext { .. } => "is for another name",
        Revoked => "was revoked",
        _ => return lowered(error),
    };
    format!("the server's certificate {what}")
}

/// An error and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn StdError + 'static)| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            // The source of an io::Error that wraps another error is that one's source: the one itself would be passed over.
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_cut_off_says_how_far_it_came() {
        let closed = io::Error::new(io::ErrorKind::UnexpectedEof, "end of file");
        assert_eq!(of_body(&closed, 3, Some(9)), "connection closed after 3 of 9 bytes");
        let reset = io::Error::other(io::Error::from_raw_os_error(104));
        assert_eq!(of_body(&reset, 3, None), "connection reset by peer after 3 bytes");
    }

    #[test]
    fn a_certificate_problem_is_found_inside_an_io_error() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        let found = causes(&wrapped).find_map(|cause| cause.downcast_ref::<rustls::Error>()).unwrap();
        assert_eq!(of_tls(found), "the server's certificate is from an unknown issuer");
    }
}
