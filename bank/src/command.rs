//! Commands: everything that a signed instruction may ask for, each with who may sign it.

use crate::terms::{
    CoinTerms, Grade, InterestRule, LimitRule, Recallable, Rest, Spending, Template, WalletKind,
};
use heapless::Vec as Bounded;
use quantity::{Fen, Instant};
use wire::identity::{Certificate, Role};
use wire::order::{LEGS_MAX, Leg};
use wire::{DecodeError, Digest, KeyId, Reader, Signature, Signed, Sink, WalletId, Wire};

/// Most coin strings that one instruction takes or makes.
pub const COINS_MAX: usize = LEGS_MAX;

/// Who may sign a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signer {
    /// The authentication centre.
    AuthenticationCentre,
    /// The central bank.
    CentralBank,
    /// An operating institution, about its own customers.
    Operator,
    /// A key that is bound to the wallet: a meter, a holder, the grid company.
    Owner,
}

impl Signer {
    /// Whether a key of this role may sign.
    #[must_use]
    pub const fn is(self, role: Role) -> bool {
        match self {
            Self::AuthenticationCentre => matches!(role, Role::AuthenticationCentre),
            Self::CentralBank => matches!(role, Role::CentralBank),
            Self::Operator => matches!(role, Role::Operator),
            Self::Owner => matches!(role, Role::Meter | Role::Holder | Role::GridCompany),
        }
    }
}

