//! From the readable source to byte code: this side allocates and never runs on the chip.

mod campaign;
mod check;
mod compile;
mod diagnostic;
mod encode;
mod examples;
mod explain;
mod format;
mod keywords;
mod lexer;
mod messages;
mod near;
mod parser;
mod pieces;
mod reference;
mod tree;
mod words;

pub use campaign::{Campaign, Case};
pub use diagnostic::{Diagnostic, Language, render, render_all};
pub use explain::{explain, explain_program, explain_settlement};
pub use format::format;

use alloc::string::String;
use alloc::vec::Vec;

use crate::{
    Carries, CustomerClass, Direction, Facts, LoadError, LoadFault, Program, SettleError,
    Settlement,
};
use tree::Contract;

/// A source that obeys all rules and whose worked examples come out.
#[derive(Clone, Debug)]
pub struct Checked {
    contract: Contract,
    bytecode: Vec<u8>,
}

/// A contract ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The canonical bytes; the same source always gives the same ones.
    pub bytecode: Vec<u8>,
    /// Name within which the version rises.
    pub name: String,
    /// Version.
    pub version: u32,
    /// Chinese title for people.
    pub title_zh: String,
    /// English title for people.
    pub title_en: String,
    /// The meters that it is for.
    pub class: CustomerClass,
    /// The register that it settles.
    pub direction: Direction,
    /// Name of the contract that holds when this one expires, if it says so.
    pub expiry: Option<String>,
    /// The documents that the rules cite, in the order of the source.
    pub articles: Vec<Article>,
}

/// A clause that stands above rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// The document, such as the number of a notice.
    pub document: String,
    /// The clause in it, and how far the value is confirmed.
    pub clause: String,
}

impl Built {
    /// Loads the own bytes again, as a meter would.
    ///
    /// # Errors
    /// Never for what [`build`] returned; the signature is honest about bytes changed since.
    pub fn program(&self) -> Result<Program<'_>, LoadError> {
        Program::load(&self.bytecode)
    }
}

impl Checked {
    /// Settles straight from the tree: slow, obvious, independent of the byte code. The oracle.
    ///
    /// # Errors
    /// The same codes as [`Program::settle`].
    pub fn evaluate(
        &self,
        facts: &Facts<'_>,
        carries: &mut Carries,
    ) -> Result<Settlement, SettleError> {
        reference::settle(&self.contract, facts, carries)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn bytecode(&self) -> &[u8] {
        &self.bytecode
    }

    /// The contract in the form that is signed.
    #[must_use]
    pub fn into_built(self) -> Built {
        let contract = self.contract;
        let articles = contract
            .articles
            .into_iter()
            .map(|article| Article { document: article.document, clause: article.clause });
        Built {
            bytecode: self.bytecode,
            name: contract.name,
            version: contract.version,
            title_zh: contract.title_zh,
            title_en: contract.title_en,
            class: contract.class,
            direction: contract.direction,
            expiry: contract.expiry.map(|name| name.text),
            articles: articles.collect(),
        }
    }
}

/// Parses a source, checks every rule and runs the worked examples on the byte code.
///
/// # Errors
/// Everything that is wrong, in the order of the source; after a slip of grammar only that one.
pub fn check(source: &str) -> Result<Checked, Vec<Diagnostic>> {
    let fail = |faults: Vec<messages::Fault>| diagnostic::place(source, faults);
    let contract = parser::parse(source).map_err(|fault| fail(alloc::vec![fault]))?;
    let faults = check::check(&contract);
    if !faults.is_empty() {
        return Err(fail(faults));
    }
    let bytecode = compile::compile(&contract).map_err(|fault| fail(alloc::vec![fault]))?;
    let loaded = Program::load(&bytecode);
    let opened = match loaded {
        // An example that doesn't come out is explained below, with its place.
        Err(error) if matches!(error.fault, LoadFault::Example(_)) => Program::reopen(&bytecode),
        _ => loaded,
    };
    let program = opened.map_err(|error| fail(alloc::vec![check::refused(&contract, error)]))?;
    let faults = examples::run(&contract, &program);
    if !faults.is_empty() {
        return Err(fail(faults));
    }
    loaded.map_err(|error| fail(alloc::vec![check::refused(&contract, error)]))?;
    Ok(Checked { contract, bytecode })
}

/// [`check`], then the contract in the form that is signed. Deterministic.
///
/// # Errors
/// As [`check`].
pub fn build(source: &str) -> Result<Built, Vec<Diagnostic>> {
    check(source).map(Checked::into_built)
}
