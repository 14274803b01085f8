//! Files of the pages, inside the binary.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const ASSETS: &[Asset] = &[
    Asset { name: "console.css", kind: STYLE, bytes: include_bytes!("../../assets/console.css") },
    Asset { name: "console.js", kind: SCRIPT, bytes: include_bytes!("../../assets/console.js") },
    Asset { name: "chart.js", kind: SCRIPT, bytes: include_bytes!("../../assets/chart.js") },
    Asset { name: "morph.js", kind: SCRIPT, bytes: include_bytes!("../../assets/morph.js") },
    Asset {
        name: "uplot.js",
        kind: SCRIPT,
        bytes: include_bytes!("../../assets/vendor/uplot-1.6.32.min.js"),
    },
    Asset {
        name: "uplot.css",
        kind: STYLE,
        bytes: include_bytes!("../../assets/vendor/uplot-1.6.32.min.css"),
    },
    ICON,
];

const ICON: Asset = Asset {
    name: "icon.svg",
    kind: "image/svg+xml",
    bytes: include_bytes!("../../assets/icon.svg"),
};

pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => send(asset, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) async fn icon(headers: HeaderMap) -> Response {
    send(&ICON, &headers)
}

/// The browser asks again each time and gets the bytes only when they have changed.
fn send(asset: &Asset, headers: &HeaderMap) -> Response {
    let tag = format!("\"{:016x}\"", fnv(asset.bytes));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value == tag.as_str());
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let fields = [
        (header::CONTENT_TYPE, asset.kind.to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag),
    ];
    let body = if known { &[][..] } else { asset.bytes };
    (status, fields, body).into_response()
}

/// FNV-1a, 64 bit: tells versions of one file apart, nothing more.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}