/// Defines the commands: number on the wire, name, signer, fields.
macro_rules! commands {
    ($(
        $(#[$doc:meta])*
        $number:literal $name:ident by $signer:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
        }
    )+) => {
        /// What an instruction does. Amounts are above zero; "none" says where there is none.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant, reason = "it travels inside an operation of fixed size")]
        pub enum Command {
            $($(#[$doc])* $name { $($(#[$field_doc])* $field: $type),* },)+
        }

        impl Command {
            /// Names of all commands, by rising number.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// The number on the wire; 0 is no command.
            #[must_use]
            pub const fn number(&self) -> u8 {
                match self { $(Self::$name { .. } => $number,)+ }
            }

            /// The name, such as `OpenWallet`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name { .. } => stringify!($name),)+ }
            }

            /// Who may sign it.
            #[must_use]
            pub const fn signer(&self) -> Signer {
                match self { $(Self::$name { .. } => Signer::$signer,)+ }
            }

            /// Whether all amounts are above zero.
            pub(crate) fn is_sound(&self) -> bool {
                match self { $(Self::$name { $($field),* } => true $(&& $field.is_sound())*,)+ }
            }
        }

        impl Wire for Command {
            fn write(&self, out: &mut Sink<'_>) {
                self.number().write(out);
                match self { $(Self::$name { $($field),* } => { $($field.write(out);)* })+ }
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let at = reader.at();
                Ok(match u8::read(reader)? {
                    $($number => Self::$name { $($field: Wire::read(reader)?),* },)+
                    _ => return Err(reader.refuse(at, "command")),
                })
            }
        }
    };
}

commands! {
    /// Creates money in the issuance vault, within the quota of issuance.
    1 Issue by CentralBank {
        /// How much.
        amount: Fen,
    }
    /// Destroys money of the issuance vault.
    2 Retire by CentralBank {
        /// How much.
        amount: Fen,
    }
    /// Issuance vault → bank vault, out of the operator's reserve and within its quota.
    3 Supply by CentralBank {
        /// The operator's number.
        operator: u16,
        /// How much.
        amount: Fen,
    }
    /// Bank vault → issuance vault; the operator's reserve grows.
    4 Return by Operator {
        /// How much.
        amount: Fen,
    }
    /// Opens an empty wallet.
    5 OpenWallet by Operator {
        /// Its number; the first three digits are the operator's.
        wallet: WalletId,
        /// What it is for.
        kind: WalletKind,
        /// The parent of a sub-wallet.
        parent: Option<WalletId>,
        /// How well the holder is identified.
        grade: Grade,
    }
    /// Lets a key debit a wallet, and brings or renews the key's certificate.
    6 BindKey by Operator {
        /// The wallet.
        wallet: WalletId,
        /// The key, certified by the authentication centre.
        certificate: Signed<Certificate>,
    }
    /// Bank vault → wallet: the holder's deposit becomes digital yuan.
    7 Draw by Operator {
        /// The wallet.
        wallet: WalletId,
        /// How much.
        amount: Fen,
    }
    /// Wallet → bank vault: digital yuan becomes a deposit.
    8 Redeem by Operator {
        /// The wallet.
        wallet: WalletId,
        /// How much.
        amount: Fen,
    }
    /// Stops a wallet from paying, by order of an authority; it still receives.
    9 Freeze by Operator {
        /// The wallet.
        wallet: WalletId,
    }
    /// Lets a frozen wallet pay again.
    10 Unfreeze by Operator {
        /// The wallet.
        wallet: WalletId,
    }
    /// Withdraws a certificate for ever.
    11 Revoke by AuthenticationCentre {
        /// Serial number of the certificate.
        serial: u64,
    }
    /// Sets how much may be issued in all, or how much an operator may have been supplied with.
    12 SetQuota by CentralBank {
        /// The operator's number; 0 is issuance as a whole.
        operator: u16,
        /// The quota; none allows nothing more.
        amount: Option<Fen>,
    }
    /// An operator paid into its reserve account at the central bank.
    13 CreditReserve by CentralBank {
        /// The operator's number.
        operator: u16,
        /// How much.
        amount: Fen,
    }
    /// An operator took money out of its reserve account.
    14 DebitReserve by CentralBank {
        /// The operator's number.
        operator: u16,
        /// How much.
        amount: Fen,
    }
    /// The holder of a wallet paid into the bank account that is linked to it.
    15 CreditDeposit by Operator {
        /// The wallet.
        wallet: WalletId,
        /// How much.
        amount: Fen,
    }
    /// The holder of a wallet took money out of the bank account that is linked to it.
    16 DebitDeposit by Operator {
        /// The wallet.
        wallet: WalletId,
        /// How much.
        amount: Fen,
    }
    /// Sets the limits of a grade from a day on.
    17 SetLimits by CentralBank {
        /// The rule.
        rule: LimitRule,
    }
    /// Sets the interest of a grade from a day on.
    18 SetInterest by CentralBank {
        /// The rule.
        rule: InterestRule,
    }
    /// Pays what a wallet has earned: bank vault → wallet.
    19 PayInterest by Operator {
        /// The wallet.
        wallet: WalletId,
    }
    /// Approves a template of contracts, or changes it.
    20 ApproveTemplate by CentralBank {
        /// The template.
        template: Template,
    }
    /// Withdraws the approval of a template; what was made under it goes on.
    21 WithdrawTemplate by CentralBank {
        /// Its number.
        template: u16,
    }
    /// Opens whose certificate a serial number is. Needs two keys and stays on record.
    22 Disclose by AuthenticationCentre {
        /// Serial number of the certificate.
        serial: u64,
        /// Digest of the order of the court or authority.
        warrant: Digest,
        /// The supervisor's signature over [`Warrant`](crate::terms::Warrant).
        supervisor: Signature,
    }
    /// Limits a sub-wallet (signed for its parent).
    30 LimitWallet by Owner {
        /// The sub-wallet.
        wallet: WalletId,
        /// Its limits.
        spending: Spending,
    }
    /// Pushes a sub-wallet to a platform: its key may debit it and sees nothing else (signed for
    /// the parent).
    31 Push by Owner {
        /// The sub-wallet.
        wallet: WalletId,
        /// The platform's key, certified by the authentication centre.
        certificate: Signed<Certificate>,
    }
    /// Takes a key's right to debit a sub-wallet away (signed for the parent).
    32 Unbind by Owner {
        /// The sub-wallet.
        wallet: WalletId,
        /// The key.
        key: KeyId,
    }
    /// Sub-wallet → parent: everything above what it may keep (signed for the parent).
    33 Sweep by Owner {
        /// The sub-wallet.
        wallet: WalletId,
        /// What stays; none is nothing.
        keep: Option<Fen>,
    }
    /// Pays back what an order paid: a new entry that names it.
    34 Refund by Owner {
        /// Digest of the order.
        order: Digest,
        /// From whom to whom.
        leg: Leg,
    }
    /// Sets money aside for a payee: pending.
    35 Hold by Owner {
        /// Wallet that will pay.
        debit: WalletId,
        /// Wallet that may be paid.
        credit: WalletId,
        /// How much.
        amount: Fen,
        /// The approved template.
        template: u16,
        /// First instant at which it may be posted.
        from: Instant,
        /// First instant at which it expires and returns.
        until: Instant,
    }
    /// Pays out of a hold (signed for the payer or the payee).
    36 Post by Owner {
        /// Digest of the instruction that made it.
        hold: Digest,
        /// How much.
        amount: Fen,
        /// What becomes of the rest.
        rest: Rest,
    }
    /// Gives a hold back before it expires (signed for the payee).
    37 Void by Owner {
        /// Digest of the instruction that made it.
        hold: Digest,
    }
    /// Account → coin strings of these denominations.
    38 Mint by Owner {
        /// The wallet.
        wallet: WalletId,
        /// Denominations.
        amounts: Bounded<Fen, COINS_MAX>,
    }
    /// Gives money that is bound to a purpose: a coin string with terms.
    39 Grant by Owner {
        /// Wallet that gives.
        debit: WalletId,
        /// Wallet that may spend it.
        credit: WalletId,
        /// How much.
        amount: Fen,
        /// The approved template.
        template: u16,
        /// Payees, end, and whether it may be called back.
        terms: CoinTerms,
    }
    /// Pays with coin strings of one wallet and one kind of terms; change comes back as a string.
    40 Spend by Owner {
        /// The strings.
        coins: Bounded<Digest, COINS_MAX>,
        /// Wallet that is paid.
        credit: WalletId,
        /// How much.
        amount: Fen,
    }
    /// Splits a coin string.
    41 Split by Owner {
        /// The string.
        coin: Digest,
        /// Denominations, together the string's.
        amounts: Bounded<Fen, COINS_MAX>,
    }
    /// Merges coin strings of one wallet and one kind of terms.
    42 Merge by Owner {
        /// The strings.
        coins: Bounded<Digest, COINS_MAX>,
    }
    /// Coin strings without terms → account: the strings retire.
    43 Melt by Owner {
        /// The strings.
        coins: Bounded<Digest, COINS_MAX>,
    }
    /// Calls money back that is bound to a purpose (signed for who gave it).
    44 ClawBack by Owner {
        /// The string.
        coin: Digest,
    }
}

impl Command {
    /// The name in tables and documents, such as `open_wallet`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Issue { .. } => "issue",
            Self::Retire { .. } => "retire",
            Self::Supply { .. } => "supply",
            Self::Return { .. } => "return",
            Self::OpenWallet { .. } => "open_wallet",
            Self::BindKey { .. } => "bind_key",
            Self::Draw { .. } => "draw",
            Self::Redeem { .. } => "redeem",
            Self::Freeze { .. } => "freeze",
            Self::Unfreeze { .. } => "unfreeze",
            Self::Revoke { .. } => "revoke",
            Self::SetQuota { .. } => "set_quota",
            Self::CreditReserve { .. } => "credit_reserve",
            Self::DebitReserve { .. } => "debit_reserve",
            Self::CreditDeposit { .. } => "credit_deposit",
            Self::DebitDeposit { .. } => "debit_deposit",
            Self::SetLimits { .. } => "set_limits",
            Self::SetInterest { .. } => "set_interest",
            Self::PayInterest { .. } => "pay_interest",
            Self::ApproveTemplate { .. } => "approve_template",
            Self::WithdrawTemplate { .. } => "withdraw_template",
            Self::Disclose { .. } => "disclose",
            Self::LimitWallet { .. } => "limit_wallet",
            Self::Push { .. } => "push",
            Self::Unbind { .. } => "unbind",
            Self::Sweep { .. } => "sweep",
            Self::Refund { .. } => "refund",
            Self::Hold { .. } => "hold",
            Self::Post { .. } => "post",
            Self::Void { .. } => "void",
            Self::Mint { .. } => "mint",
            Self::Grant { .. } => "grant",
            Self::Spend { .. } => "spend",
            Self::Split { .. } => "split",
            Self::Merge { .. } => "merge",
            Self::Melt { .. } => "melt",
            Self::ClawBack { .. } => "claw_back",
        }
    }

    /// The certificate that it brings, if it binds a key.
    #[must_use]
    pub const fn certificate(&self) -> Option<&Signed<Certificate>> {
        if let Self::BindKey { certificate, .. } | Self::Push { certificate, .. } = self {
            Some(certificate)
        } else {
            None
        }
    }
}

