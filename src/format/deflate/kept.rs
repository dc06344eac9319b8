//! Coders that a thread keeps for its next file: making their tables takes as long as coding a small file.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::thread::LocalKey;

/// What a thread may keep.
pub(in super::super) trait Keep: Sized + 'static {
    /// Where the thread keeps it.
    const SHELF: &'static LocalKey<Cell<Option<Box<Self>>>>;

    /// Makes one, where the thread has none.
    fn make() -> Self;

    /// Removes what the last file left in it.
    fn wipe(&mut self);
}

/// A coder that goes back to its thread, wiped, when it is no longer used.
pub(in super::super) struct Kept<T: Keep>(Option<Box<T>>);

impl<T: Keep> Kept<T> {
    /// Takes the thread's, or makes one.
    pub(in super::super) fn take() -> Self {
        Self(Some(T::SHELF.take().unwrap_or_else(|| Box::new(T::make()))))
    }
}

impl<T: Keep> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl<T: Keep> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("it is there until it is dropped")
    }
}

impl<T: Keep> Drop for Kept<T> {
    fn drop(&mut self) {
        if let Some(mut coder) = self.0.take() {
            coder.wipe();
            // A thread that ends has no shelf any more.
            let _ = T::SHELF.try_with(|shelf| shelf.set(Some(coder)));
        }
    }
}
