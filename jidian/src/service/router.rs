//! The way of a call: identity, rate, role, body, idempotency key, answer.

use super::Service;
use super::call::Call;
use super::idempotency::{Begun, KEY_BYTES_MAX, Key};
use super::problem::{Problem, Reply};
use super::routes::{Input, KeyRule, Method, ROUTES, Route};
use super::who::{Caller, Identity};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{ConnectInfo, Query, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use std::sync::Arc;
use std::time::Duration;
use wire::Digest;

/// Longest body of one call: 4,000 payments of two legs.
pub(super) const BODY_BYTES_MAX: usize = 2 << 20;
/// Longest body of a call at a desk.
const DESK_BYTES_MAX: usize = 16 << 10;
/// A body must have arrived by then.
const BODY_TIME: Duration = Duration::from_secs(20);
/// What is left of the body of a refused call must have arrived by then.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// All routes, with problems for what has none.
pub fn router(service: Arc<Service>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let method = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        let handler = move |State(service), ConnectInfo(caller), path: Path, request| {
            answer(route, service, caller, path, request)
        };
        router = router.route(route.path, on(method, handler));
    }
    router
        .fallback(async || Reply::from(Problem::not_found("see /openapi.json for what there is")))
        .method_not_allowed_fallback(async || {
            Reply::from(Problem::method("see /openapi.json for the methods of this path"))
        })
        .with_state(service)
}

type Path = Result<RawPathParams, RawPathParamsRejection>;