/// Whether a field holds what could be read back.
trait Sound {
    fn is_sound(&self) -> bool {
        true
    }
}

impl Sound for Fen {
    fn is_sound(&self) -> bool {
        *self > Self::ZERO
    }
}

impl<T: Sound> Sound for Option<T> {
    fn is_sound(&self) -> bool {
        self.as_ref().is_none_or(Sound::is_sound)
    }
}

impl<T: Sound, const N: usize> Sound for Bounded<T, N> {
    fn is_sound(&self) -> bool {
        !self.is_empty() && self.iter().all(Sound::is_sound)
    }
}

impl Sound for Leg {
    fn is_sound(&self) -> bool {
        self.amount.is_sound()
    }
}

impl Sound for Spending {
    fn is_sound(&self) -> bool {
        self.single.is_sound() && self.day.is_sound()
    }
}

impl Sound for LimitRule {
    fn is_sound(&self) -> bool {
        let limits = [self.single, self.day, self.year, self.balance];
        limits.iter().all(Sound::is_sound)
    }
}

impl Sound for Recallable {}
impl Sound for CoinTerms {}
impl Sound for Digest {}
impl Sound for Grade {}
impl Sound for Instant {}
impl Sound for InterestRule {}
impl Sound for KeyId {}
impl Sound for Rest {}
impl Sound for Signature {}
impl Sound for Signed<Certificate> {}
impl Sound for Template {}
impl Sound for WalletId {}
impl Sound for WalletKind {}
impl Sound for u16 {}
impl Sound for u64 {}
