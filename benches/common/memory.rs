//! How much memory a task takes beyond what the process holds, where the system tells.

/// The result of a task, and by how many kilobytes the process grew at most while it ran; `None`
/// where the system does not tell.
pub(crate) fn growth<T>(task: impl FnOnce() -> T) -> (T, Option<u64>) {
    // The highest mark is set back to what is held now.
    let reset = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = mark("VmRSS:");
    let result = task();
    let peak = mark("VmHWM:").zip(before).filter(|_| reset);
    (result, peak.map(|(peak, before)| peak.saturating_sub(before)))
}

fn mark(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
