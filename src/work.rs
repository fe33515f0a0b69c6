//! The handle that every long call takes: it tells how far the call has come, and it can stop it.
//!
//! A library inside somebody's process may not print, log or read a clock, so progress goes to the
//! caller's own observer, and stopping is a flag that the caller sets from any thread.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Progress and cancellation of one call, or of many calls that belong together.
///
/// A plain `Work::new()` observes nothing and is never cancelled; it costs nothing to pass.
///
/// # Example
///
/// ```
/// use segmentry::work::Work;
///
/// let work = Work::new();
/// let canceller = work.canceller(); // hand it to another thread, a signal handler, a request's drop guard
/// assert!(work.check().is_ok());
/// canceller.cancel();
/// assert!(work.check().is_err());
/// ```
#[derive(Clone, Default)]
pub struct Work {
    cancelled: Arc<AtomicBool>,
    observer: Option<Observer>,
}

type Observer = Arc<dyn Fn(Progress) + Send + Sync>;

/// How far a long call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is being done, in words for a person, such as `reading transactions`.
    pub doing: &'static str,
    /// Steps done so far; the unit depends on what is being done (rows, restarts, customers).
    pub done: u64,
    /// Steps in all, where that is known.
    pub total: Option<u64>,
}

/// Stops the work it came from; may be cloned and sent to any thread.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<AtomicBool>);

/// The caller asked for the work to stop. Nothing half-built was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled by the caller")]
pub struct Cancelled;

impl Work {
    /// A handle that observes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `observer` as the work proceeds, from whichever thread does it.
    ///
    /// The observer is called often and must be quick. If it panics, the panic passes through to
    /// the caller.
    #[must_use]
    pub fn observed_by(mut self, observer: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// A handle with which this work can be stopped from elsewhere.
    pub fn canceller(&self) -> Canceller {
        Canceller(Arc::clone(&self.cancelled))
    }

    /// Asks whether to go on; long loops call it at least every few milliseconds.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] once the work was cancelled.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.cancelled.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }

    /// Begins a step: asks whether to go on, and tells the observer what is being done from here.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] once the work was cancelled; the step is then not announced.
    pub fn begin(&self, doing: &'static str, total: Option<u64>) -> Result<(), Cancelled> {
        self.check()?;
        self.tell(doing, 0, total);
        Ok(())
    }

    /// Tells the observer, if there is one, how far the work has come.
    pub fn tell(&self, doing: &'static str, done: u64, total: Option<u64>) {
        if let Some(observer) = &self.observer {
            observer(Progress { doing, done, total });
        }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work")
            .field("cancelled", &self.cancelled.load(Ordering::Relaxed))
            .field("observed", &self.observer.is_some())
            .finish()
    }
}

impl Canceller {
    /// Asks the work to stop at its next check.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn the_observer_hears_what_is_told() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let work = Work::new().observed_by(move |progress| ear.lock().unwrap().push(progress));
        work.tell("counting", 3, Some(7));
        let expected = Progress { doing: "counting", done: 3, total: Some(7) };
        assert_eq!(*heard.lock().unwrap(), vec![expected]);
    }

    #[test]
    fn a_clone_is_the_same_work() {
        let work = Work::new();
        work.clone().canceller().cancel();
        assert_eq!(work.check(), Err(Cancelled));
    }
}
