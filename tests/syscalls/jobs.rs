//! The jobs. A new one is a `Job` in a test of its own.

mod batch;
mod in_place;
mod install;
mod swap;
mod tree;

use crate::place::Place;

/// One file to replace, and one that is current.
fn one(place: &Place) {
    place.directory("d");
    place.old("d/app");
    place.new_file("new");
    place.current("d/current", "new");
}
