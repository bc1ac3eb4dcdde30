//! What the command line asks for, as the library takes it.

use swapbin::{
    EmptySource, Error, Follow, HeaderName, HttpOptions, Method, Ownership, PathTrust, PlainHttp, Request, Secret, SecretName,
    Source, WhenCurrent,
};

use crate::args::SwapArgs;
use crate::secret;

/// The request for one file.
pub fn request(args: &SwapArgs) -> Result<Request, Error> {
    let sources = args.from.iter().map(|text| Source::parse(text)).collect::<Result<Vec<_>, _>>()?;
    Ok(Request {
        sources,
        target: args.to.clone(),
        follow: if args.no_dereference { Follow::Link } else { Follow::Target },
        path_trust: if args.allow_shared_path { PathTrust::Any } else { PathTrust::Strict },
        mode: args.mode.clone(),
        ownership: Ownership { user: args.owner.clone(), group: args.group.clone() },
        preserve: args.preserve,
        sha256: args.sha256,
        when_current: if args.force { WhenCurrent::Replace } else { WhenCurrent::Leave },
        empty: if args.allow_empty { EmptySource::Allow } else { EmptySource::Refuse },
        max_size: args.max_filesize.map(|size| size.0),
        http: HttpOptions {
            plain: if args.insecure_http { PlainHttp::Allow } else { PlainHttp::NeedsProof },
            connect_timeout: args.connect_timeout.0,
            stall_timeout: args.stall_timeout.0,
            max_time: args.max_time.map(|time| time.0),
            retries: args.retry,
            proxy: args.proxy.as_ref().map(Secret::new),
            cacert: args.cacert.clone(),
            headers: args.header_env.iter().map(|text| header(text)).collect::<Result<_, _>>()?,
            token: token(args)?,
        },
        keep: args.keep,
        method: if args.in_place { Method::InPlace } else { Method::Rename },
    })
}

fn header(text: &str) -> Result<(String, Secret), Error> {
    let option = "--header-env";
    let bad = |reason: &str| Error::BadOption { option, reason: reason.to_owned() };
    let header: HeaderName = text.parse().map_err(bad)?;
    Ok((header.name, find(option, SecretName::Variable(header.variable))?))
}

fn token(args: &SwapArgs) -> Result<Option<Secret>, Error> {
    let variable = args.token_env.clone().map(|variable| ("--token-env", SecretName::Variable(variable)));
    let name = variable.or_else(|| args.token_file.clone().map(|path| ("--token-file", SecretName::File(path))));
    name.map(|(option, name)| find(option, name)).transpose()
}

fn find(option: &'static str, name: SecretName) -> Result<Secret, Error> {
    secret::find(&name).map_err(|reason| Error::BadOption { option, reason })
}
