//! One call: who asks for what, read once and in one way.

use super::Service;
use super::idempotency::Key;
use super::problem::{BINARY, Problem};
use super::who::{Caller, Identity};
use axum::body::Bytes;
use core::fmt::Display;
use core::str::FromStr;
use quantity::{CivilDate, Fen};
use serde::de::DeserializeOwned;
use wire::{Digest, WalletId};

/// Most rows of one page.
pub(super) const PAGE_MAX: usize = 1000;

/// A call that the pipeline let through.
pub struct Call<'a> {
    pub(super) service: &'a Service,
    pub(super) caller: Caller,
    pub(super) identity: Identity,
    /// Parameters of the path, by name.
    pub(super) path: Vec<(String, String)>,
    /// Parameters of the query, each a name of the route's.
    pub(super) query: Vec<(String, String)>,
    pub(super) content_type: String,
    pub(super) accept: String,
    pub(super) body: Bytes,
    /// The idempotency key with the digest of the call, if there is one.
    pub(super) key: Option<(Key, Digest)>,
}

impl Call<'_> {
    /// A parameter of the path.
    pub(super) fn path<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Problem> {
        let text = find(&self.path, name).unwrap_or_default();
        text.parse().map_err(|error| Problem::bad_request(format!("{name} '{text}': {error}")))
    }

    /// The wallet of the path.
    pub(super) fn wallet(&self) -> Result<WalletId, Problem> {
        parse_wallet(find(&self.path, "wallet").unwrap_or_default())
    }

    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// Rows that one answer may have.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.query("limit") else { return Ok(PAGE_MAX) };
        let limit = text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
        limit.ok_or_else(|| Problem::bad_request(format!("limit '{text}': 1 to {PAGE_MAX}")))
    }

    /// The body as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if !is(&self.content_type, "application/json") {
            return Err(Problem::media_type("send application/json"));
        }
        serde_json::from_slice(&self.body).map_err(Problem::bad_request)
    }

    /// Whether the body is [`wire`]'s bytes.
    pub(super) fn is_binary(&self) -> bool {
        is(&self.content_type, BINARY)
    }

    /// Whether the answer shall be [`wire`]'s bytes.
    pub(super) fn wants_binary(&self) -> bool {
        self.accept.split(',').any(|part| is(part, BINARY))
    }
}

fn find<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Whether a header names this media type, whatever parameters follow.
fn is(header: &str, media_type: &str) -> bool {
    let named = header.split(';').next().unwrap_or_default().trim();
    named.eq_ignore_ascii_case(media_type)
}

/// A wallet number of 16 digits.
pub(super) fn parse_wallet(text: &str) -> Result<WalletId, Problem> {
    let digits = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.and_then(WalletId::from_number).ok_or_else(|| {
        Problem::bad_request(format!("wallet '{text}': 16 digits, the last one checks the others"))
    })
}

/// An amount above zero.
pub(super) fn parse_amount(fen: i64) -> Result<Fen, Problem> {
    let amount = Fen::from_fen(fen);
    let positive = (amount > Fen::ZERO).then_some(amount);
    positive.ok_or_else(|| Problem::bad_request("amount_fen must be above zero"))
}

/// A date such as `2026-11-27`.
pub(super) fn parse_day(text: &str) -> Result<CivilDate, Problem> {
    day(text).ok_or_else(|| {
        Problem::bad_request(format!("day '{text}': must be a date such as 2026-11-27"))
    })
}

/// A date of the years 1970 to 9999, in the one spelling `2026-11-27`.
#[must_use]
pub fn day(text: &str) -> Option<CivilDate> {
    let mut parts = text.split('-');
    let mut part = || parts.next();
    let (year, month, day) = (part()?.parse().ok()?, part()?.parse().ok()?, part()?.parse().ok()?);
    let in_range = (1970..=9999).contains(&year) && month <= 12 && day <= 31;
    let date = CivilDate { year, month, day };
    // What doesn't exist, such as February 30th, reads back as another date.
    (in_range && date.to_string() == text && date.start().civil().date == date).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_one_spelling_and_exist() {
        for good in ["1970-01-01", "2024-02-29", "9999-12-31", "2026-11-27"] {
            assert_eq!(day(good).unwrap().to_string(), good);
        }
        let bad = [
            "",
            "2026",
            "2026-11",
            "2026-11-27-1",
            "2026-11-31",
            "2025-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-1-1",
            "1969-12-31",
            "10000-01-01",
            "+2026-11-27",
            "2026-11-2七",
        ];
        for bad in bad {
            assert_eq!(day(bad), None, "{bad}");
        }
    }

    #[test]
    fn wallet_numbers_have_a_check_digit() {
        let wallet = WalletId::new(102, 1).unwrap();
        assert_eq!(parse_wallet(&wallet.to_string()).unwrap(), wallet);
        for bad in ["", "1", "102000000000001", "10200000000000100", "1020000000000010", "x"] {
            assert!(parse_wallet(bad).is_err(), "{bad}");
        }
    }
}
