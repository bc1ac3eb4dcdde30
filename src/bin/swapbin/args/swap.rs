//! What is said of one file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use swapbin::{Account, Digest, ModeChange, Preserve, Request, Size, TimeLimit};

/// The options of one file: of one group, where there are several.
#[derive(Debug, Args)]
pub struct SwapArgs {
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
    #[arg(short, long, value_name = "MODE", help_heading = "Metadata", allow_hyphen_values = true, value_parser = mode)]
    pub mode: Option<ModeChange>,

    /// The owner, by name or number.
    #[arg(short, long, value_name = "USER", help_heading = "Metadata", value_hint = ValueHint::Username)]
    pub owner: Option<Account>,

    /// The group, by name or number.
    #[arg(short, long, value_name = "GROUP", help_heading = "Metadata")]
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
    #[arg(long, help_heading = "Target", conflicts_with = "check")]
    pub force: bool,

    /// Overwrite the file itself, which keeps its inode, and only with proof that nobody runs, maps or holds it.
    ///
    /// For where no rename can be made: a file that is a mount point, a directory that may not be written to.
    #[arg(long, help_heading = "Target", conflicts_with_all = ["preserve", "no_dereference"])]
    pub in_place: bool,

    /// How many replaced versions are kept beside the target, for a rollback.
    #[arg(long, value_name = "N", default_value_t = Request::KEEP, help_heading = "Target")]
    pub keep: u32,

    /// Accept an empty source.
    #[arg(long, help_heading = "Source")]
    pub allow_empty: bool,

    /// The largest source accepted: bytes, or with K, M, G, T (powers of 1024).
    #[arg(long, value_name = "SIZE", help_heading = "Source")]
    pub max_filesize: Option<Size>,

    /// Accept plain http without a digest.
    #[arg(long, help_heading = "Source")]
    pub insecure_http: bool,

    /// The longest wait for a connection: seconds, or with ms, s, m, h.
    #[arg(long, value_name = "TIME", default_value = "10", help_heading = "Source")]
    pub connect_timeout: TimeLimit,

    /// The longest time an address may send nothing.
    #[arg(long, value_name = "TIME", default_value = "30", help_heading = "Source")]
    pub stall_timeout: TimeLimit,

    /// The longest time for everything: all attempts, waits and mirrors.
    #[arg(long, value_name = "TIME", help_heading = "Source")]
    pub max_time: Option<TimeLimit>,

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
}

/// As install(1) refuses it, and then what would do.
fn mode(text: &str) -> Result<ModeChange, String> {
    text.parse().map_err(|reason: String| format!("{reason}: it is octal up to 7777, or symbolic as in chmod(1)"))
}
