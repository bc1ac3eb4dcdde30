//! How far redirects are followed.

use super::server::{Server, file, redirect, status};
use super::{Fetch, reason};
use crate::error::ErrorKind;

#[test]
fn ten_redirects_are_followed_and_no_more() {
    let ten = || (0..10).map(|hop| redirect(&format!("/{hop}"))).collect::<Vec<_>>();
    let mut replies = ten();
    replies.push(file("hello"));
    replies.extend(ten());
    replies.push(redirect("/again"));
    let server = Server::serving(replies);
    Fetch::plain(&server.url("/")).unwrap();
    let error = Fetch::with(|options| options.retries = 2).run(&server.url("/")).unwrap_err();
    assert_eq!((error.kind(), reason(&error)), (ErrorKind::Unavailable, "more than 10 redirects".to_owned()));
    assert_eq!(server.heads().len(), 22);
}

#[test]
fn a_redirect_that_leads_nowhere_is_final() {
    for header in ["X: y", "Location: file:///etc/passwd", "Location: http://[oops"] {
        let server = Server::serving(vec![status(302, header)]);
        let error = Fetch::with(|options| options.retries = 2).run(&server.url("/")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}
