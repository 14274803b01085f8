//! All routes as data: who may call them, what goes in and out, and what answers.
//!
//! The router, the OpenAPI document and the authorisation tests are made from this one table.

use super::call::Call;
use super::endpoints::{audit, desk, disclosure, issuance, ledger, orders, policy, wallets};
use super::problem::{Problem, Reply};
use super::who::Role;

/// What answers a call.
pub(super) type Handler = fn(&Call<'_>) -> Result<Reply, Problem>;

/// Reads or acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Changes nothing.
    Get,
    /// Changes something, once per idempotency key.
    Post,
}

/// Whether a call carries an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// It changes nothing.
    Never,
    /// The operations are signed and numbered, so they can't happen twice anyhow.
    May,
    /// The institution's desk signs for the caller, so only the key tells a repetition.
    Must,
}

/// What goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// No body.
    Nothing,
    /// A JSON document of this schema.
    Json(&'static str),
    /// A JSON document of this schema, or the same in [`wire`]'s bytes.
    JsonOrBinary(&'static str),
}

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A JSON document of this schema.
    Json(&'static str),
    /// A JSON document of this schema, or the same in [`wire`]'s bytes.
    JsonOrBinary(&'static str),
}

/// One route.
pub struct Route {
    /// Reads or acts.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// Name of the operation in the OpenAPI document.
    pub id: &'static str,
    /// One line for a reader of that document.
    pub summary: &'static str,
    /// Who may call it at all.
    pub roles: &'static [Role],
    /// Names of the query's parameters.
    pub query: &'static [&'static str],
    /// What goes in.
    pub input: Input,
    /// What comes out.
    pub output: Output,
    /// Whether it carries an idempotency key.
    pub key: KeyRule,
    pub(super) handler: Handler,
}

use Role::{Analyst, Auditor, AuthenticationCentre, CentralBank, Holder, Operator, Supervisor};

const ALL: &[Role] = &Role::ALL;
const PERIOD: &[&str] = &["from", "to"];
const PAGE: &[&str] = &["after", "limit"];

const fn read(
    path: &'static str,
    id: &'static str,
    roles: &'static [Role],
    schema: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method: Method::Get,
        path,
        id,
        summary: "",
        roles,
        query: &[],
        input: Input::Nothing,
        output: Output::Json(schema),
        key: KeyRule::Never,
        handler,
    }
}

/// An errand at an institution's desk.
const fn errand(
    path: &'static str,
    id: &'static str,
    roles: &'static [Role],
    input: Input,
    handler: Handler,
) -> Route {
    let route = read(path, id, roles, "Done", handler);
    Route { method: Method::Post, input, key: KeyRule::Must, ..route }
}

