//! The systemd unit, asked by systemd.

use crate::read;

#[test]
fn systemd_takes_the_unit() {
    let unit = read("dist/swapbin-recover.service");
    let installed = "ExecStart=/usr/local/bin/swapbin recover ";
    assert!(unit.contains(installed), "{unit}");
    let here = format!("ExecStart={} recover ", env!("CARGO_BIN_EXE_swapbin"));
    let directory = tempfile::tempdir().expect("a directory");
    let copy = directory.path().join("swapbin-recover.service");
    std::fs::write(&copy, unit.replace(installed, &here)).unwrap();
    // The pages it names are not installed here.
    let output = std::process::Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&copy).output();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "SKIPPED: no systemd-analyze here");
            return;
        }
        output => output.unwrap(),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("swapbin-recover"), "{}\n{said}", output.status);
}
