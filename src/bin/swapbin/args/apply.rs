//! `swapbin apply`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use swapbin::ManifestFile;

use super::{RunArgs, TreeArgs};

const AFTER_LONG_HELP: &str = "\
Examples:
  swapbin apply deploy.toml
  swapbin apply deploy.toml --dry-run
  swapbin apply --tree stage --to /

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

/// Put the files of a manifest, or of a staging tree, in place: all of them, or none.
///
/// A manifest is TOML: a [[swap]] for each file, whose keys are the words of the flags of 'swapbin --from', and [defaults] for
/// all of them. Relative paths in it are relative to its own directory.
#[derive(Debug, Args)]
#[command(override_usage = "\
swapbin apply [OPTIONS] <MANIFEST>
       swapbin apply [OPTIONS] --tree <STAGE> --to <ROOT>")]
#[command(arg_required_else_help = true, after_long_help = AFTER_LONG_HELP)]
pub struct ApplyArgs {
    /// The manifest: a file, or '-' for standard input.
    #[arg(value_name = "MANIFEST", value_hint = ValueHint::FilePath, required_unless_present = "tree", conflicts_with = "tree")]
    pub manifest: Option<PathBuf>,

    #[command(flatten)]
    pub tree: TreeArgs,

    /// As root, also obey a manifest that other users may change, and go through directories and links that they may.
    #[arg(long, help_heading = "Target")]
    pub allow_shared_path: bool,

    #[command(flatten)]
    pub run: RunArgs,
}

impl ApplyArgs {
    /// Where the manifest is found.
    pub fn file(&self) -> ManifestFile<'_> {
        match self.manifest.as_deref() {
            Some(path) if path.as_os_str() != "-" => ManifestFile::At(path),
            _ => ManifestFile::Stdin,
        }
    }
}
