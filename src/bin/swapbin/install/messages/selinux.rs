//! What is said about security labels.

use std::ffi::OsStr;
use std::io;

use super::Voice;
use crate::install::quote;

impl Voice {
    /// A warning, where the kernel has no SELinux.
    pub fn preserve_context_ignored(&self) -> Vec<u8> {
        self.line("WARNING: ignoring --preserve-context; this kernel is not SELinux-enabled", &[])
    }

    /// A warning, where the kernel has no SELinux.
    pub fn context_ignored(&self) -> Vec<u8> {
        self.line("warning: ignoring --context; it requires an SELinux-enabled kernel", &[])
    }

    pub fn context_set_and_kept(&self) -> Vec<u8> {
        self.line("cannot set target context and preserve it", &[])
    }

    /// `--context=CTX` names a label that the policy does not allow; or that of the source cannot be set, which is only told.
    pub fn cannot_use_context(&self, context: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("failed to set default file creation context to {}", &[self.word(context)], error)
    }

    /// A warning: the policy could not be asked for any label.
    pub fn no_labels(&self, error: &io::Error) -> Vec<u8> {
        self.line_with("warning: security labeling handle failed", &[], error)
    }

    /// A warning: the policy knows no label for the name.
    pub fn no_label_for(&self, path: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("warning: {}: context lookup failed", &[quote::name_if_needed(path, self.charset)], error)
    }

    /// A warning: the label could not be set.
    pub fn cannot_set_label(&self, path: &OsStr, label: &OsStr, error: &io::Error) -> Vec<u8> {
        let parts = [quote::name_if_needed(path, self.charset), self.word(label)];
        self.line_with("warning: {}: failed to change context to {}", &parts, error)
    }

    /// The label of the source could not be read.
    pub fn cannot_read_label(&self, path: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("failed to get security context of {}", &[self.name(path)], error)
    }

    /// `-Z`: the policy's label could not be looked up, or set.
    pub fn cannot_choose_label(&self, path: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("failed to set default file creation context for {}", &[self.name(path)], error)
    }

    /// The same for a directory above.
    pub fn cannot_choose_directory_label(&self, path: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("failed to set default creation context for {}", &[self.name(path)], error)
    }

    /// The same for an operand of `-d`.
    pub fn cannot_restore_label(&self, path: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("failed to restore context for {}", &[self.name(path)], error)
    }

    /// `--context=CTX` could not be set, and the file is not installed.
    pub fn cannot_set_context(&self, path: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("failed to set the security context of {}", &[self.name(path)], error)
    }
}
