//! The command line. Also read by the tests, which hold man page and completions against it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{ArgAction, Parser, ValueEnum, ValueHint};
use swapbin::{Account, Digest, ModeChange, Preserve};

const AFTER_HELP: &str = "\
Exit status:
  0    installed, or already current
  1    failed: input or output, or anything without a code of its own
  2    usage
  4    untrusted: the digest is wrong
  5    rejected: the source is empty, too large, a directory, the target itself or a web page
  7    unavailable: the source is not there, or may not be read or fetched
  8    in doubt: the new file is in place, but may not survive a power cut
  9    target: the destination is refused
  10   --check: a change would be made
  75   try later: the source failed for now, or something changed meanwhile
  128+n  ended by signal n, everything cleaned up

Whatever the status, the target is the old file or the new one, whole.";

const AFTER_LONG_HELP: &str = "\
`swapbin install ...`, and a link to swapbin called install, is install(1): see `swapbin install --help`.

Examples:
  swapbin --from target/release/app --to /usr/local/bin/app
  swapbin --from https://example.org/app --sha256 HEX --to /usr/local/bin/app
  curl ... | swapbin --from - --to /usr/local/bin/app --mode 0755
";

/// Replace a program or shared library safely, also while it runs.
///
/// The new file is written under a temporary name beside the target, synced, and renamed into place: the target is never
/// absent and never partial, a running program keeps its old file, and whatever fails, the old file is still there.
#[derive(Debug, Parser)]
#[command(name = "swapbin", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = AFTER_HELP, after_long_help = format!("{AFTER_LONG_HELP}\n{AFTER_HELP}"))]
pub struct Args {
    /// Where the new file comes from: a path, '-' for standard input, or a file, http or https address.
    ///
    /// Given more than once, the others are mirrors: they are tried in order until one has the digest.
    #[arg(long, value_name = "SOURCE", required = true, value_hint = ValueHint::FilePath)]
    pub from: Vec<OsString>,

    /// The file to replace or create.
    ///
    /// An existing directory, or a trailing slash, takes the name from the source. A symbolic link is followed.
    #[arg(long, value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub to: PathBuf,

    /// The SHA-256 digest the new file must have.
    ///
    /// If the target has it already, nothing is fetched.
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<Digest>,

    /// The mode, octal or symbolic; symbolic starts from the replaced file's, or 0755.
    #[arg(short, long, value_name = "MODE", help_heading = "Metadata", allow_hyphen_values = true)]
    pub mode: Option<ModeChange>,

    /// The owner, by name or number.
    #[arg(short, long, value_name = "USER", help_heading = "Metadata", value_parser = account, value_hint = ValueHint::Username)]
    pub owner: Option<Account>,

    /// The group, by name or number.
    #[arg(short, long, value_name = "GROUP", help_heading = "Metadata", value_parser = account)]
    pub group: Option<Account>,

    /// What the new file takes over from the replaced one: mode, owner, group, acl, xattr, caps, context; or all, or none.
    #[arg(long, value_name = "LIST", default_value = "all", help_heading = "Metadata")]
    pub preserve: Preserve,

    /// Replace a symbolic link itself, not what it points to.
    #[arg(long, help_heading = "Target")]
    pub no_dereference: bool,

    /// As root, also go through directories and links that other users may write to.
    #[arg(long, help_heading = "Target")]
    pub allow_shared_path: bool,

    /// Replace the target even if nothing would change.
    #[arg(long, help_heading = "Target")]
    pub force: bool,

    /// Only tell whether the target would change: status 0 if it is current, 10 if not.
    #[arg(long, help_heading = "Target", conflicts_with = "force")]
    pub check: bool,

    /// Only say what would be done; fetch and change nothing.
    #[arg(short = 'n', long, help_heading = "Target")]
    pub dry_run: bool,

    /// Accept an empty source.
    #[arg(long, help_heading = "Source")]
    pub allow_empty: bool,

    /// The largest source accepted: bytes, or with K, M, G, T (powers of 1024).
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Source")]
    pub max_filesize: Option<u64>,

    /// Accept plain http without a digest.
    #[arg(long, help_heading = "Source")]
    pub insecure_http: bool,

    /// The longest wait for a connection: seconds, or with ms, s, m, h.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10", help_heading = "Source")]
    pub connect_timeout: Duration,

    /// The longest time an address may send nothing.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30", help_heading = "Source")]
    pub stall_timeout: Duration,

    /// The longest time for everything: all attempts, waits and mirrors.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Source")]
    pub max_time: Option<Duration>,

    /// How often a transient failure is tried again.
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Source")]
    pub retry: u32,

    /// The proxy, instead of what the environment names (http_proxy, https_proxy, all_proxy, no_proxy).
    #[arg(long, value_name = "URL", help_heading = "Source")]
    pub proxy: Option<String>,

    /// A file of PEM certificates to trust besides the system's.
    #[arg(long, value_name = "FILE", help_heading = "Source", value_hint = ValueHint::FilePath)]
    pub cacert: Option<PathBuf>,

    /// Send the header NAME with the value of the environment variable VAR, to the first address's own origin only.
    #[arg(long, value_name = "NAME=VAR", help_heading = "Source")]
    pub header_env: Vec<String>,

    /// Send the value of the environment variable VAR as bearer token, to the first address's own origin only.
    #[arg(long, value_name = "VAR", help_heading = "Source", conflicts_with = "token_file", value_hint = ValueHint::Other)]
    pub token_env: Option<String>,

    /// Send the first line of FILE as bearer token, to the first address's own origin only.
    #[arg(long, value_name = "FILE", help_heading = "Source", value_hint = ValueHint::FilePath)]
    pub token_file: Option<PathBuf>,

    /// Say nothing but errors.
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say each step.
    #[arg(short, long, help_heading = "Output", action = ArgAction::Count)]
    pub verbose: u8,

    /// Print one JSON object on standard output.
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Show progress: auto (a bar, on a terminal only), plain (lines), never.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ProgressWhen::Auto, help_heading = "Output")]
    pub progress: ProgressWhen,

    /// Where state is kept; a single swap needs none.
    // An empty variable is one that is not set, so the parser that refuses empty paths is not for it.
    #[arg(long, value_name = "DIR", env = "SWAPBIN_STATE_DIR", help_heading = "Output", value_hint = ValueHint::DirPath)]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub state_dir: Option<PathBuf>,
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressWhen {
    /// A bar, if standard error is a terminal.
    Auto,
    /// Lines.
    Plain,
    /// Nothing.
    Never,
}

fn account(text: &str) -> Result<Account, String> {
    if text.is_empty() { Err("an account has a name or a number".to_owned()) } else { Ok(Account::new(text)) }
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return Err("a size is a number of bytes, or a number with K, M, G or T".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "a size is a whole number, or one with K, M, G or T".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "larger than any file".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let factor = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("a time is a number of seconds, or a number with ms, s, m or h".to_owned()),
    };
    let number: f64 = text[..text.len() - unit.len()].parse().map_err(|_| "a time is a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(number * factor) {
        // A century is as good as for ever, and keeps every sum of times in range.
        Ok(time) if !time.is_zero() && time < Duration::from_secs(100 * 365 * 86400) => Ok(time),
        _ => Err("a time is more than nothing and less than a century".to_owned()),
    }
}
