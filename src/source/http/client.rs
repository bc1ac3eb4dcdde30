//! The reqwest clients of one attempt, each made when the first hop needs it.

use std::env;
use std::time::Duration;

use reqwest::Proxy;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use url::Url;

use super::connecting::Connecting;
use super::tls;
use crate::error::Error;
use crate::request::HttpOptions;

/// One client that speaks TLS and one that does not, because reading the system's certificates takes longer than most plain
/// transfers.
pub(super) struct Clients<'a> {
    options: &'a HttpOptions,
    connecting: &'a Connecting,
    plain: Option<Client>,
    secure: Option<Client>,
}

impl<'a> Clients<'a> {
    pub(super) fn new(options: &'a HttpOptions, connecting: &'a Connecting) -> Clients<'a> {
        Clients { options, connecting, plain: None, secure: None }
    }

    /// The client for a hop.
    ///
    /// # Errors
    /// Why there is none; the same would happen again.
    pub(super) fn for_hop(&mut self, hop: &Url) -> Result<&Client, String> {
        let secure = hop.scheme() == "https" || proxy_speaks_tls(self.options);
        let slot = if secure { &mut self.secure } else { &mut self.plain };
        match slot {
            Some(client) => Ok(client),
            None => Ok(slot.insert(build(self.options, self.connecting, secure)?)),
        }
    }
}

fn build(options: &HttpOptions, connecting: &Connecting, secure: bool) -> Result<Client, String> {
    let trust = if secure { tls::system_and(options.cacert.as_deref())? } else { tls::nobody() };
    // Stalls are found by the thread that waits for this one. This is how long a worker nobody waits for lives on, because
    // reqwest's blocking client means each single wait by its timeout, not the whole transfer.
    let longest_wait = options.connect_timeout.saturating_add(options.stall_timeout).saturating_add(Duration::from_secs(1));
    let mut builder = Client::builder()
        .user_agent(concat!("swapbin/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .redirect(Policy::none())
        .referer(false)
        // Another crate of the same program may have turned these features on, and then they are on by default.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(options.connect_timeout)
        .timeout(longest_wait)
        .connector_layer(connecting.layer())
        // A connection that is kept may be closed by the server just as the next redirect wants it.
        .pool_max_idle_per_host(0)
        .tls_backend_preconfigured(trust);
    if options.proxy.is_none() && no_proxy_at_all() {
        builder = builder.no_proxy();
    }
    if let Some(url) = proxy_url(options).map_err(|error| error.to_string())? {
        let proxy = Proxy::all(url).map_err(|_| "the proxy's address cannot be used".to_owned())?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| super::failure::of_request(&error, options).reason)
}

/// The address behind `--proxy`: with a host, and of a kind that can be used. Without a scheme it is an http proxy.
///
/// # Errors
/// [`Error::BadOption`], which does not repeat the address, because it may hold a password.
pub(super) fn proxy_url(options: &HttpOptions) -> Result<Option<Url>, Error> {
    options.proxy.as_ref().map(|given| parse_proxy("--proxy", given.expose())).transpose()
}

/// The variables that name a proxy, as curl(1) has them.
const PROXY_VARIABLES: [&str; 6] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// Refuses a proxy of the environment that cannot be used. Left to itself, the client would go past it, which may be just what
/// the proxy is there to prevent.
///
/// # Errors
/// [`Error::BadOption`], named by the variable.
pub(super) fn judge_environment(options: &HttpOptions) -> Result<(), Error> {
    if options.proxy.is_some() || no_proxy_at_all() {
        return Ok(());
    }
    for name in PROXY_VARIABLES {
        if let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) {
            parse_proxy(name, &value.to_string_lossy())?;
        }
    }
    Ok(())
}

/// Whether the environment says that no address is reached by a proxy.
fn no_proxy_at_all() -> bool {
    ["no_proxy", "NO_PROXY"].iter().any(|name| env::var(name).is_ok_and(|hosts| hosts.trim() == "*"))
}

fn parse_proxy(option: &'static str, given: &str) -> Result<Url, Error> {
    let bad = |reason: &str| Error::BadOption { option, reason: reason.to_owned() };
    let text = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
    let url = Url::parse(&text).map_err(|_| bad("not a valid address"))?;
    if !matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") {
        return Err(bad("only http, https, socks4, socks4a, socks5 and socks5h proxies are supported"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("the address names no host"));
    }
    if given.contains(char::is_whitespace) {
        return Err(bad("not a valid address"));
    }
    Ok(url)
}

/// Whether even plain addresses may be reached by way of TLS.
fn proxy_speaks_tls(options: &HttpOptions) -> bool {
    let is_https = |text: &str| text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    match &options.proxy {
        Some(proxy) => is_https(proxy.expose()),
        None => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
            .iter()
            .any(|name| env::var(name).is_ok_and(|proxy| is_https(&proxy))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Secret;

    fn with(proxy: &str) -> HttpOptions {
        HttpOptions { proxy: Some(Secret::new(proxy)), ..HttpOptions::default() }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_not_repeated() {
        for text in ["", "http://", "ftp://me:hunter2@h/", "http://me:hunter2@[h", "http://me:hunter2@h:99999", "a b"] {
            let error = proxy_url(&with(text)).unwrap_err();
            assert!(matches!(error, Error::BadOption { option: "--proxy", .. }), "{text}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn a_proxy_may_be_just_host_and_port() {
        assert_eq!(proxy_url(&with("localhost:3128")).unwrap().unwrap().as_str(), "http://localhost:3128/");
        assert_eq!(proxy_url(&with("socks5h://[::1]:1080")).unwrap().unwrap().scheme(), "socks5h");
        assert_eq!(proxy_url(&HttpOptions::default()).unwrap(), None);
    }
}
