//! Errors as `application/problem+json` (RFC 9457), and answers in general.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bank::ResultCode;
use quantity::Duration;
use serde_json::{Value, json};

/// What a call is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Media type of the body.
    pub content: &'static str,
    /// The body.
    pub body: Bytes,
    /// When to come again, if it is worth it.
    pub retry_after: Option<Duration>,
}

/// Media type of JSON.
pub(super) const JSON: &str = "application/json";
/// Media type of [`wire`]'s bytes.
pub(super) const BINARY: &str = "application/octet-stream";
/// Media type of problems.
pub(super) const PROBLEM: &str = "application/problem+json";

impl Reply {
    /// A JSON document.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        let body = Bytes::from(value.to_string());
        Self { status: StatusCode::OK, content: JSON, body, retry_after: None }
    }

    /// Bytes as [`wire`] writes them.
    #[must_use]
    pub fn binary(bytes: Vec<u8>) -> Self {
        let body = Bytes::from(bytes);
        Self { status: StatusCode::OK, content: BINARY, body, retry_after: None }
    }

    /// Whether the same call would be answered so again: then its answer may be kept.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !self.status.is_server_error() && self.retry_after.is_none()
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(wait) = self.retry_after {
            // Whole seconds, upwards: who waits so long is let in.
            let seconds = wait.milliseconds().max(1).unsigned_abs().div_ceil(1000);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    retry_after: Option<Duration>,
}

/// Problems by their code; the code is what a program looks at.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident, $status:ident, $code:literal, $title:literal;)+) => {
        impl Problem {
            $($(#[$doc])*
            pub(super) fn $name(detail: impl core::fmt::Display) -> Self {
                Self {
                    status: StatusCode::$status,
                    code: $code,
                    title: $title,
                    detail: detail.to_string(),
                    retry_after: None,
                }
            })+
        }
    };
}

problems! {
    unknown_caller, FORBIDDEN, "unknown_caller", "The client certificate names nobody";
    revoked, FORBIDDEN, "certificate_revoked", "The client certificate was withdrawn";
    forbidden, FORBIDDEN, "forbidden", "The caller's role may not do this";
    not_found, NOT_FOUND, "not_found", "There is no such thing that the caller may see";
    method, METHOD_NOT_ALLOWED, "method_not_allowed", "The path has other methods";
    bad_request, BAD_REQUEST, "bad_request", "The request can't be read";
    too_large, PAYLOAD_TOO_LARGE, "too_large", "The body is too long";
    too_slow, REQUEST_TIMEOUT, "too_slow", "The body didn't arrive in time";
    media_type, UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body has another media type";
    key_needed, BAD_REQUEST, "idempotency_key_needed", "The header Idempotency-Key is missing";
    other_call, UNPROCESSABLE_ENTITY, "idempotency_key_reused", "The key belongs to another call";
    out_of_reach, GONE, "out_of_reach", "The period is older than what the service keeps";
    storage, SERVICE_UNAVAILABLE, "storage_failed", "Nothing was written, nothing has happened";
    stopping, SERVICE_UNAVAILABLE, "stopping", "The service is being stopped";
}

impl Problem {
    pub(super) fn in_progress() -> Self {
        Self {
            status: StatusCode::CONFLICT,
            code: "in_progress",
            title: "The first call with this key hasn't ended",
            detail: "wait and ask again with the same key".to_owned(),
            retry_after: Some(Duration::from_seconds(1)),
        }
    }

    pub(super) fn too_fast(wait: Duration) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "rate_limited",
            title: "Too many calls with this client certificate",
            detail: format!("come again in {wait}"),
            retry_after: Some(wait),
        }
    }

    /// What the ledger refused, under the name of its result code.
    pub(super) fn refused(code: ResultCode) -> Self {
        Self {
            status: status_of(code),
            code: code.name(),
            title: "The ledger refused the operation",
            detail: format!("result code {} ({code})", code.number()),
            retry_after: code.is_transient().then_some(Duration::from_seconds(1)),
        }
    }

    /// What exactly is wrong.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// The code, such as `forbidden`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

/// HTTP status of a refusal by the ledger.
fn status_of(code: ResultCode) -> StatusCode {
    if code == ResultCode::UnknownWallet {
        StatusCode::NOT_FOUND
    } else if code == ResultCode::ForeignWallet || code == ResultCode::WrongRole {
        StatusCode::FORBIDDEN
    } else if code == ResultCode::WalletExists || code.is_transient() {
        StatusCode::CONFLICT
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let Problem { status, code, title, detail, retry_after } = problem;
        let body = json!({
            "type": format!("urn:jidian:problem:{code}"),
            "title": title,
            "status": status.as_u16(),
            "detail": detail,
            "code": code,
        });
        Self { status, content: PROBLEM, body: Bytes::from(body.to_string()), retry_after }
    }
}
