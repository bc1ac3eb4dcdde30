//! Where a redirect leads, and what it may not do. Pure.

use url::Url;

/// How many redirects are followed.
pub(super) const LIMIT: usize = 10;

/// Whether a status is a redirect to follow with GET. 300 and 304 to 306 are not.
pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where a response with this Location header leads.
///
/// # Errors
/// Why it is not followed: no or a bad address, from https down to http, or to another kind of address.
pub(super) fn next(hop: &Url, location: Option<&[u8]>) -> Result<Url, &'static str> {
    let location = location.ok_or("a redirect that leads nowhere")?;
    let location = std::str::from_utf8(location).map_err(|_| "a redirect to an address that cannot be read")?;
    // A relative address would take user and password over from the hop it is joined to.
    let next = without_userinfo(hop).join(location.trim()).map_err(|_| "a redirect to an address that cannot be read")?;
    match (hop.scheme(), next.scheme()) {
        ("https", "http") => Err("a redirect from https to http was refused"),
        (_, "http" | "https") => Ok(next),
        _ => Err("a redirect to something that is neither http nor https was refused"),
    }
}

/// Scheme, host and port are the same.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// The address as it is sent: user and password go into a header of their own, or nowhere.
pub(super) fn without_userinfo(url: &Url) -> Url {
    let mut bare = url.clone();
    // Fails for addresses without a host only, and then there is nothing to remove.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(hop: &str, location: &str) -> Result<String, &'static str> {
        next(&hop.parse().unwrap(), Some(location.as_bytes())).map(String::from)
    }

    #[test]
    fn five_statuses_lead_elsewhere() {
        let all: Vec<u16> = (300..400).filter(|status| is_redirect(*status)).collect();
        assert_eq!(all, [301, 302, 303, 307, 308]);
    }

    #[test]
    fn https_never_leads_down_to_http() {
        assert!(follow("https://a.example/x", "http://a.example/y").is_err());
        assert!(follow("https://a.example/x", "HTTP://a.example/y").is_err());
        assert_eq!(follow("http://a.example/x", "https://a.example/y").unwrap(), "https://a.example/y");
        assert_eq!(follow("https://a.example/x", "//b.example/y").unwrap(), "https://b.example/y");
    }

    #[test]
    fn only_http_addresses_are_followed() {
        for location in ["file:///etc/shadow", "ftp://a.example/x", "data:,x", "javascript:0"] {
            assert!(follow("http://a.example/", location).is_err(), "{location}");
        }
    }

    #[test]
    fn a_missing_or_unreadable_location_is_an_error() {
        let hop = "http://a.example/x".parse().unwrap();
        assert!(next(&hop, None).is_err());
        assert!(next(&hop, Some(b"http://\xff/")).is_err());
        assert!(follow("http://a.example/", "http://[oops").is_err());
    }

    #[test]
    fn a_relative_location_inherits_no_password() {
        assert_eq!(follow("http://me:pw@a.example/x/y", "../z?q").unwrap(), "http://a.example/z?q");
        assert_eq!(follow("http://a.example/x", "http://you:pw@b.example/").unwrap(), "http://you:pw@b.example/");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |a: &str, b: &str| same_origin(&a.parse().unwrap(), &b.parse().unwrap());
        assert!(same("https://u:p@a.example/x", "https://A.example:443/y"));
        assert!(!same("http://a.example/", "https://a.example/"));
        assert!(!same("https://a.example/", "https://a.example:8443/"));
        assert!(!same("https://a.example/", "https://b.a.example/"));
    }
}