impl Route {
    const fn saying(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    const fn with_query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    /// Nothing in the ledger changes, so a repetition needs no key.
    const fn without_key(self, schema: &'static str) -> Self {
        Self { output: Output::Json(schema), key: KeyRule::Never, ..self }
    }

    const fn or_binary(self, schema: &'static str) -> Self {
        Self { output: Output::JsonOrBinary(schema), ..self }
    }
}

const AMOUNT: Input = Input::Json("Amount");
const OF_OPERATOR: Input = Input::Json("OperatorAmount");

/// Every route of the service.
pub static ROUTES: &[Route] = &[
    read("/openapi.json", "openapi", ALL, "OpenApi", ledger::openapi).saying("This document."),
    read("/v1/health", "health", ALL, "Health", ledger::health)
        .saying("Whether the ledger takes orders, and whether all money is accounted for."),
    read("/v1/genesis", "genesis", ALL, "Genesis", ledger::genesis)
        .saying("The bank's founding record with the institutions' certificates."),
    read("/v1/root", "root", ALL, "Root", ledger::root)
        .saying("The last root that the registration centre signed."),
    read("/v1/keys/{key}", "key", &[Operator, Holder, Auditor], "Key", wallets::key)
        .saying("Where the chain of a key's orders stands, and what it may debit."),
    read("/v1/wallets", "wallets", &[Operator, Auditor], "Wallets", wallets::list)
        .saying("Wallets by rising number: an operator's own, or all for an auditor.")
        .with_query(PAGE),
    errand("/v1/wallets", "openWallet", &[Operator], Input::Json("OpenWallet"), desk::open)
        .saying("Opens an empty wallet."),
    read(
        "/v1/wallets/{wallet}",
        "wallet",
        &[CentralBank, Operator, Holder, Auditor],
        "Wallet",
        wallets::wallet,
    )
    .saying("Balance, kind, grade and state of a wallet."),
    read(
        "/v1/wallets/{wallet}/statement",
        "statement",
        &[CentralBank, Operator, Holder, Auditor],
        "Statement",
        wallets::statement,
    )
    .saying("Opening balance, each movement, closing balance.")
    .with_query(PERIOD),
    errand("/v1/wallets/{wallet}/keys", "bindKey", &[Operator], Input::Json("BindKey"), desk::bind)
        .saying("Certifies a key for a holder and lets it debit the wallet."),
    errand("/v1/wallets/{wallet}/draw", "draw", &[Operator], AMOUNT, desk::draw)
        .saying("Bank vault to wallet: a deposit becomes digital yuan."),
    errand("/v1/wallets/{wallet}/redeem", "redeem", &[Operator], AMOUNT, desk::redeem)
        .saying("Wallet to bank vault: digital yuan becomes a deposit."),
    errand("/v1/wallets/{wallet}/deposit", "payIn", &[Operator], AMOUNT, desk::pay_in)
        .saying("The holder paid into the bank account that is linked to the wallet."),
    errand("/v1/wallets/{wallet}/deposit/debit", "takeOut", &[Operator], AMOUNT, desk::take_out)
        .saying("The holder took money out of the bank account that is linked to the wallet."),
    read(
        "/v1/wallets/{wallet}/interest",
        "interestOfWallet",
        &[Operator, Holder, Auditor],
        "Interest",
        policy::interest_of,
    )
    .saying(
        "What a wallet has earned up to the end of yesterday, and at which rate it earns today.",
    ),
    errand(
        "/v1/wallets/{wallet}/interest",
        "payInterest",
        &[Operator],
        Input::Nothing,
        desk::pay_interest,
    )
    .saying("Bank vault to wallet: pays the interest that it has earned."),
    errand("/v1/wallets/{wallet}/freeze", "freeze", &[Operator], Input::Nothing, desk::freeze)
        .saying("Stops a wallet from paying; it still receives."),
    errand(
        "/v1/wallets/{wallet}/unfreeze",
        "unfreeze",
        &[Operator],
        Input::Nothing,
        desk::unfreeze,
    )
    .saying("Lets a frozen wallet pay again."),
    errand("/v1/keys/{key}/revoke", "revokeKey", &[Operator], Input::Nothing, desk::revoke)
        .saying("Withdraws the certificate of a customer's key for ever."),
    errand("/v1/vault/return", "returnMoney", &[Operator], AMOUNT, desk::give_back)
        .saying("Bank vault to issuance vault."),
    ORDERS,
    read(
        "/v1/orders/{digest}/receipt",
        "receipt",
        &[CentralBank, Operator, Holder, Auditor],
        "Receipt",
        orders::receipt,
    )
    .saying("The proof that an order is final, while the ledger keeps it in memory.")
    .or_binary("Receipt"),
    read("/v1/issuance", "issuance", &[CentralBank, Auditor], "Issuance", issuance::state)
        .saying("Issued money, quotas, reserves and the vaults."),
    errand("/v1/issuance/issue", "issue", &[CentralBank], AMOUNT, issuance::issue)
        .saying("Creates money in the issuance vault."),
    errand("/v1/issuance/retire", "retire", &[CentralBank], AMOUNT, issuance::retire)
        .saying("Destroys money of the issuance vault."),
    errand("/v1/issuance/supply", "supply", &[CentralBank], OF_OPERATOR, issuance::supply)
        .saying("Issuance vault to an operator's bank vault, out of its reserve."),
    errand(
        "/v1/issuance/quota",
        "setQuota",
        &[CentralBank],
        Input::Json("Quota"),
        issuance::set_quota,
    )
    .saying("Sets how much may be issued in all, or be supplied to an operator."),
    errand(
        "/v1/issuance/reserve",
        "creditReserve",
        &[CentralBank],
        OF_OPERATOR,
        issuance::credit_reserve,
    )
    .saying("An operator paid into its reserve account."),
    errand(
        "/v1/issuance/reserve/debit",
        "debitReserve",
        &[CentralBank],
        OF_OPERATOR,
        issuance::debit_reserve,
    )
    .saying("An operator took money out of its reserve account."),
    read("/v1/limits", "limits", ALL, "LimitRules", policy::limits)
        .saying("Limits by holders and grade, with the day from which each rule holds."),
    errand("/v1/limits", "setLimits", &[CentralBank], Input::Json("LimitRule"), policy::set_limits)
        .saying("Sets the limits of a grade from a day on that is ahead."),
    read("/v1/interest", "interest", ALL, "InterestRules", policy::interest)
        .saying("Interest by holders and grade, with the day from which each rule holds."),
    errand(
        "/v1/interest",
        "setInterest",
        &[CentralBank],
        Input::Json("InterestRule"),
        policy::set_interest,
    )
    .saying("Sets the interest of a grade from a day on that is ahead."),
    read("/v1/templates", "templates", ALL, "Templates", policy::templates)
        .saying("Templates of contracts that the central bank has approved."),
    errand(
        "/v1/templates",
        "approveTemplate",
        &[CentralBank],
        Input::Json("Template"),
        policy::approve,
    )
    .saying("Approves a template of contracts, or changes it."),
    errand(
        "/v1/templates/{template}/withdraw",
        "withdrawTemplate",
        &[CentralBank],
        Input::Nothing,
        policy::withdraw,
    )
    .saying("Withdraws the approval of a template; what was made under it goes on."),
    errand(
        "/v1/warrants",
        "signWarrant",
        &[Supervisor],
        Input::Json("Warrant"),
        disclosure::sign_warrant,
    )
    .saying("Has the sandbox's supervisor sign that a certificate may be opened.")
    .without_key("SignedWarrant"),
    read(
        "/v1/disclosures",
        "disclosures",
        &[AuthenticationCentre, Supervisor, Auditor],
        "Disclosures",
        disclosure::list,
    )
    .saying("Which certificates were opened, when and by which warrant; no names."),
    errand(
        "/v1/disclosures",
        "disclose",
        &[AuthenticationCentre],
        Input::Json("SignedWarrant"),
        disclosure::disclose,
    )
    .saying("Opens whose a certificate is. Needs the supervisor's signature and stays on record."),
    read(
        "/v1/disclosures/{order}",
        "disclosure",
        &[AuthenticationCentre],
        "Disclosed",
        disclosure::one,
    )
    .saying("Whose a certificate is that was opened by this order."),
    read("/v1/analysis", "analysis", &[CentralBank, Analyst, Auditor], "Analysis", audit::analysis)
        .saying(
            "Sums by day and hour, and alarms under pseudonyms; never a key, a name or a wallet.",
        )
        .with_query(&["limit"]),
    read(
        "/v1/statistics",
        "statistics",
        &[CentralBank, Analyst, Auditor],
        "Statistics",
        audit::statistics,
    )
    .saying("Sums over all wallets and payments; never a key, never a wallet."),
    read("/v1/journal/{day}", "journal", &[Auditor], "Journal", audit::journal)
        .saying("Every movement of a legal day (UTC+8), refused ones included.")
        .with_query(PAGE),
];

const ORDERS: Route = Route {
    method: Method::Post,
    path: "/v1/orders",
    id: "submitOrders",
    summary: "Hands in signed operations; answers with result codes and receipts.",
    roles: &[CentralBank, Operator, Holder],
    query: &[],
    input: Input::JsonOrBinary("Orders"),
    output: Output::JsonOrBinary("OrderResults"),
    key: KeyRule::May,
    handler: orders::submit,
};
