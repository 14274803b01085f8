//! A bank with one paying key, whose orders follow from where its chain stands: a load for a process
//! that is killed.

use super::keyed_digest::KeyedDigest;
use super::parties::{Parties, registration_key};
use bank::registration::Chain;
use bank::{Genesis, Operation};
use quantity::Instant;
use wire::KeyId;
use wire::identity::PublicKey;

/// See the module.
pub struct Load {
    parties: Parties,
    founding: [Vec<Operation>; 2],
}

impl Load {
    /// The one load there is.
    #[must_use]
    pub fn new() -> Self {
        let (parties, founding) = Parties::new(1, 500_000);
        Self { parties, founding }
    }

    /// The first record.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.parties.genesis
    }

    /// Key of the authentication centre.
    #[must_use]
    pub const fn authority(&self) -> &PublicKey {
        &self.parties.authority
    }

    /// The registration centre's key.
    #[must_use]
    pub fn registration_key() -> KeyedDigest {
        registration_key()
    }

    /// The batches that give the key a wallet with money.
    #[must_use]
    pub const fn founding(&self) -> &[Vec<Operation>] {
        &self.founding
    }

    /// The key that pays.
    #[must_use]
    pub fn payer(&self) -> KeyId {
        self.parties.payer()
    }

    /// The next orders of the key, one fen each.
    #[must_use]
    pub fn orders(&self, chain: Chain, at: Instant, count: usize) -> Vec<Operation> {
        self.parties.small_orders(chain, at, count)
    }
}

impl Default for Load {
    fn default() -> Self {
        Self::new()
    }
}
