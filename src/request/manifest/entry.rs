//! One `[[swap]]`, or the `[defaults]` of all.

use std::path::{Path, PathBuf};

use super::FindSecret;
use super::keys::{At, Fault, Keys};
use crate::request::{
    Account, Digest, EmptySource, Follow, HeaderName, HttpOptions, Method, ModeChange, Ownership, PathTrust, PlainHttp, Preserve,
    Request, Secret, SecretName, Size, Source, TimeLimit, WhenCurrent,
};

/// What a table says; `None` where it says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// Where the table begins.
    at: usize,
    from: Option<At<Vec<At<String>>>>,
    to: Option<At<String>>,
    sha256: Option<At<Digest>>,
    mode: Option<ModeChange>,
    owner: Option<Account>,
    group: Option<Account>,
    preserve: Option<Preserve>,
    no_dereference: Option<bool>,
    allow_shared_path: Option<bool>,
    force: Option<bool>,
    allow_empty: Option<bool>,
    max_filesize: Option<Size>,
    insecure_http: Option<bool>,
    connect_timeout: Option<TimeLimit>,
    stall_timeout: Option<TimeLimit>,
    max_time: Option<TimeLimit>,
    retry: Option<u32>,
    proxy: Option<At<String>>,
    cacert: Option<At<String>>,
    header_env: Option<At<Vec<At<String>>>>,
    token: Option<At<SecretName>>,
    keep: Option<u32>,
}

impl Entry {
    /// Every key of a `[[swap]]`.
    pub(super) const KEYS: [&str; 23] = [
        "from",
        "to",
        "sha256",
        "mode",
        "owner",
        "group",
        "preserve",
        "no-dereference",
        "allow-shared-path",
        "force",
        "allow-empty",
        "max-filesize",
        "insecure-http",
        "connect-timeout",
        "stall-timeout",
        "max-time",
        "retry",
        "proxy",
        "cacert",
        "header-env",
        "token-env",
        "token-file",
        "keep",
    ];

    /// Reads a `[[swap]]`.
    pub(super) fn read(mut keys: Keys<'_>) -> Result<Entry, Fault> {
        let entry = Entry {
            at: keys.at,
            from: keys.texts("from")?,
            to: keys.text("to")?,
            sha256: keys.placed_word("sha256")?,
            mode: keys.word("mode")?,
            owner: keys.word("owner")?,
            group: keys.word("group")?,
            preserve: keys.word("preserve")?,
            no_dereference: keys.flag("no-dereference")?,
            allow_shared_path: keys.flag("allow-shared-path")?,
            force: keys.flag("force")?,
            allow_empty: keys.flag("allow-empty")?,
            max_filesize: keys.word("max-filesize")?,
            insecure_http: keys.flag("insecure-http")?,
            connect_timeout: keys.word("connect-timeout")?,
            stall_timeout: keys.word("stall-timeout")?,
            max_time: keys.word("max-time")?,
            retry: keys.count("retry")?,
            proxy: keys.text("proxy")?,
            cacert: keys.text("cacert")?,
            header_env: keys.texts("header-env")?,
            token: token(&mut keys)?,
            keep: keys.count("keep")?,
        };
        let at_the_top = "it belongs at the top, before any table";
        keys.end(|key| matches!(key, "wait").then_some(at_the_top))?;
        Ok(entry)
    }

    /// Reads `[defaults]`, which are the same but for what makes each file itself.
    pub(super) fn read_defaults(keys: Keys<'_>) -> Result<Entry, Fault> {
        let entry = Entry::read(keys)?;
        let own = [
            ("from", entry.from.as_ref().map(|from| from.at)),
            ("to", entry.to.as_ref().map(|to| to.at)),
            ("sha256", entry.sha256.as_ref().map(|sha256| sha256.at)),
        ];
        match own.into_iter().find_map(|(key, at)| Some((key, at?))) {
            Some((key, at)) => Err(Fault::new(at, format!("'{key}' belongs in a [[swap]], not in [defaults]"))),
            None => Ok(entry),
        }
    }

    /// What this table says, and where it says nothing, what `defaults` say.
    pub(super) fn or(&self, defaults: &Entry) -> Entry {
        let Entry { at, from, to, sha256, .. } = self.clone();
        macro_rules! or {
            ($($field:ident),+) => {
                Entry { at, from, to, sha256, $($field: self.$field.clone().or_else(|| defaults.$field.clone())),+ }
            };
        }
        or!(
            mode,
            owner,
            group,
            preserve,
            no_dereference,
            allow_shared_path,
            force,
            allow_empty,
            max_filesize,
            insecure_http,
            connect_timeout,
            stall_timeout,
            max_time,
            retry,
            proxy,
            cacert,
            header_env,
            token,
            keep
        )
    }

