//! Owners and groups, by name or by number.

/// A user or group as the caller wrote it: a name, or a number. Names are looked up when the plan is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account(String);

impl Account {
    /// A name or a decimal number. A name wins over a number that looks the same, as chown(1) has it.
    pub fn new(text: impl Into<String>) -> Account {
        Account(text.into())
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The owner and the group wanted for the new file; `None` leaves the choice to [`Preserve`](crate::Preserve).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// The user.
    pub user: Option<Account>,
    /// The group.
    pub group: Option<Account>,
}
