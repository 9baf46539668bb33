//! Whether anybody asks for a query's pages, and since when nobody does. Not here: what becomes of a query that nobody
//! asks for (`making`, `open`).

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;

/// Those who ask for the pages of one query.
pub(super) struct Attention {
    asked: watch::Sender<Asked>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone, Copy)]
struct Asked {
    /// How many wait for a page.
    waiting: usize,
    /// When the last of them went.
    last: i64,
}

/// Somebody who waits for a page.
pub(super) struct Asking<'a>(&'a Attention);

impl Attention {
    /// Nobody yet.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let asked = watch::Sender::new(Asked { waiting: 0, last: clock.now() });
        Self { asked, clock }
    }

    /// Somebody waits until what is returned is dropped.
    pub(super) fn asking(&self) -> Asking<'_> {
        self.asked.send_modify(|asked| asked.waiting += 1);
        Asking(self)
    }

    /// For how long nobody has waited.
    pub(super) fn idle(&self, now: i64) -> i64 {
        let Asked { waiting, last } = *self.asked.borrow();
        if waiting > 0 { 0 } else { now.saturating_sub(last) }
    }

    /// Done once nobody has waited for so many nanoseconds.
    pub(super) fn lost(&self, patience: i64) -> impl Future<Output = ()> + Send + 'static {
        let (mut asked, clock) = (self.asked.subscribe(), Arc::clone(&self.clock));
        async move {
            loop {
                let Asked { waiting, last } = *asked.borrow_and_update();
                let lost = clock.reached(last.saturating_add(patience));
                tokio::select! {
                    // Whoever has asked since counts, also where both are noticed at once.
                    biased;
                    changed = asked.changed() => {
                        if changed.is_err() {
                            return;
                        }
                    }
                    () = lost, if waiting == 0 => return,
                }
            }
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let now = self.0.clock.now();
        self.0.asked.send_modify(|asked| *asked = Asked { waiting: asked.waiting - 1, last: now });
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::clock::ManualClock;

    #[tokio::test]
    async fn attention_is_lost_some_time_after_the_last_has_gone() {
        let clock = Arc::new(ManualClock::at(0));
        let attention = Attention::new(Arc::clone(&clock) as _);
        let mut lost = Box::pin(attention.lost(60));
        let (first, second) = (attention.asking(), attention.asking());
        clock.advance(1_000);
        assert_eq!((&mut lost).now_or_never(), None, "two wait");
        drop(first);
        clock.advance(1_000);
        assert_eq!((attention.idle(clock.now()), (&mut lost).now_or_never()), (0, None), "one waits");
        drop(second);
        clock.advance(59);
        assert_eq!((attention.idle(clock.now()), (&mut lost).now_or_never()), (59, None));
        drop(attention.asking());
        clock.advance(59);
        assert_eq!((&mut lost).now_or_never(), None, "somebody has asked since");
        clock.advance(1);
        assert_eq!((&mut lost).now_or_never(), Some(()));
    }
}
