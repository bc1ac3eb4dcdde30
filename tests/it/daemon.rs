//! A real daemon, Debian's nginx, is replaced under load: no request fails, no start fails, the old one runs on.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Fixture, Process, Scratch, require_program, swapbin};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn nginx_is_replaced_under_load_without_a_failed_request_or_a_failed_start() {
    let Some(original) = require_program("nginx") else { return };
    let scratch = Scratch::new();
    let bytes = fs::read(original).unwrap();
    // The same program twice, told apart by bytes after its end that no loader reads.
    let nginx = scratch.file("nginx", [&bytes[..], b"version one"].concat()).mode(0o755);
    let versions = [b"version two", b"version one"].map(|mark| [&bytes[..], mark].concat());
    let sources = [scratch.file("two", &versions[0]), scratch.file("one", &versions[1])];
    let fixture = scratch.program("starter", "one");
    let mut server = Nginx::start(&scratch, &nginx);
    let configuration = server.configuration.to_str().unwrap().to_owned();
    let starter = Fixture::start(&fixture, &["spin-exec", nginx.to_str().unwrap(), "0", "-t", "-q", "-c", &configuration]);

    let done = AtomicBool::new(false);
    let address = server.address;
    let failures: Vec<String> = std::thread::scope(|scope| {
        let clients = [(); 2].map(|()| scope.spawn(|| load(address, &done)));
        // Also when a swap fails, or the clients never end.
        let finished = StoreOnDrop(&done);
        for source in sources.iter().cycle().take(21) {
            swapbin(&scratch).from(source).to(&nginx).run().exits(0).prints("replaced");
        }
        drop(finished);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });

    assert_eq!(failures, Vec::<String>::new(), "requests while nginx was replaced");
    assert!(server.process.is_alive());
    assert_eq!(server.exe_link(), scratch.path("nginx (deleted)"), "the old process is on its deleted inode");
    assert_eq!(scratch.read("nginx"), versions[0]);
    let said = starter.finish();
    assert!(said.contains(" failed=0 "), "starts while nginx was replaced: {said}");
    assert_eq!(get(address).as_deref(), Ok("at your service\n"), "and it serves after all that");
    server.stop();
    scratch.assert_no_litter();
}

/// Requests one after the other until told to stop; what went wrong, and at least one must have gone right.
fn load(address: SocketAddr, done: &AtomicBool) -> Vec<String> {
    let mut failures = Vec::new();
    let mut requests = 0;
    while requests == 0 || !done.load(Ordering::Relaxed) {
        requests += 1;
        match get(address) {
            Ok(body) if body == "at your service\n" => {}
            Ok(body) => failures.push(format!("request {requests}: body {body:?}")),
            Err(error) => failures.push(format!("request {requests}: {error}")),
        }
    }
    failures
}

fn get(address: SocketAddr) -> Result<String, String> {
    let exchange = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(|error| error.to_string())?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200") => Ok(body.to_owned()),
        _ => Err(format!("answer {answer:?}")),
    }
}

/// Sets a flag however its scope ends.
struct StoreOnDrop<'a>(&'a AtomicBool);

impl Drop for StoreOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// An nginx of this test's own: one master, one worker, nothing outside the scratch directory.
struct Nginx {
    process: Process,
    address: SocketAddr,
    configuration: PathBuf,
}

impl Nginx {
    fn start(scratch: &Scratch, program: &Path) -> Nginx {
        // The port is free when asked, and may be taken before nginx binds it.
        for _ in 0..10 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let configuration = scratch.tools().join("nginx.conf");
            fs::write(&configuration, configuration_for(scratch, address)).unwrap();
            let mut command = Command::new(program);
            command.arg("-c").arg(&configuration).stdin(Stdio::null());
            let mut process = Process::spawn_group(&mut command);
            let deadline = Instant::now() + LIMIT;
            while process.is_alive() && Instant::now() < deadline {
                if get(address).is_ok() {
                    return Nginx { process, address, configuration };
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        panic!("nginx did not start");
    }

    fn exe_link(&self) -> PathBuf {
        fs::read_link(format!("/proc/{}/exe", self.process.pid().as_raw_nonzero())).unwrap()
    }

    fn stop(mut self) {
        self.process.signal(Signal::QUIT);
        let status = self.process.wait(LIMIT).expect("nginx ends when asked to");
        assert!(status.success(), "nginx ended with {status}");
    }
}

fn configuration_for(scratch: &Scratch, address: SocketAddr) -> String {
    let tools = scratch.tools();
    let tools = tools.display();
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    format!(
        "daemon off; worker_processes 1; {user} pid {tools}/nginx.pid; error_log stderr error;
        events {{ worker_connections 64; }}
        http {{
            access_log off;
            client_body_temp_path {tools}/body; proxy_temp_path {tools}/proxy; fastcgi_temp_path {tools}/fastcgi;
            uwsgi_temp_path {tools}/uwsgi; scgi_temp_path {tools}/scgi;
            server {{ listen {address}; location / {{ return 200 \"at your service\\n\"; }} }}
        }}\n"
    )
}
