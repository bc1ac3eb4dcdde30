//! `swapbin apply --tree`.

use std::process::ExitCode;

use swapbin::{Host, Ownership, PathTrust, Switch, TreeOwners, TreeRequest};

use super::{batch, host, usage};
use crate::args::{RunArgs, TreeArgs};
use crate::ui::Ui;

/// The request, if a tree is asked for.
pub fn request(args: &TreeArgs, path_trust: PathTrust) -> Option<TreeRequest> {
    let (stage, root) = args.tree.as_ref().zip(args.to.as_ref())?;
    Some(TreeRequest {
        ownership: Ownership { user: args.owner.clone(), group: args.group.clone() },
        owners: if args.keep_owner { TreeOwners::Stage } else { TreeOwners::Caller },
        delete: args.delete.clone(),
        keep: args.keep,
        path_trust,
        switch: switch(args),
        ..TreeRequest::new(stage, root)
    })
}

fn switch(args: &TreeArgs) -> Switch {
    match &args.generation_link {
        Some(link) => Switch::Link(link.clone()),
        None if args.exchange => Switch::Exchange,
        None => Switch::Names,
    }
}

/// Runs it.
pub fn run(request: &TreeRequest, run: &RunArgs, host: &Host) -> ExitCode {
    host::allow_descriptors();
    let mut ui = Ui::new(&run.output, run.progress, host.cancel.clone());
    let done = host::cancel_on_signals(host).and_then(|()| match (run.check, run.dry_run) {
        (true, _) => swapbin::dry_run_tree(request, host, &mut ui).map(|outlook| (ui.batch(&outlook.report), outlook.report)),
        (false, true) => swapbin::dry_run_tree(request, host, &mut ui).map(|outlook| (ui.outlook(&outlook), outlook.report)),
        (false, false) => swapbin::apply_tree(request, host, &mut ui).map(|mut report| {
            usage::find_users(&mut report.swaps, run, host);
            (ui.batch(&report), report)
        }),
    });
    batch::end(done, &[], run, host, &mut ui)
}
