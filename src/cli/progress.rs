//! Progress on standard error: a line that changes on a terminal. Elsewhere a job that takes a while says where it is, for
//! whoever reads a log, and then begins a line for each step; short jobs say nothing.

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a job has nothing to say where there is no terminal.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a step is a line of a log.
fn is_logged(bar: &ProgressBar) -> bool {
    bar.is_hidden() && bar.elapsed() > PATIENCE
}

/// Steps whose number and length nobody knows before.
pub struct Spinner {
    bar: ProgressBar,
    /// Its end tells whoever waits that nothing more is to be said.
    _waiting: Sender<()>,
}

impl Spinner {
    pub fn new() -> Spinner {
        let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}").expect("the template is right");
        let bar = ProgressBar::new_spinner().with_style(style);
        bar.enable_steady_tick(Duration::from_millis(100));
        let (_waiting, end) = channel();
        if bar.is_hidden() {
            let bar = bar.clone();
            std::thread::spawn(move || {
                if end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    eprintln!("{}", bar.message());
                }
            });
        }
        Spinner { bar, _waiting }
    }

    /// Shows a step, before which the one that was shown has ended.
    pub fn show(&self, step: String) {
        if is_logged(&self.bar) {
            eprintln!("{step}");
        }
        self.bar.set_message(step);
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Steps of known weights, with an estimate of the remaining time.
pub struct Bar {
    bar: ProgressBar,
    pace: Arc<Mutex<Pace>>,
}

/// What the remaining time is estimated from.
struct Pace {
    /// The weight of all steps.
    all: u64,
    /// The weight of those that have ended.
    ended: u64,
    /// The weight of the one that is shown.
    weight: u64,
    start: Instant,
    /// When the step that is shown began.
    step: Instant,
}

impl Pace {
    /// What is left if all goes on as the steps did that have ended; nothing is known before the first of them.
    fn left(&self) -> Option<Duration> {
        let ended = self.step.duration_since(self.start).as_secs_f64();
        let all = (self.ended != 0).then(|| ended * self.all as f64 / self.ended as f64)?;
        Some(Duration::from_secs_f64((all - self.start.elapsed().as_secs_f64()).max(0.0)))
    }

    fn text(&self) -> String {
        let gone = HumanDuration(self.start.elapsed());
        match self.left() {
            Some(left) => format!("{gone:#} gone, about {:#} left", HumanDuration(left)),
            None => format!("{gone:#} gone"),
        }
    }
}

impl Bar {
    pub fn new(all: u64) -> Bar {
        let now = Instant::now();
        let pace = Arc::new(Mutex::new(Pace { all, ended: 0, weight: 0, start: now, step: now }));
        let shown = pace.clone();
        let text = move |_: &ProgressState, out: &mut dyn Write| {
            let text = shown.lock().map_or_else(|_| String::new(), |pace| pace.text());
            // Nobody can be told that nothing can be shown.
            let _ = out.write_str(&text);
        };
        let style = ProgressStyle::with_template("{bar:20} {msg}, {pace}").expect("the template is right");
        let bar = ProgressBar::new(all).with_style(style.with_key("pace", text));
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar { bar, pace }
    }

    /// Shows a step of this weight, before which the one that was shown has ended.
    pub fn show(&mut self, step: &str, weight: u64) {
        let Ok(mut pace) = self.pace.lock() else { return };
        (pace.ended, pace.weight, pace.step) = (pace.ended + pace.weight, weight, Instant::now());
        let (ended, text) = (pace.ended, pace.text());
        drop(pace);
        self.bar.set_position(ended);
        self.bar.set_message(step.to_string());
        if is_logged(&self.bar) {
            eprintln!("{step}, {text}");
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
