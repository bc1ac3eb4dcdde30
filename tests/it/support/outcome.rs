//! How a run of swapbin ended, and what may be claimed about it.

use std::time::Duration;

use serde_json::Value;

/// Everything one run showed. Each claim returns the outcome again, and a false one shows all of it.
#[derive(Debug)]
pub struct Outcome {
    pub command: String,
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub took: Duration,
    /// Peak memory in bytes, where it was measured.
    pub peak_memory: Option<u64>,
}

impl Outcome {
    /// What a process showed that was started with pipes for its output, which is little, and ended within a minute.
    #[track_caller]
    pub fn of(mut process: super::Process) -> Outcome {
        use std::io::Read;
        let started = std::time::Instant::now();
        let status = process.wait(Duration::from_secs(60)).expect("it ends within a minute");
        let (code, signal) = super::process::parts(status);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        process.pipes().stdout.take().map(|mut pipe| pipe.read_to_end(&mut stdout));
        process.pipes().stderr.take().map(|mut pipe| pipe.read_to_end(&mut stderr));
        let command = format!("process {}", process.pid().as_raw_nonzero());
        Outcome { command, code, signal, stdout, stderr, took: started.elapsed(), peak_memory: None }
    }

    /// It ended with this exit code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Outcome {
        self.claim(self.code == Some(code), format_args!("exit code {code}"))
    }

    /// A signal ended it.
    #[track_caller]
    pub fn is_killed_by(&self, signal: rustix::process::Signal) -> &Outcome {
        self.claim(self.signal == Some(signal.as_raw()), format_args!("to be killed by {signal:?}"))
    }

    /// Standard error contains this.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Outcome {
        self.claim(self.error_text().contains(text), format_args!("{text:?} on standard error"))
    }

    /// Standard output contains this.
    #[track_caller]
    pub fn prints(&self, text: &str) -> &Outcome {
        self.claim(self.output_text().contains(text), format_args!("{text:?} on standard output"))
    }

    /// Neither output contains this.
    #[track_caller]
    pub fn never_mentions(&self, secret: &str) -> &Outcome {
        let mentioned = self.error_text().contains(secret) || self.output_text().contains(secret);
        self.claim(!mentioned, format_args!("{secret:?} nowhere"))
    }

    /// Not one byte on either output.
    #[track_caller]
    pub fn is_quiet(&self) -> &Outcome {
        self.claim(self.stdout.is_empty() && self.stderr.is_empty(), format_args!("no output"))
    }

    /// It took at most this long.
    #[track_caller]
    pub fn takes_at_most(&self, limit: Duration) -> &Outcome {
        self.claim(self.took <= limit, format_args!("at most {limit:?}"))
    }

    /// Its peak memory, which must have been measured, is at most this many bytes.
    #[track_caller]
    pub fn needs_at_most(&self, bytes: u64) -> &Outcome {
        let peak = self.peak_memory.expect("the run was measured()");
        self.claim(peak <= bytes, format_args!("at most {bytes} bytes of memory"))
    }

    /// The one JSON object on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        let mut values = serde_json::Deserializer::from_slice(&self.stdout).into_iter::<Value>();
        let (first, second) = (values.next(), values.next());
        self.claim(matches!(first, Some(Ok(Value::Object(_)))) && second.is_none(), format_args!("exactly one JSON object"));
        let object = first.expect("claimed above").expect("claimed above");
        self.claim(object["schema"] == 1, format_args!("\"schema\": 1"));
        object
    }

    /// Standard output as text.
    pub fn output_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn error_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    #[track_caller]
    fn claim(&self, holds: bool, expected: std::fmt::Arguments<'_>) -> &Outcome {
        assert!(holds, "expected {expected} of this run:\n{self}");
        self
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "  command: {}", self.command)?;
        match (self.code, self.signal) {
            (Some(code), _) => writeln!(f, "  ended:   exit code {code}, after {:?}", self.took)?,
            (None, signal) => writeln!(f, "  ended:   signal {}, after {:?}", signal.unwrap_or(0), self.took)?,
        }
        if let Some(peak) = self.peak_memory {
            writeln!(f, "  memory:  {peak} bytes at most")?;
        }
        writeln!(f, "--- stdout\n{}--- stderr\n{}---", self.output_text(), self.error_text())
    }
}