fn owned(path: Path) -> Result<Vec<(String, String)>, Problem> {
    let path = path.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    Ok(path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

async fn answer(
    route: &'static Route,
    service: Arc<Service>,
    caller: Caller,
    path: Path,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let head = admit(route, &service, caller)
        .and_then(|identity| read_head(route, identity, path, &parts));
    let head = match head {
        Ok(head) => head,
        Err(problem) => return refuse(problem, body).await,
    };
    if body.size_hint().lower() > body_max(route) as u64 {
        return refuse(too_large(route), body).await;
    }
    let body = match read_body(route, body).await {
        Ok(body) => body,
        Err(problem) => return closing(problem),
    };
    let digest = digest_of(route, &parts.uri, &head.content_type, &body);
    let work = move || {
        let Head { identity, path, query, key, content_type, accept } = head;
        let (service, key) = (&*service, key.map(|key| (key, digest)));
        let call = Call { service, caller, identity, path, query, content_type, accept, body, key };
        once(route, &call)
    };
    let reply = tokio::task::spawn_blocking(work).await;
    reply
        .unwrap_or_else(|_| Problem::stopping("ask again with the same key").into())
        .into_response()
}

/// A refusal before the body was read. A body that isn't too long for any route is read and dropped,
/// since closing a connection on unread bytes may take the answer along.
async fn refuse(problem: Problem, body: Body) -> Response {
    let rest = axum::body::to_bytes(body, BODY_BYTES_MAX);
    match tokio::time::timeout(DRAIN_TIME, rest).await {
        Ok(Ok(_)) => Reply::from(problem).into_response(),
        Ok(Err(_)) | Err(_) => closing(problem),
    }
}

/// A refusal behind which the connection can't be used any more.
fn closing(problem: Problem) -> Response {
    let mut response = Reply::from(problem).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Who isn't known is refused before anything of the request is read.
fn admit(route: &Route, service: &Service, caller: Caller) -> Result<Identity, Problem> {
    service.charge(caller, 1)?;
    if service.gate.is_revoked(caller.serial) {
        return Err(Problem::revoked("ask the operator of the service for another one"));
    }
    let nobody = "its subject alternative name must be one URI such as urn:jidian:auditor";
    let identity = caller.identity.ok_or_else(|| Problem::unknown_caller(nobody))?;
    if route.roles.contains(&identity.role()) {
        return Ok(identity);
    }
    let allowed: Vec<_> = route.roles.iter().map(|role| role.word()).collect();
    Err(Problem::forbidden(format!("open to: {}", allowed.join(", "))))
}

/// What stands in front of the body.
struct Head {
    identity: Identity,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    key: Option<Key>,
    content_type: String,
    accept: String,
}

fn read_head(
    route: &Route,
    identity: Identity,
    path: Path,
    parts: &Parts,
) -> Result<Head, Problem> {
    let key = header_text(&parts.headers, "idempotency-key")?;
    Ok(Head {
        identity,
        path: owned(path)?,
        query: query(route, &parts.uri)?,
        key: idempotency_key(route, identity, key)?,
        content_type: header_text(&parts.headers, header::CONTENT_TYPE.as_str())?,
        accept: header_text(&parts.headers, header::ACCEPT.as_str())?,
    })
}

fn query(route: &Route, uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|error| Problem::bad_request(error.body_text()))?;
    for (at, (name, _)) in pairs.iter().enumerate() {
        let again = pairs.iter().take(at).any(|(before, _)| before == name);
        if again || !route.query.contains(&name.as_str()) {
            let what = format!("query parameter '{name}': there may be one each of");
            return Err(Problem::bad_request(format!("{what} {:?}", route.query)));
        }
    }
    Ok(pairs)
}

fn header_text(headers: &HeaderMap, name: &str) -> Result<String, Problem> {
    let Some(value) = headers.get(name) else { return Ok(String::new()) };
    let text = value.to_str().map(str::to_owned);
    text.map_err(|_| Problem::bad_request(format!("header {name} isn't text")))
}

fn idempotency_key(route: &Route, identity: Identity, key: String) -> Result<Option<Key>, Problem> {
    let too_long = key.len() > KEY_BYTES_MAX;
    match (route.key, key.is_empty()) {
        (KeyRule::Never, _) | (KeyRule::May, true) => Ok(None),
        (KeyRule::Must, true) => {
            Err(Problem::key_needed("name the call, so that it can be repeated safely"))
        }
        _ if too_long => {
            Err(Problem::bad_request(format!("Idempotency-Key: at most {KEY_BYTES_MAX} bytes")))
        }
        (KeyRule::May | KeyRule::Must, false) => {
            Ok(Some(Key { caller: identity.to_string(), key }))
        }
    }
}

const fn body_max(route: &Route) -> usize {
    match route.input {
        Input::Nothing => 0,
        Input::Json(_) => DESK_BYTES_MAX,
        Input::JsonOrBinary(_) => BODY_BYTES_MAX,
    }
}

fn too_large(route: &Route) -> Problem {
    Problem::too_large(format!("at most {} bytes", body_max(route)))
}

async fn read_body(route: &Route, body: Body) -> Result<Bytes, Problem> {
    let read = axum::body::to_bytes(body, body_max(route));
    match tokio::time::timeout(BODY_TIME, read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(too_large(route)),
        Err(_) => Err(Problem::too_slow(format!("within {} s", BODY_TIME.as_secs()))),
    }
}

/// Two calls are the same if method, path, query, media type and body are.
fn digest_of(route: &Route, uri: &Uri, content_type: &str, body: &Bytes) -> Digest {
    let mut hash = crypto::Sm3::new();
    for part in [route.id.as_bytes(), uri.to_string().as_bytes(), content_type.as_bytes(), body] {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finish()
}

fn once(route: &Route, call: &Call<'_>) -> Reply {
    let answer = || (route.handler)(call);
    match &call.key {
        None => answer().unwrap_or_else(Reply::from),
        Some((key, digest)) => call.service.once(key, *digest, answer),
    }
}

impl Service {
    /// Answers a call, or gives the answer again that it had. Only what came out of the ledger is
    /// kept under the key: a call that was turned away at the door may be mended and sent again.
    pub(super) fn once(
        &self,
        key: &Key,
        call: Digest,
        answer: impl FnOnce() -> Result<Reply, Problem>,
    ) -> Reply {
        let begun = self.calls().begin(key, call);
        match begun {
            Begun::Answered(reply) => return reply,
            Begun::InProgress => return Problem::in_progress().into(),
            Begun::OtherCall => return Problem::other_call("choose another key for it").into(),
            Begun::New => {}
        }
        // Whatever becomes of the call, even a panic, its key doesn't stay taken.
        let _released = Released { service: self, key };
        match answer() {
            Ok(reply) => {
                if reply.is_final() {
                    self.calls().finish(key, reply.clone(), reply.body.len());
                }
                reply
            }
            Err(problem) => problem.into(),
        }
    }
}

struct Released<'a> {
    service: &'a Service,
    key: &'a Key,
}

impl Drop for Released<'_> {
    fn drop(&mut self) {
        self.service.calls().forget(self.key);
    }
}
