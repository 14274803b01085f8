//! Contracts written by machine: rates of other systems become sources that people read and check.
//!
//! Today one form is read: a rate of the OpenEI Utility Rate Database (URDB), JSON of versions 7
//! and 8. Numbers are taken as decimal text and never as floating point. What a rate says and a
//! contract can't say is listed with its place and the reason; nothing is left out in silence.

mod decimal;
mod demand;
mod json;
mod months;
mod rate;
mod source;

pub use decimal::{Decimal, Rounding};

use contract::CustomerClass;
use core::fmt;

/// How a rate is to be carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Class of the contract; `None` takes the rate's sector.
    pub class: Option<CustomerClass>,
    /// Name of the contract; `None` makes one of the rate's name.
    pub name: Option<String>,
    /// Label of the rate, where a file holds several.
    pub label: Option<String>,
    /// Yuan for a dollar; `None` takes the numbers as yuan.
    pub yuan_per_dollar: Option<Decimal>,
    /// What happens to a price finer than a micro-yuan.
    pub rounding: Rounding,
    /// Years, ascending, whose rest days the contract lists where weekends have hours of their own.
    /// The first is that of the worked examples.
    pub years: Vec<i32>,
}

/// Something about the rate that people must know: where, and what, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// JSON path, such as `energyratestructure[0][1].sell`.
    pub path: String,
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

/// A rate as the source of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The source; it is checked by whoever uses it.
    pub source: String,
    /// What the contract doesn't carry.
    pub left_out: Vec<Remark>,
    /// What was taken for granted.
    pub notes: Vec<Remark>,
}

/// Why a text can't be imported: where, and what, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError(pub Remark);

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.path, self.0.en)
    }
}

impl core::error::Error for ImportError {}

impl Remark {
    pub(crate) fn new(
        path: impl Into<String>,
        en: impl Into<String>,
        zh: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), en: en.into(), zh: zh.into() }
    }
}

fn refuse<T>(
    path: impl Into<String>,
    en: impl Into<String>,
    zh: impl Into<String>,
) -> Result<T, ImportError> {
    Err(ImportError(Remark::new(path, en, zh)))
}

/// Turns a URDB rate into the source of a contract.
///
/// # Errors
/// The first place where the text isn't a rate, or can't be a contract at all.
pub fn import(text: &str, options: &Options) -> Result<Imported, ImportError> {
    let json = json::parse(text)?;
    let mut rate = rate::Rate::read(&json, options)?;
    let months = months::Months::new(&mut rate, options)?;
    let demand = demand::Demand::read(&mut rate, options)?;
    Ok(source::write(rate, &months, &demand, options))
}
