//! Work on many items, on all cores.

/// Threads at most; more than this and the file system is what one waits for.
const MAX_THREADS: usize = 16;

/// Cuts `items` into runs, one a thread, and returns what `work` makes of each, in order.
///
/// `work` is told the thread's number. With fewer than `worth` items a thread does not pay, and there is only one.
pub fn map_runs<T: Sync, R: Send>(
    items: &[T],
    worth: usize,
    work: impl Fn(usize, &[T]) -> R + Sync,
) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = (items.len() / worth.max(1)).clamp(1, cores.min(MAX_THREADS));
    if threads == 1 {
        return vec![work(0, items)];
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = items
            .chunks(items.len().div_ceil(threads))
            .enumerate()
            .map(|(thread, run)| {
                let work = &work;
                scope.spawn(move || work(thread, run))
            })
            .collect();
        let joined = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.map(|done| done.expect("a thread that panicked has said why")).collect()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_item_is_seen_once_and_in_order() {
        for len in [0, 1, 7, 1000] {
            let items: Vec<usize> = (0..len).collect();
            let runs = super::map_runs(&items, 10, |_, run| run.to_vec());
            assert_eq!(runs.concat(), items);
        }
    }
}
