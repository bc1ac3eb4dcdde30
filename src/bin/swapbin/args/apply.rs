//! `swapbin apply`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use swapbin::ManifestFile;

use super::RunArgs;

const AFTER_LONG_HELP: &str = "\
Examples:
  swapbin apply deploy.toml
  swapbin apply deploy.toml --dry-run

deploy.toml:
  [defaults]
  owner = \"root\"

  [[swap]]
  from = \"build/app\"
  to = \"/usr/local/bin/app\"
  mode = \"0755\"

  [[swap]]
  from = \"https://example.org/libapp.so.1\"
  sha256 = \"HEX\"
  to = \"/usr/local/lib/\"
";

/// Put the files of a manifest in place: all of them, or none.
///
/// A manifest is TOML: a [[swap]] for each file, whose keys are the words of the flags of 'swapbin --from', and [defaults] for
/// all of them. Relative paths in it are relative to its own directory.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_long_help = AFTER_LONG_HELP)]
pub struct ApplyArgs {
    /// The manifest: a file, or '-' for standard input.
    #[arg(value_name = "MANIFEST", value_hint = ValueHint::FilePath)]
    pub manifest: PathBuf,

    /// As root, also obey a manifest that other users may change, and go through directories and links that they may.
    #[arg(long, help_heading = "Target")]
    pub allow_shared_path: bool,

    #[command(flatten)]
    pub run: RunArgs,
}

impl ApplyArgs {
    /// Where the manifest is found.
    pub fn file(&self) -> ManifestFile<'_> {
        if self.manifest.as_os_str() == "-" { ManifestFile::Stdin } else { ManifestFile::At(&self.manifest) }
    }
}
