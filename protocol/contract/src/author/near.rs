//! What an author may have meant by a word that isn't known.

use alloc::vec::Vec;

/// The known word that is nearest to a mistyped one. A short word has too many neighbours.
pub(super) fn nearest<'w>(
    written: &str,
    known: impl IntoIterator<Item = &'w str>,
) -> Option<&'w str> {
    let length = written.chars().count();
    let most = if length < 4 { 0 } else { length.min(8).saturating_div(4) };
    let written = written.to_lowercase();
    let found = known.into_iter().map(|word| (distance(&written, &word.to_lowercase()), word));
    found.filter(|(away, _)| *away <= most).min_by_key(|(away, _)| *away).map(|(_, word)| word)
}

/// How many characters are put in, left out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, left) in one.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(index.saturating_add(1));
        for (right, pair) in other.iter().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let before = next.last().copied().unwrap_or_default();
            let changed = diagonal.saturating_add(usize::from(left != *right));
            next.push(changed.min(above.saturating_add(1)).min(before.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_found_and_another_word_is_not() {
        let known = ["calendar", "windows", "valley", "flat"];
        for (written, meant) in [
            ("calender", Some("calendar")),
            ("Calendar", Some("calendar")),
            ("vally", Some("valley")),
            ("window", Some("windows")),
            ("night", None),
            ("fla", None),
            ("谷", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }
}
