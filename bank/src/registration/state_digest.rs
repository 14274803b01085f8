//! One digest over the whole state, to compare two machines or a machine with its own past.

use super::Registration;
use super::directory::Key;
use super::ledger::Wallet;
use crate::code::ResultCode;
use crypto::Sm3;
use wire::{Digest, KeyId, Wire};

impl Registration {
    /// SM3 over everything that an answer can depend on: wallets, keys with their chains and
    /// remembered orders, revocations, totals and the last root. Receipts follow from these and
    /// the log.
    #[must_use]
    pub fn state_digest(&self) -> Digest {
        let mut hash = Sm3::new();
        hash.update(b"JIDIAN-STATE-1");
        self.feed_totals(&mut hash);
        for wallet in self.wallets() {
            feed_wallet(&mut hash, wallet);
        }
        for (id, key) in self.directory.iter() {
            feed_key(&mut hash, id, key);
        }
        for serial in self.directory.revoked() {
            feed(&mut hash, &serial);
        }
        hash.finish()
    }

    fn feed_totals(&self, hash: &mut Sm3) {
        feed(hash, &self.operator_number);
        feed(hash, self.directory.authority());
        feed(hash, &self.totals.issued);
        feed(hash, &self.totals.batch);
        feed(hash, &self.totals.root);
        feed(hash, &self.totals.at);
        for code in ResultCode::ALL {
            feed(hash, &self.totals.statistics.count(code));
        }
    }
}

fn feed_wallet(hash: &mut Sm3, wallet: &Wallet) {
    feed(hash, &wallet.id);
    feed(hash, &wallet.kind);
    feed(hash, &wallet.grade);
    // No wallet has number 0 with a parent's meaning: the issuance vault is nobody's parent.
    feed(hash, &wallet.parent.map_or(0, |parent| parent.number()));
    feed(hash, &(wallet.state as u8));
    feed(hash, &wallet.balance);
}

fn feed_key(hash: &mut Sm3, id: KeyId, key: &Key) {
    feed(hash, &id);
    feed(hash, &key.certificate);
    for (wallet, _) in &key.bound {
        feed(hash, wallet);
    }
    feed(hash, &key.chain.sequence);
    feed(hash, &key.chain.last);
    for order in &key.remembered {
        feed(hash, &order.sequence);
        feed(hash, &order.digest);
        feed(hash, &order.code);
    }
}

fn feed<T: Wire>(hash: &mut Sm3, value: &T) {
    value.write(&mut |bytes| hash.update(bytes));
}