    /// Where the source is named.
    pub(super) fn source_at(&self) -> usize {
        self.from.as_ref().map_or(self.at, |from| from.at)
    }

    /// Where the target is named.
    pub(super) fn target_at(&self) -> usize {
        self.to.as_ref().map_or(self.at, |to| to.at)
    }

    /// The request this table stands for.
    pub(super) fn into_request(self, base: &Path, find: FindSecret<'_>) -> Result<Request, Fault> {
        let from = self.from.as_ref().ok_or_else(|| Fault::new(self.at, "this [[swap]] has no 'from'"))?;
        let to = self.to.as_ref().ok_or_else(|| Fault::new(self.at, "this [[swap]] has no 'to'"))?;
        let http = HttpOptions::default();
        let request = Request {
            sources: from.value.iter().map(|text| source(text, base)).collect::<Result<_, _>>()?,
            target: base.join(&to.value),
            follow: if self.no_dereference.unwrap_or(false) { Follow::Link } else { Follow::Target },
            path_trust: if self.allow_shared_path.unwrap_or(false) { PathTrust::Any } else { PathTrust::Strict },
            ownership: Ownership { user: self.owner.clone(), group: self.group.clone() },
            preserve: self.preserve.unwrap_or(Preserve::all()),
            sha256: self.sha256.as_ref().map(|sha256| sha256.value),
            when_current: if self.force.unwrap_or(false) { WhenCurrent::Replace } else { WhenCurrent::Leave },
            empty: if self.allow_empty.unwrap_or(false) { EmptySource::Allow } else { EmptySource::Refuse },
            max_size: self.max_filesize.map(|size| size.0),
            http: HttpOptions {
                plain: if self.insecure_http.unwrap_or(false) { PlainHttp::Allow } else { PlainHttp::NeedsProof },
                connect_timeout: self.connect_timeout.map_or(http.connect_timeout, |time| time.0),
                stall_timeout: self.stall_timeout.map_or(http.stall_timeout, |time| time.0),
                max_time: self.max_time.map(|time| time.0),
                retries: self.retry.unwrap_or(http.retries),
                proxy: self.proxy.as_ref().map(|proxy| Secret::new(&proxy.value)),
                cacert: self.cacert.as_ref().map(|cacert| base.join(&cacert.value)),
                headers: self.headers(find)?,
                token: self.token(base, find)?,
            },
            keep: self.keep.unwrap_or(Request::KEEP),
            method: Method::Rename,
            mode: self.mode,
        };
        request.judge_sources().map_err(|error| Fault::new(from.at, error.to_string()))?;
        Ok(request)
    }

    fn headers(&self, find: FindSecret<'_>) -> Result<Vec<(String, Secret)>, Fault> {
        let texts = self.header_env.iter().flat_map(|texts| &texts.value);
        let header = |text: &At<String>| {
            let bad = |reason: &str| Fault::new(text.at, format!("'header-env': {reason}"));
            let header: HeaderName = text.value.parse().map_err(bad)?;
            let value = find(&SecretName::Variable(header.variable)).map_err(|reason| bad(&reason))?;
            Ok((header.name, value))
        };
        texts.map(header).collect()
    }

    fn token(&self, base: &Path, find: FindSecret<'_>) -> Result<Option<Secret>, Fault> {
        let Some(At { at, value }) = &self.token else { return Ok(None) };
        let (key, name) = match value {
            SecretName::Variable(variable) => ("token-env", SecretName::Variable(variable.clone())),
            SecretName::File(path) => ("token-file", SecretName::File(base.join(path))),
        };
        find(&name).map(Some).map_err(|reason| Fault::new(*at, format!("'{key}': {reason}")))
    }
}

/// `token-env` or `token-file`, of which a table has one.
fn token(keys: &mut Keys<'_>) -> Result<Option<At<SecretName>>, Fault> {
    match (keys.text("token-env")?, keys.text("token-file")?) {
        (Some(first), Some(second)) => {
            let later = first.at.max(second.at);
            Err(Fault::new(later, "'token-env' and 'token-file' exclude each other"))
        }
        (Some(At { at, value }), None) => Ok(Some(At { at, value: SecretName::Variable(value) })),
        (None, Some(At { at, value })) => Ok(Some(At { at, value: SecretName::File(PathBuf::from(value)) })),
        (None, None) => Ok(None),
    }
}

fn source(text: &At<String>, base: &Path) -> Result<Source, Fault> {
    match Source::parse(text.value.as_ref()) {
        Ok(Source::File(path)) => Ok(Source::File(base.join(path))),
        Ok(source) => Ok(source),
        Err(error) => Err(Fault::new(text.at, error.to_string())),
    }
}
