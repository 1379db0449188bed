//! Requests that take several things at once, filled with what callers bring one by one: each goes with whatever came while the former was on its way.

use domain::ports::PortError;
use tokio::sync::{mpsc, oneshot};

use crate::error::flaw;

type Caller = oneshot::Sender<Result<(), PortError>>;

/// Gathers things for one request after the other, so that they keep their order. Has to be made within a runtime.
pub(super) struct Gather<T> {
    brought: mpsc::UnboundedSender<(T, Caller)>,
}

impl<T: Send + 'static> Gather<T> {
    /// Things for `request`, which takes at most `most` and answers what became of each.
    pub fn new<F>(most: usize, request: impl Fn(Vec<T>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Vec<Result<(), PortError>>> + Send,
    {
        let (brought, mut next) = mpsc::unbounded_channel::<(T, Caller)>();
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(most);
            while next.recv_many(&mut batch, most).await > 0 {
                let (things, callers): (Vec<T>, Vec<Caller>) = batch.drain(..).unzip();
                for (caller, outcome) in callers.into_iter().zip(request(things).await) {
                    // A caller that has gone needs no answer.
                    drop(caller.send(outcome));
                }
            }
        });
        Self { brought }
    }

    /// Waits until the thing has gone with a request, and answers what became of it.
    pub async fn bring(&self, thing: T) -> Result<(), PortError> {
        let (caller, outcome) = oneshot::channel();
        self.brought.send((thing, caller)).map_err(|_| flaw("the program is ending"))?;
        outcome.await.map_err(|_| flaw("the program is ending"))?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn what_comes_while_a_request_is_on_its_way_goes_with_the_next_in_order() {
        let (requests, ways) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let (seen, way) = (requests.clone(), ways.clone());
        let gather = Gather::new(3, move |things: Vec<u32>| {
            seen.lock().unwrap().push(things.clone());
            let way = way.clone();
            async move {
                way.acquire().await.unwrap().forget();
                things.iter().map(|thing| if *thing == 5 { Err(flaw("five")) } else { Ok(()) }).collect()
            }
        });
        let bring = join_all((1..=8).map(|thing| gather.bring(thing)));
        ways.add_permits(10);
        let outcomes = bring.await;
        assert_eq!(*requests.lock().unwrap(), [vec![1, 2, 3], vec![4, 5, 6], vec![7, 8]]);
        assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, true, true, false, true, true, true]);
    }
}
