//! Secrets in requests: which hop gets which.

use percent_encoding::percent_decode_str;
use reqwest::blocking::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::redirect::same_origin;
use crate::error::Error;
use crate::request::HttpOptions;

/// The headers the caller asked for. A token wins over an `Authorization` among them.
///
/// # Errors
/// [`Error::BadOption`] for what cannot be sent as a header.
pub(super) fn headers(options: &HttpOptions) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in &options.headers {
        let bad = |reason| Error::BadOption { option: "--header-env", reason };
        let shown = crate::error::quoted(name);
        let key = HeaderName::try_from(name.as_str()).map_err(|_| bad(format!("{shown} is not a header's name")))?;
        let value = sendable(value.expose()).ok_or_else(|| bad(format!("the value for {shown} cannot be sent in a header")))?;
        headers.append(key, value);
    }
    if let Some(token) = &options.token {
        let value = sendable(&format!("Bearer {}", token.expose()));
        let bad = || Error::BadOption {
            option: "--token-env or --token-file",
            reason: "the token cannot be sent in a header".to_owned(),
        };
        headers.insert(AUTHORIZATION, value.filter(|_| !token.expose().is_empty()).ok_or_else(bad)?);
    }
    Ok(headers)
}

/// Adds to a request what its hop may see: the caller's headers and the asked address's password if the hop is of the origin
/// asked for, and the password in the hop's own address. Where several say `Authorization`, the caller's headers win.
pub(super) fn authorize(request: RequestBuilder, hop: &Url, asked: &Url, headers: &HeaderMap) -> RequestBuilder {
    let home = same_origin(hop, asked);
    let basic = userinfo(hop).or_else(|| userinfo(asked).filter(|_| home));
    let request = match basic {
        Some((user, password)) => request.basic_auth(user, Some(password)),
        None => request,
    };
    if home { request.headers(headers.clone()) } else { request }
}

fn userinfo(url: &Url) -> Option<(String, String)> {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let given = !url.username().is_empty() || url.password().is_some();
    given.then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())))
}

fn sendable(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Secret;

    #[test]
    fn what_cannot_be_sent_is_named_by_its_option_and_never_repeated() {
        let with = |name: &str, value: &str| HttpOptions {
            headers: vec![(name.to_owned(), Secret::new(value))],
            ..HttpOptions::default()
        };
        let token = |token: &str| HttpOptions { token: Some(Secret::new(token)), ..HttpOptions::default() };
        for (options, option) in [
            (with("X Y", "hunter2"), "--header-env"),
            (with("", "hunter2"), "--header-env"),
            (with("X-Y", "hunter2\r\nHost: evil"), "--header-env"),
            (token("hunter2\n"), "--token-env or --token-file"),
            (token(""), "--token-env or --token-file"),
        ] {
            let error = headers(&options).unwrap_err();
            assert!(matches!(&error, Error::BadOption { option: named, .. } if *named == option), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn a_header_never_shows_its_value() {
        let options = HttpOptions { headers: vec![("X-Key".to_owned(), Secret::new("hunter2"))], ..HttpOptions::default() };
        assert!(!format!("{:?}", headers(&options).unwrap()).contains("hunter2"));
    }
}
