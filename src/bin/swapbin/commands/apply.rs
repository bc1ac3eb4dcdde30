//! `swapbin apply`.

use std::process::ExitCode;

use swapbin::PathTrust;

use super::{batch, host, tree};
use crate::args::ApplyArgs;
use crate::secret;

/// Runs it.
pub fn run(args: &ApplyArgs) -> ExitCode {
    let mut host = host::host(&args.run.output, args.run.wait);
    let trust = if args.allow_shared_path { PathTrust::Any } else { PathTrust::Strict };
    if let Some(request) = tree::request(&args.tree, trust) {
        return tree::run(&request, &args.run, &host);
    }
    let manifest = swapbin::read_manifest(args.file(), trust, &mut secret::find);
    let batch = manifest.map(|mut manifest| {
        if let (Some(wait), None) = (manifest.wait, args.run.wait) {
            host.wait = wait;
        }
        if trust == PathTrust::Any {
            manifest.batch.swaps.iter_mut().for_each(|request| request.path_trust = PathTrust::Any);
        }
        manifest.batch
    });
    batch::run(batch, &args.run, host)
}
