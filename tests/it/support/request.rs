//! The head of an HTTP request, as a server or proxy reads it.

use std::io::{self, Read};

/// What a client asked for.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// As in the request line: a path, an absolute address, or host and port.
    pub target: String,
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// Reads up to the empty line, and not one byte more.
    ///
    /// # Errors
    /// The connection's, or `InvalidData` for something that is no request.
    pub fn read(from: &mut impl Read) -> io::Result<Request> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            from.read_exact(&mut byte)?;
            head.push(byte[0]);
            if head.len() > 64 << 10 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Request::parse(&String::from_utf8_lossy(&head)).ok_or(io::ErrorKind::InvalidData.into())
    }

    fn parse(head: &str) -> Option<Request> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
        Some(Request { method, target, headers })
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The target without a query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}
