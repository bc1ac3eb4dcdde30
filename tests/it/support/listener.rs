//! A listening socket on 127.0.0.1, one thread per connection, all of them ended when it is dropped.

use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::request::Request;

/// What the threads of one listener share.
#[derive(Default)]
pub struct Shared {
    stopping: AtomicBool,
    connections: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
    requests: Mutex<Vec<Request>>,
}

impl Shared {
    /// Remembers a request for the test to look at.
    pub fn record(&self, request: Request) {
        self.requests.lock().expect("no thread panics holding it").push(request);
    }

    /// Remembers a connection, so that the end of the listener ends it.
    pub fn keep(&self, stream: &TcpStream) {
        if let Ok(stream) = stream.try_clone() {
            self.open.lock().expect("no thread panics holding it").push(stream);
        }
    }

    /// Waits, or until the listener ends; false if it did.
    pub fn wait(&self, how_long: Duration) -> bool {
        let deadline = std::time::Instant::now() + how_long;
        while !self.stopping.load(Ordering::Relaxed) {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(Duration::from_millis(10)));
        }
        false
    }
}

/// The socket and its threads.
pub struct Listener {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

impl Listener {
    /// Starts listening on a free port.
    pub fn start(serve: impl Fn(TcpStream, &Shared) + Send + Sync + 'static) -> Listener {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let (serve, theirs) = (Arc::new(serve), Arc::clone(&shared));
        let accepting = std::thread::spawn(move || {
            let mut threads = Vec::new();
            while let Ok((stream, _)) = socket.accept() {
                if theirs.stopping.load(Ordering::Relaxed) {
                    break;
                }
                theirs.connections.fetch_add(1, Ordering::Relaxed);
                theirs.keep(&stream);
                // A peer that says nothing is let go.
                let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
                let (serve, shared) = (Arc::clone(&serve), Arc::clone(&theirs));
                threads.push(std::thread::spawn(move || {
                    let connection = stream.try_clone();
                    serve(stream, &shared);
                    // Dropping the stream does not close it: `shared` keeps a descriptor of it.
                    let _ = connection.and_then(|connection| connection.shutdown(Shutdown::Both));
                }));
            }
            threads
        });
        Listener { address, shared, accepting: Some(accepting) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// The requests read, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("no thread panics holding it").clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        // Wakes accept.
        let _ = TcpStream::connect(self.address);
        let threads = self.accepting.take().and_then(|accepting| accepting.join().ok()).unwrap_or_default();
        for stream in self.shared.open.lock().expect("no thread panics holding it").iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        for thread in threads {
            let _ = thread.join();
        }
    }
}
