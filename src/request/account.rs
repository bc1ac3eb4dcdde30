//! Owners and groups, by name or by number.

use std::str::FromStr;

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

impl FromStr for Account {
    type Err = String;

    /// Anything but nothing.
    fn from_str(text: &str) -> Result<Account, String> {
        if text.is_empty() { Err("an account has a name or a number".to_owned()) } else { Ok(Account::new(text)) }
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
