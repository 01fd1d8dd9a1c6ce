//! What every driver measures, and the line of JSON that `run.py` reads.

use std::time::{Duration, Instant};

/// The clock and this process's processor time, in clock ticks of a hundredth of a second.
pub struct Start(Instant, u64);

/// Time by the clock, and of all processors.
#[derive(Debug)]
pub struct Elapsed(Duration, Duration);

pub struct Result {
    /// What the program computed, if the proof claims it.
    pub result: Option<u32>,
    /// Executed instructions of the machine.
    pub steps: u64,
    /// Rows of the trace, padding included.
    pub rows: u64,
    pub segments: usize,
    pub proving: Elapsed,
    pub proof_bytes: usize,
    pub verifying: Duration,
}

impl Start {
    pub fn now() -> Self {
        Start(Instant::now(), ticks())
    }

    pub fn elapsed(&self) -> Elapsed {
        Elapsed(self.0.elapsed(), Duration::from_millis(10 * (ticks() - self.1)))
    }
}

/// User and system time of this process, fields 14 and 15 of its line in /proc.
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a Linux system");
    let fields = stat.rsplit_once(')').expect("the name ends").1.split_whitespace();
    fields.skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum()
}

pub fn print(r: &Result) {
    println!(
        "{{\"result\": {}, \"steps\": {}, \"rows\": {}, \"segments\": {}, \"clock\": {}, \"processor\": {}, \"proof\": {}, \"verify\": {}}}",
        r.result.map_or("null".into(), |result| result.to_string()),
        r.steps,
        r.rows,
        r.segments,
        r.proving.0.as_secs_f64(),
        r.proving.1.as_secs_f64(),
        r.proof_bytes,
        r.verifying.as_secs_f64()
    );
}
