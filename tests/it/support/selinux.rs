//! A machine whose kernel seems to have SELinux: selinuxfs seems to be mounted, and a library answers in place of libselinux.
//! Labels are real: without SELinux the kernel keeps the attribute and gives it no meaning.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::attribute::{attribute, set_attribute};
use super::namespace::Namespace;
use super::process::run;
use super::scratch::Scratch;
use super::skip::{require_mounts, require_program};
use super::swapbin::Swapbin;

const NAME: &str = "security.selinux";

pub struct Selinux {
    namespace: Namespace,
    tools: PathBuf,
    /// The tree's real path.
    root: PathBuf,
    real: Option<PathBuf>,
}

impl Selinux {
    /// With a policy that has no labels yet; `None` where this machine cannot pretend, which is said.
    #[track_caller]
    pub fn pretend(scratch: &Scratch) -> Option<Selinux> {
        let compiler = require_program("cc")?;
        if !require_mounts() {
            return None;
        }
        let (namespace, tools) = (Namespace::new(), scratch.tools());
        fs::create_dir_all(tools.join("sys/selinux")).and_then(|()| fs::write(tools.join("sys/selinux/enforce"), "1")).unwrap();
        fs::create_dir_all(tools.join("etc/selinux")).and_then(|()| fs::create_dir(tools.join("lib"))).unwrap();
        fs::write(tools.join("etc/selinux/config"), "SELINUX=enforcing\nSELINUXTYPE=tried\n").unwrap();
        fs::write(tools.join("labels"), "").and_then(|()| fs::write(tools.join("log"), "")).unwrap();
        let mut command = Command::new(compiler);
        command.args(["-shared", "-fPIC", "-o"]).arg(tools.join("lib/libselinux.so.1"));
        run(command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/selinux.c")));
        namespace.bind(&tools.join("sys"), Path::new("/sys/fs"));
        namespace.bind(&tools.join("etc"), Path::new("/etc"));
        let root = fs::canonicalize(scratch.root()).unwrap();
        Some(Selinux { namespace, tools, root, real: None })
    }

    /// A library that cannot be loaded, in its place.
    pub fn without_library(self) -> Selinux {
        fs::write(self.tools.join("lib/libselinux.so.1"), "").unwrap();
        self
    }

    /// selinuxfs mounted read-only, as containers see it.
    pub fn hidden(self) -> Selinux {
        self.namespace.bind_read_only(&self.tools.join("sys"), Path::new("/sys/fs"));
        self
    }

    /// The library of the machine, asked about a policy of these lines, file_contexts(5).
    pub fn real(mut self, library: PathBuf, lines: &str) -> Selinux {
        let files = self.tools.join("etc/selinux/tried/contexts/files");
        fs::create_dir_all(&files).and_then(|()| fs::write(files.join("file_contexts"), lines)).unwrap();
        self.real = Some(library);
        self
    }

    /// No list of labels: the policy cannot be opened.
    pub fn without_labels(self) -> Selinux {
        fs::remove_file(self.tools.join("labels")).unwrap();
        self
    }

    /// The policy's label of a file, or of a directory if the name ends in a slash; digits are the errno of its look-up.
    pub fn has(self, name: &str, label: &str) -> Selinux {
        let kind = if name.ends_with('/') { 'd' } else { 'f' };
        let path = self.root.join(name.trim_end_matches('/'));
        let known = fs::read_to_string(self.tools.join("labels")).unwrap();
        fs::write(self.tools.join("labels"), format!("{known}{kind} {} {label}\n", path.display())).unwrap();
        self
    }

    /// Has the run happen there.
    pub fn host<'s>(&self, run: Swapbin<'s>) -> Swapbin<'s> {
        let run = match &self.real {
            Some(library) => run.env("FAKE_SELINUX_REAL", library),
            None => run,
        };
        run.within(&self.namespace)
            .env("LD_LIBRARY_PATH", self.tools.join("lib"))
            .env("FAKE_SELINUX_LABELS", self.tools.join("labels"))
            .env("FAKE_SELINUX_LOG", self.tools.join("log"))
    }

    /// What the policy was asked about since the last time: `f` or `d` and a name in the tree.
    pub fn lookups(&self) -> Vec<String> {
        let log = fs::read_to_string(self.tools.join("log")).unwrap();
        fs::write(self.tools.join("log"), "").unwrap();
        let root = format!("{}/", self.root.display());
        log.lines().map(|line| line.replacen(&root, "", 1)).collect()
    }
}

/// The label, as libselinux would show it.
#[track_caller]
pub fn label(path: impl AsRef<Path>) -> Option<String> {
    let value = attribute(path, NAME)?;
    let text = value.strip_suffix(b"\0").expect("libselinux writes the NUL at the end");
    Some(String::from_utf8(text.to_vec()).expect("a label is ASCII"))
}

/// Gives a file a label.
#[track_caller]
pub fn set_label(path: impl AsRef<Path>, label: &str) {
    set_attribute(path, NAME, format!("{label}\0").as_bytes());
}
