//! Telling a connection being made from one that is silent: the first has a timeout of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tower_layer::{LayerFn, layer_fn};
use tower_service::Service;

/// Set while a connection is being made: name look-up, TCP, proxy and TLS.
#[derive(Clone, Default)]
pub(super) struct Connecting(Arc<AtomicBool>);

impl Connecting {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// What reqwest wraps its connector in, so that the flag is kept.
    pub(super) fn layer<S>(&self) -> LayerFn<impl Fn(S) -> Flagged<S> + Clone + use<S>> {
        let flag = self.clone();
        layer_fn(move |connector| Flagged { connector, flag: flag.clone() })
    }
}

/// A connector that keeps the flag.
#[derive(Clone)]
pub(super) struct Flagged<S> {
    connector: S,
    flag: Connecting,
}

impl<S, R> Service<R> for Flagged<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let raised = Raised::new(&self.flag);
        let connection = self.connector.call(request);
        Box::pin(async move {
            let _raised = raised;
            connection.await
        })
    }
}

/// Lowers the flag when dropped: the connection stands, failed, or was given up by the connect timeout.
struct Raised(Connecting);

impl Raised {
    fn new(flag: &Connecting) -> Raised {
        flag.0.store(true, Ordering::Relaxed);
        Raised(flag.clone())
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}
