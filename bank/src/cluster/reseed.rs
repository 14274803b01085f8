//! Which log counts when the stream is lost, forked or damaged: the longest chain that a majority of
//! the nodes can stand behind.

use core::fmt;
use std::collections::BTreeMap;
use wire::Digest;

/// Why no log can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// Fewer logs than a majority: what was final could stand in the missing ones.
    TooFew {
        /// Sound logs.
        found: usize,
        /// Logs needed.
        needed: usize,
    },
    /// The logs part at this record, and more than one branch could stand in most logs.
    Forked {
        /// The first record that differs.
        number: u64,
    },
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { found, needed } => {
                write!(f, "{found} sound logs are too few, {needed} are needed")
            }
            Self::Forked { number } => write!(
                f,
                "the logs differ from record {number} on, and the missing log decides which branch \
                 was final; bring it"
            ),
        }
    }
}

impl core::error::Error for Undecided {}

/// What is kept: the first records of one of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Place of the log among those given.
    pub log: usize,
    /// Records of it, the genesis included.
    pub records: usize,
}

/// Chooses among the logs of a cluster of `nodes`, each given by the hashes of its records from the
/// genesis on.
///
/// Whatever most logs hold is in each choice. Where logs part, a branch may have been final if most
/// logs hold it, the missing ones counted in its favour: one such branch is followed, two can't be
/// told apart, and without one nothing from there on was final. What only one log holds was never
/// final; if it is chosen, clients that ask again are told that it exists.
///
/// # Errors
/// [`Undecided`] if something final could be lost.
pub fn choose(logs: &[Vec<Digest>], nodes: usize) -> Result<Choice, Undecided> {
    let needed = nodes.div_euclid(2).saturating_add(1);
    if logs.len() < needed {
        return Err(Undecided::TooFew { found: logs.len(), needed });
    }
    let missing = nodes.saturating_sub(logs.len());
    let mut candidates: Vec<usize> = (0..logs.len()).collect();
    while let Some(fork) = first_fork(logs, &candidates) {
        let branches = branches_at(logs, &candidates, fork);
        let could_be_final = |branch: &&Vec<usize>| branch.len().saturating_add(missing) >= needed;
        let mut possible = branches.iter().filter(could_be_final);
        match (possible.next(), possible.next()) {
            (None, _) => return Ok(Choice { log: branches[0][0], records: fork }),
            (Some(branch), None) => candidates.clone_from(branch),
            (Some(_), Some(_)) => {
                let number = u64::try_from(fork).unwrap_or(u64::MAX);
                return Err(Undecided::Forked { number });
            }
        }
    }
    let longest = candidates.into_iter().max_by_key(|place| logs[*place].len());
    let log = longest.ok_or(Undecided::TooFew { found: 0, needed })?;
    Ok(Choice { log, records: logs[log].len() })
}

/// The first record at which two of the candidates differ.
fn first_fork(logs: &[Vec<Digest>], candidates: &[usize]) -> Option<usize> {
    let longest = candidates.iter().map(|place| logs[*place].len()).max()?;
    (0..longest).find(|number| {
        let mut hashes = candidates.iter().filter_map(|place| logs[*place].get(*number));
        let first = hashes.next();
        hashes.any(|hash| Some(hash) != first)
    })
}

/// The candidates by what they hold at a fork; those that end before it are left out.
fn branches_at(logs: &[Vec<Digest>], candidates: &[usize], fork: usize) -> Vec<Vec<usize>> {
    let mut branches: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
    for place in candidates {
        if let Some(hash) = logs[*place].get(fork) {
            branches.entry(*hash).or_default().push(*place);
        }
    }
    branches.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log as letters: one hash per record.
    fn log(records: &str) -> Vec<Digest> {
        let mut all = String::new();
        let mut hash = |letter| {
            all.push(letter);
            crypto::sm3(all.as_bytes())
        };
        records.chars().map(&mut hash).collect()
    }

    #[test]
    fn the_longest_chain_of_a_majority_is_chosen() {
        let choice = |log, records| Ok(Choice { log, records });
        let table: [(&[&str], Result<Choice, Undecided>); 9] = [
            (&["gab", "gab", "gab"], choice(2, 3)),
            (&["gab", "ga", "g"], choice(0, 3)),
            (&["g", "gabc", "gab"], choice(1, 4)),
            // The third was never final behind the fork, however long it is. Nor is the first, but
            // all that may have been final is in the common beginning.
            (&["gab", "ga", "gaxyz"], choice(0, 2)),
            (&["gab", "ga", "gxyz"], choice(0, 3)),
            (&["gax", "gab", "gab"], choice(2, 3)),
            // Two logs of three: the longer one, since the missing one may hold its end too.
            (&["ga", "gabc"], choice(1, 4)),
            (&["gab", "gax"], Err(Undecided::Forked { number: 2 })),
            (&["gab"], Err(Undecided::TooFew { found: 1, needed: 2 })),
        ];
        for (logs, expected) in table {
            let hashes: Vec<_> = logs.iter().map(|records| log(records)).collect();
            match (choose(&hashes, 3), expected) {
                // Which of several equal logs gives the beginning doesn't matter.
                (Ok(found), Ok(expected)) => {
                    assert_eq!(found.records, expected.records, "{logs:?}");
                    let kept = |choice: Choice| &hashes[choice.log][..choice.records];
                    assert_eq!(kept(found), kept(expected), "{logs:?}");
                }
                (found, expected) => assert_eq!(found, expected, "{logs:?}"),
            }
        }
    }
}
