//! Contracts as people read them: sentences, tables, source and checked signatures.

use crate::pilot::ContractSource;
use crate::view::{ContractView, Mark, SignerView, TableView, Text};
use contract::Language;
use crypto::{Sign, Sm2Verifier, Verify};
use simulation::founding::Keys;
use wire::{Digest, PublicKey, Signature};

/// A contract with what meters call it.
#[derive(Debug)]
pub(super) struct Explained {
    pub(super) digest: Digest,
    pub(super) view: ContractView,
}

impl Explained {
    /// Explains a contract and checks its signatures once.
    pub(super) fn new(source: &ContractSource, keys: &Keys) -> Self {
        let package = &source.package.package;
        let digest = crypto::digest(package);
        let (sentences, tables) = explain(&source.text);
        let signer = |who: Text, key: PublicKey, signature: &Signature| SignerView {
            who,
            key: key.to_string(),
            mark: Mark::of(Sm2Verifier.verify(&key, package, signature)),
        };
        let regulator = keys.regulator.public_key();
        let company = keys.grid_company.public_key();
        let view = ContractView {
            name: source.name.clone(),
            version: u64::from(source.version),
            from: Some(package.active_from),
            until: Some(package.valid_until),
            digest: digest.to_string(),
            signers: vec![
                signer(
                    Text::new("价格主管部门", "price regulator"),
                    regulator,
                    &source.package.regulator,
                ),
                signer(
                    Text::new("电网企业", "grid company"),
                    company,
                    &source.package.grid_company,
                ),
            ],
            sentences,
            tables,
            source: source.text.clone(),
        };
        Self { digest, view }
    }
}

/// What is indented in an explanation belongs to a table or a list.
const INDENT: &str = "  ";

/// Sentences and tables of a source. Both languages have the same lines in the same order.
pub(super) fn explain(source: &str) -> (Vec<Text>, Vec<TableView>) {
    let both = [Language::Chinese, Language::English];
    let [Ok(zh), Ok(en)] = both.map(|language| contract::explain(source, language)) else {
        return (Vec::new(), Vec::new());
    };
    let lines: Vec<(&str, &str)> = zh.lines().zip(en.lines()).collect();
    let (mut sentences, mut tables) = (Vec::new(), Vec::<TableView>::new());
    let mut cited = false;
    for (position, (zh, en)) in lines.iter().copied().enumerate() {
        let next_is_row = lines.get(position + 1).is_some_and(|(_, en)| en.starts_with(INDENT));
        match (en.starts_with(INDENT), next_is_row) {
            (true, _) if cited => sentences.push(citation(zh, en)),
            (true, _) => {
                tables.last_mut().into_iter().for_each(|table| table.rows.push(row(zh, en)))
            }
            (false, true) => {
                cited = en == "Sources";
                if !cited {
                    tables.push(TableView { title: Text::new(zh, en), ..TableView::default() });
                }
            }
            // The second line is name and version, which have fields of their own.
            (false, false) if position == 1 => {}
            (false, false) => sentences.push(Text::new(zh, en)),
        }
    }
    tables.iter_mut().for_each(finish);
    (sentences, tables)
}

fn citation(zh: &str, en: &str) -> Text {
    Text::new(format!("依据：{}", zh.trim()), format!("Source: {}", en.trim()))
}

fn row(zh: &str, en: &str) -> Vec<Text> {
    let cells = |line: &str| -> Vec<String> {
        let parts = line.split(INDENT).map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    cells(zh).into_iter().zip(cells(en)).map(|(zh, en)| Text { zh, en }).collect()
}

/// Gives a table its headings and each row as many cells.
fn finish(table: &mut TableView) {
    let widest = table.rows.iter().map(Vec::len).max().unwrap_or(0);
    let known = headings(&table.title.en);
    let heading = |column: usize| {
        known.get(column).map_or_else(Text::default, |(zh, en)| Text::new(*zh, *en))
    };
    table.head = (0..widest).map(heading).collect();
    for row in &mut table.rows {
        row.resize(widest, Text::default());
    }
}

fn headings(title: &str) -> &'static [(&'static str, &'static str)] {
    let known: [(&str, &'static [(&str, &str)]); 11] = [
        ("Prices", &[("分量", "Component"), ("记入", "Into"), ("价格", "Price"), ("条件", "When")]),
        (
            "Legs",
            &[("分项", "Leg"), ("付款方与收款方", "Payer and payee"), ("用途与期限", "Bound to")],
        ),
        (
            "Quantities",
            &[("量", "Quantity"), ("上限", "Bound"), ("限价", "Price"), ("何时", "When")],
        ),
        ("Special days", &[("日期", "Dates"), ("类型", "Kind")]),
        ("Steps", &[("量", "Quantity"), ("数值", "Value")]),
        ("Events", &[("事件", "Event"), ("缺失或过期", "Without it")]),
        ("Prepaid", &[("预付", "Hold")]),
        ("Calendar", &[("月份", "Months"), ("时刻", "Hours"), ("时段", "Band")]),
        ("Band prices", &[("月份", "Months"), ("时段", "Band"), ("价格", "Price")]),
        ("Tiers", &[("电量", "Energy"), ("价格", "Price")]),
        ("Signals", &[("信号", "Signal"), ("限幅", "Clamp"), ("缺失或过期", "Without it")]),
    ];
    known.iter().find(|(start, _)| title.starts_with(start)).map_or(&[], |(_, head)| head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pilot::builtin::CONTRACTS;

    #[test]
    fn every_contract_reads_alike_in_both_languages() {
        for (name, source) in CONTRACTS {
            let (sentences, tables) = explain(source);
            assert!(sentences.len() >= 5, "{name}: {sentences:?}");
            assert!(tables.len() >= 2, "{name}: {tables:?}");
            for table in &tables {
                assert!(!table.rows.is_empty() && !table.head.is_empty(), "{name}: {table:?}");
                assert!(table.head.iter().all(|cell| !cell.en.is_empty()), "{name}: {table:?}");
                let equal = table.rows.iter().all(|row| row.len() == table.head.len());
                assert!(equal, "{name}: {table:?}");
            }
        }
    }
}
