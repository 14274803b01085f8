//! Whose wallets, keys and orders a caller may reach. Pure: identity and ledger in, answer out.
//!
//! Which role may call which route at all stands in [`routes`](super::routes); this is the second
//! question, about the one wallet that the call names.

use super::who::Identity;
use bank::command::Signer;
use bank::{Operation, Registration};
use wire::identity::Role;
use wire::receipt::Leaf;
use wire::{KeyId, WalletId};

fn is_operators(number: u16, wallet: WalletId) -> bool {
    wallet.operator() == number
}

/// Whether a caller may see a wallet's balance and movements.
#[must_use]
pub fn may_see_wallet(identity: Identity, wallet: WalletId, ledger: &Registration) -> bool {
    match identity {
        Identity::Holder(key) => ledger.bound_wallets(key).any(|bound| bound == wallet),
        Identity::Operator(number) => is_operators(number, wallet),
        Identity::Auditor => true,
        Identity::CentralBank => ledger.wallet(wallet).is_some_and(|found| found.kind.is_vault()),
        Identity::Analyst | Identity::AuthenticationCentre | Identity::Supervisor => false,
    }
}

/// Whether a caller may act on a customer's wallet.
#[must_use]
pub fn may_serve_wallet(identity: Identity, wallet: WalletId) -> bool {
    matches!(identity, Identity::Operator(number) if is_operators(number, wallet))
}

/// Whether a caller may see a key: where its chain stands, and what it is bound to.
#[must_use]
pub fn may_see_key(identity: Identity, key: KeyId, ledger: &Registration) -> bool {
    match identity {
        Identity::Holder(own) => own == key,
        Identity::Operator(number) => is_customers(number, key, ledger),
        Identity::Auditor => true,
        Identity::CentralBank
        | Identity::Analyst
        | Identity::AuthenticationCentre
        | Identity::Supervisor => false,
    }
}

/// Whether a key owns wallets of this operator, and of no other.
fn is_customers(number: u16, key: KeyId, ledger: &Registration) -> bool {
    let mut bound = ledger.bound_wallets(key).peekable();
    bound.peek().is_some() && bound.all(|wallet| is_operators(number, wallet))
}

/// Whether a caller may hand in an operation. The signature decides what it does; this decides who
/// may bring it: the owner of the key, or the operator whose customer it is.
#[must_use]
pub fn may_submit(identity: Identity, operation: &Operation, ledger: &Registration) -> bool {
    let signer = operation.signer();
    // Whose wallets an owner's command may touch, the registration centre finds out itself.
    let is_owners = operation.command().is_none_or(|command| command.signer() == Signer::Owner);
    let signs_as = |role| ledger.certificate(signer).is_some_and(|known| known.role == role);
    match identity {
        Identity::Holder(key) => is_owners && key == signer,
        Identity::Operator(number) if is_owners => is_customers(number, signer, ledger),
        Identity::Operator(number) => {
            signs_as(Role::Operator) && is_customers(number, signer, ledger)
        }
        Identity::CentralBank => !is_owners && signs_as(Role::CentralBank),
        Identity::Analyst
        | Identity::Auditor
        | Identity::AuthenticationCentre
        | Identity::Supervisor => false,
    }
}

/// Whether a caller may see a receipt, whose leaf shows the balances of all wallets of a key.
#[must_use]
pub fn may_see_leaf(identity: Identity, leaf: &Leaf, ledger: &Registration) -> bool {
    let wallets = || leaf.balances.iter().map(|balance| balance.wallet);
    let all_seen = || wallets().all(|wallet| may_see_wallet(identity, wallet, ledger));
    identity == Identity::Auditor || (!leaf.balances.is_empty() && all_seen())
}
