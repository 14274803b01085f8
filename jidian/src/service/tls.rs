//! TLS 1.3 with client certificates, bounded: connections, handshakes and silence.

use super::Service;
use super::certificates::Certificates;
use super::revocation::RevocationList;
use super::router::router;
use super::start::StartError;
use super::who::Caller;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use wire::Digest;

/// Connections at once, with those that are still shaking hands.
const CONNECTIONS_MAX: usize = 1024;
/// Connections at once with one client certificate.
const CONNECTIONS_OF_A_CLIENT_MAX: u32 = 64;
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// A connection on which nothing moves for so long is closed.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Calls that are being answered have so long to end when the service is stopped.
const STOP_TIME: Duration = Duration::from_secs(10);

/// What the server shows, and whom it lets in.
///
/// # Errors
/// [`StartError`] names the file that isn't a certificate or a key.
pub(super) fn configuration(
    certificates: &Certificates,
    revoked: Option<&RevocationList>,
) -> Result<ServerConfig, StartError> {
    let authority = certificates.authority();
    let mut roots = RootCertStore::empty();
    let trusted = CertificateDer::from_pem_file(&authority)
        .map_err(|error| StartError::at(&authority, error))?;
    roots.add(trusted).map_err(|error| StartError::at(&authority, error))?;
    let pair = certificates.server();
    let chain = CertificateDer::pem_file_iter(&pair.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| StartError::at(&pair.certificate, error))?;
    let key = PrivateKeyDer::from_pem_file(&pair.key)
        .map_err(|error| StartError::at(&pair.key, error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    if let Some(list) = revoked {
        verifier = verifier.with_crls([list.der()]);
    }
    let verifier = verifier.build().map_err(|error| StartError::at(&authority, error))?;
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| StartError::at(&pair.certificate, error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| StartError::at(&pair.certificate, error))
}

/// Serves calls until `shutdown` resolves; those that are being answered then still end.
///
/// # Errors
/// If the listener fails.
pub async fn serve<F>(listener: TcpListener, service: Arc<Service>, shutdown: F) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = Door::open(listener, Arc::clone(&service))?;
    let calls = router(service).into_make_service_with_connect_info::<Caller>();
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let told = async move {
        shutdown.await;
        let _ = stopping.send(());
    };
    let serving = axum::serve(listener, calls).with_graceful_shutdown(told);
    let late = async move {
        let _ = stopped.await;
        tokio::time::sleep(STOP_TIME).await;
    };
    tokio::select! {
        ended = serving.into_future() => ended,
        () = late => Ok(()),
    }
}

/// Where connections come in, already shaken hands with.
struct Door {
    address: SocketAddr,
    ready: mpsc::Receiver<(Connection, SocketAddr)>,
    accepting: JoinHandle<()>,
}

impl Door {
    fn open(listener: TcpListener, service: Arc<Service>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (into, ready) = mpsc::channel(64);
        let accepting = tokio::spawn(accept(listener, service, into));
        Ok(Self { address, ready, accepting })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Takes connections one by one and shakes hands with many at once, so nobody can hold up others.
async fn accept(
    listener: TcpListener,
    service: Arc<Service>,
    into: mpsc::Sender<(Connection, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let clients = Arc::new(Clients::default());
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, address)) = listener.accept().await else {
            // Such as too many open files: others must end first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let acceptor = TlsAcceptor::from(service.gate.tls());
        let (clients, into) = (Arc::clone(&clients), into.clone());
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await;
            let Ok(Ok(stream)) = shaken else { return };
            if let Some(connection) = Connection::new(stream, &clients, place) {
                let _ = into.send((connection, address)).await;
            }
        });
    }
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task that accepts is gone only when the runtime ends.
            None => core::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, Door>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().seat.caller
    }
}

/// Connections by client certificate.
#[derive(Default)]
struct Clients(Mutex<BTreeMap<Digest, u32>>);

/// A place among the connections of a client; given back when it is dropped.
struct Seat {
    caller: Caller,
    clients: Arc<Clients>,
}

impl Seat {
    fn take(caller: Caller, clients: &Arc<Clients>) -> Option<Self> {
        let mut counts = clients.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(caller.certificate).or_default();
        if *count >= CONNECTIONS_OF_A_CLIENT_MAX {
            return None;
        }
        *count += 1;
        Some(Self { caller, clients: Arc::clone(clients) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.clients.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.caller.certificate) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.caller.certificate);
            }
        }
    }
}

/// A connection that closes when nothing moves on it.
struct Connection {
    stream: TlsStream<TcpStream>,
    seat: Seat,
    _place: OwnedSemaphorePermit,
    silence: Pin<Box<Sleep>>,
}

impl Connection {
    fn new(
        stream: TlsStream<TcpStream>,
        clients: &Arc<Clients>,
        place: OwnedSemaphorePermit,
    ) -> Option<Self> {
        let certificate = stream.get_ref().1.peer_certificates()?.first()?;
        let seat = Seat::take(Caller::of(certificate), clients)?;
        let _ = stream.get_ref().0.set_nodelay(true);
        let silence = Box::pin(tokio::time::sleep(SILENCE_MAX));
        Some(Self { stream, seat, _place: place, silence })
    }

    fn moved<T>(
        &mut self,
        context: &mut Context<'_>,
        poll: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.silence.as_mut().reset(Instant::now() + SILENCE_MAX);
            return poll;
        }
        ready!(self.silence.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.moved(context, poll)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.moved(context, poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(context);
        self.moved(context, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
