//! Which clause of a source text a line of the bill comes from.

use crate::view::Text;
use contract::Item;
use std::collections::BTreeMap;

/// Where a price is stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    document: String,
    clause: String,
    line: usize,
}

impl Clause {
    /// As people cite it.
    pub(super) fn text(&self) -> Text {
        let Self { document, clause, line } = self;
        Text::new(
            format!("第 {line} 行：{document}，{clause}"),
            format!("line {line}: {document}, {clause}"),
        )
    }
}

/// The clauses of a source text, by item.
pub(super) struct Clauses(BTreeMap<Item, Clause>);

impl Clauses {
    /// Reads the articles of a text that the compiler accepted: `under "document" "clause" {` with
    /// `price ITEM = …` inside, in either language.
    pub(super) fn of(source: &str) -> Self {
        let (mut clauses, mut article) = (BTreeMap::new(), (String::new(), String::new()));
        for (line, number) in source.lines().zip(1..) {
            let code = line.trim_start();
            if code.starts_with('#') {
                continue;
            }
            if code.starts_with("依据") || code.starts_with("under") {
                let mut texts = code.split('"').skip(1).step_by(2).map(str::to_owned);
                article = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
            }
            let words: Vec<&str> = code.split([' ', '\t', '=', ';', '{', '}']).collect();
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            for pair in words.windows(2).filter(|pair| ["价格", "price"].contains(&pair[0])) {
                if let Some(item) = Item::from_word(pair[1]) {
                    let (document, clause) = article.clone();
                    clauses.entry(item).or_insert(Clause { document, clause, line: number });
                }
            }
        }
        Self(clauses)
    }

    /// Where an item's price is stated first.
    pub(super) fn find(&self, item: Item) -> Option<&Clause> {
        self.0.get(&item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_of_a_contract_finds_its_article() {
        let source = include_str!("../../../data/contracts/residential-henan.contract");
        let clauses = Clauses::of(source);
        for item in [Item::Benchmark, Item::Tier, Item::Surcharge, Item::Incentive] {
            let clause = clauses.find(item).unwrap();
            let line = source.lines().nth(clause.line - 1).unwrap();
            assert!(line.contains(item.name_zh()), "{line}");
            assert!(!clause.document.is_empty() && !clause.clause.is_empty());
        }
        assert_eq!(clauses.find(Item::Benchmark).unwrap().document, "河南居民阶梯电价（文号未得）");
        assert_eq!(clauses.find(Item::Incentive).unwrap().clause, "实时激励；限幅为演示");
        assert_eq!(clauses.find(Item::Subsidy), None);
    }
}
