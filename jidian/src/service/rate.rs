//! Rate limits: one token bucket per client certificate. Pure: time is an argument.

use quantity::{Duration, Instant};
use std::collections::BTreeMap;
use wire::Digest;

/// How fast a client may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens that a client has after a pause, at least 1.
    pub burst: u32,
    /// Tokens that come back each second, at least 1.
    pub per_second: u32,
}

/// Tokens of one client. They are counted in thousandths, so that every millisecond counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    thousandths: u64,
    filled_at: Instant,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub const fn full(rate: Rate, now: Instant) -> Self {
        Self { thousandths: capacity(rate), filled_at: now }
    }

    /// Takes tokens, or says how long to wait for them.
    ///
    /// What costs more than a full bucket takes all of a full one: otherwise it could never pass.
    ///
    /// # Errors
    /// The time until there will be enough, if nothing else is asked for.
    pub fn take(&mut self, rate: Rate, now: Instant, tokens: u32) -> Result<(), Duration> {
        self.fill(rate, now);
        let cost = (u64::from(tokens) * 1000).min(capacity(rate));
        match self.thousandths.checked_sub(cost) {
            Some(rest) => {
                self.thousandths = rest;
                Ok(())
            }
            None => Err(wait_for(cost - self.thousandths, rate)),
        }
    }

    /// A clock that steps back fills nothing and takes nothing.
    fn fill(&mut self, rate: Rate, now: Instant) {
        let passed = now.since(self.filled_at).milliseconds();
        let gained = u64::try_from(passed).unwrap_or(0).saturating_mul(u64::from(rate.per_second));
        self.thousandths = self.thousandths.saturating_add(gained).min(capacity(rate));
        self.filled_at = now;
    }

    fn is_full(&self, rate: Rate, now: Instant) -> bool {
        let mut filled = *self;
        filled.fill(rate, now);
        filled.thousandths == capacity(rate)
    }
}

const fn capacity(rate: Rate) -> u64 {
    rate.burst as u64 * 1000
}

fn wait_for(missing: u64, rate: Rate) -> Duration {
    let milliseconds = missing.div_ceil(u64::from(rate.per_second.max(1)));
    Duration::from_milliseconds(i64::try_from(milliseconds).unwrap_or(i64::MAX))
}

/// Buckets of all clients.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    buckets: BTreeMap<Digest, Bucket>,
}

/// Buckets that are kept at most; each takes about 100 bytes.
const CLIENTS_MAX: usize = 100_000;

impl Limiter {
    /// All buckets full.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        Self { rate, buckets: BTreeMap::new() }
    }

    /// Takes tokens of a client.
    ///
    /// # Errors
    /// How long the client has to wait.
    pub fn take(&mut self, client: Digest, now: Instant, tokens: u32) -> Result<(), Duration> {
        if self.buckets.len() >= CLIENTS_MAX && !self.buckets.contains_key(&client) {
            // A full bucket is as good as none.
            let rate = self.rate;
            self.buckets.retain(|_, bucket| !bucket.is_full(rate, now));
        }
        if self.buckets.len() >= CLIENTS_MAX && !self.buckets.contains_key(&client) {
            return Err(Duration::from_seconds(1));
        }
        let bucket = self.buckets.entry(client).or_insert(Bucket::full(self.rate, now));
        bucket.take(self.rate, now, tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 10, per_second: 4 };

    fn at(milliseconds: i64) -> Instant {
        Instant::from_unix_milliseconds(1_000_000 + milliseconds)
    }

    /// One line: when, how many tokens, and what comes of it (`ok`, or milliseconds to wait).
    #[test]
    fn a_bucket_runs_dry_and_fills_again() {
        let trace = "\
            0 10 ok
            0 1 250
            249 1 1
            250 1 ok
            250 1 250
            1250 4 ok
            1250 1 250
            9999999 10 ok
            9999999 99 2500
            10002499 99 ok";
        let mut bucket = Bucket::full(RATE, at(0));
        for line in trace.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let outcome =
                bucket.take(RATE, at(words[0].parse().unwrap()), words[1].parse().unwrap());
            let told = match outcome {
                Ok(()) => "ok".to_owned(),
                Err(wait) => wait.milliseconds().to_string(),
            };
            assert_eq!(told, words[2], "{line}");
        }
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing() {
        let mut bucket = Bucket::full(RATE, at(5000));
        assert!(bucket.take(RATE, at(5000), 10).is_ok());
        assert!(bucket.take(RATE, at(0), 1).is_err());
        assert!(bucket.take(RATE, at(100), 1).is_err());
        assert!(bucket.take(RATE, at(250), 1).is_ok());
    }

    #[test]
    fn one_client_takes_nothing_from_another() {
        let mut limiter = Limiter::new(RATE);
        let (one, other) = (Digest([1; 32]), Digest([2; 32]));
        assert!(limiter.take(one, at(0), 10).is_ok());
        assert!(limiter.take(one, at(0), 1).is_err());
        assert!(limiter.take(other, at(0), 10).is_ok());
    }

    #[test]
    fn buckets_are_bounded_and_the_full_ones_go_first() {
        let mut limiter = Limiter::new(RATE);
        for client in 0..CLIENTS_MAX {
            let mut digest = Digest::default();
            digest.0[..8].copy_from_slice(&(client as u64).to_be_bytes());
            assert!(limiter.take(digest, at(0), 10).is_ok());
        }
        let late = Digest([0xff; 32]);
        assert!(limiter.take(late, at(1), 1).is_err());
        assert_eq!(limiter.buckets.len(), CLIENTS_MAX);
        assert!(limiter.take(late, at(2500), 1).is_ok());
        assert_eq!(limiter.buckets.len(), 1);
    }
}
