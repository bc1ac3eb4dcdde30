//! Where every name that a job changes stands.

use crate::reference::Reference;
use crate::state::{ANOTHER, Facts, State};

/// Names, sorted by what may be said of them. Those of kept versions stand apart: they are no targets.
#[derive(Debug, Default)]
pub struct Standing {
    /// Targets that are as before.
    pub old: Vec<String>,
    /// Targets that are as after the undisturbed run.
    pub new: Vec<String>,
    /// What is neither, in words.
    pub wrong: Vec<String>,
    /// Names that no run should leave.
    pub litter: Vec<String>,
    /// Temporary names that a past run has left, and that are still there.
    pub left: Vec<String>,
    /// Versions that should be kept, and are not.
    pub unkept: Vec<String>,
    /// Versions that are kept as after the undisturbed run.
    pub kept: Vec<String>,
    /// Kept versions beyond the limit. They are in nobody's way, and the next change removes them.
    pub surplus: Vec<String>,
}

impl Standing {
    pub fn of(reference: &Reference, now: &State) -> Standing {
        let (before, after) = (&reference.before.0, &reference.after.0);
        let mut standing = Standing::default();
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        for name in names {
            let (was, should, is) = (before.get(name), after.get(name), now.0.get(name));
            match name {
                _ if is == was && is == should => {}
                _ if is_kept(name) => standing.note_kept(name, was, should, is, now),
                _ if should.is_none() && name.contains(".swapbin.") => standing.left.extend(is.map(|_| name.clone())),
                _ if is == was => standing.old.push(name.clone()),
                _ if is == should => standing.new.push(name.clone()),
                _ => match is {
                    None => standing.wrong.push(format!("missing: {name}")),
                    Some(is) => standing.wrong.push(format!("{name} is {is:?}, neither {was:?} nor {should:?}")),
                },
            }
        }
        let strange = now.0.keys().filter(|name| !before.contains_key(*name) && !after.contains_key(*name)).cloned();
        let (surplus, litter) = strange.partition::<Vec<_>, _>(|name| is_kept(name) && name.ends_with(ANOTHER));
        standing.surplus.extend(surplus);
        standing.litter = litter;
        standing
    }

    fn note_kept(&mut self, name: &str, was: Option<&Facts>, should: Option<&Facts>, is: Option<&Facts>, now: &State) {
        // Of two with the same name but for the digits, either may be the one that is meant.
        let is_ambiguous = now.0.contains_key(&format!("{name}{ANOTHER}"));
        match is {
            Some(_) if should.is_none() => self.surplus.push(name.to_owned()),
            _ if is == should => self.kept.push(name.to_owned()),
            _ if is == was => self.unkept.extend((!is_ambiguous).then(|| name.to_owned())),
            _ if is_ambiguous => {}
            // A second name of a file that is still there was never of use.
            None if was.is_some_and(|was| now.0.values().any(|facts| facts == was)) => self.unkept.push(name.to_owned()),
            _ => self.wrong.push(format!("{name} is {is:?}, neither {was:?} nor {should:?}")),
        }
    }

    pub fn is_mixed(&self) -> bool {
        !self.old.is_empty() && !self.new.is_empty()
    }
}

fn is_kept(name: &str) -> bool {
    name.contains(".swapbin~")
}
