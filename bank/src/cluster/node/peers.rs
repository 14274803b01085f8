//! What is known of the other nodes, and what follows from it.

use super::recent::Recent;
use crate::cluster::envelope::NodeName;
use crate::cluster::notice::{Address, Duty, Notice};
use quantity::Instant;
use std::collections::BTreeMap;
use wire::Digest;

/// The other nodes of the cluster.
#[derive(Clone, Debug)]
pub struct Peers(BTreeMap<NodeName, Peer>);

/// Another node.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    heard_at: Option<Instant>,
    notice: Option<Notice>,
    /// The last record that it is known to hold as we do.
    agreed: u64,
    /// A record that it holds otherwise.
    contradicts: Option<u64>,
}

impl Peers {
    pub(super) fn new(names: impl IntoIterator<Item = NodeName>) -> Self {
        Self(names.into_iter().map(|name| (name, Peer::default())).collect())
    }

    /// All of them by name.
    pub fn iter(&self) -> impl Iterator<Item = (NodeName, &Peer)> {
        self.0.iter().map(|(name, peer)| (*name, peer))
    }

    /// Takes a notice; one of a stranger is ignored.
    pub(super) fn hear(&mut self, now: Instant, notice: Notice) {
        let Some(peer) = self.0.get_mut(&notice.from) else { return };
        peer.heard_at = Some(now);
        let is_news = |known: &Notice| (notice.epoch, notice.number) >= (known.epoch, known.number);
        if peer.notice.as_ref().is_none_or(is_news) {
            peer.notice = Some(notice);
        }
    }

    /// Holds the last notices against one's own log and state.
    pub(super) fn compare(&mut self, recent: &Recent, state: Option<(u64, Digest)>) {
        for peer in self.0.values_mut() {
            let Some(notice) = &peer.notice else { continue };
            match recent.hash(notice.number) {
                Some(hash) if hash == notice.hash => peer.agreed = peer.agreed.max(notice.number),
                Some(_) => peer.contradicts = Some(notice.number),
                None => {}
            }
            if let (Some((mine, digest)), Some((number, other))) = (state, notice.state)
                && mine == number
                && digest != other
            {
                peer.contradicts = Some(number);
            }
        }
    }

    /// How many nodes are a majority, this one included.
    fn majority(&self) -> usize {
        let nodes = self.0.len().saturating_add(1);
        nodes.div_euclid(2).saturating_add(1)
    }

    /// A record at which so many differ that no majority can agree.
    pub(super) fn contradiction(&self) -> Option<u64> {
        let differing = self.0.values().filter(|peer| peer.contradicts.is_some()).count();
        let nodes = self.0.len().saturating_add(1);
        let lost = nodes.saturating_sub(differing) < self.majority();
        let number = self.0.values().filter_map(|peer| peer.contradicts).min();
        number.filter(|_| lost)
    }

    /// The last record that most nodes hold, this one having stored up to `stored`.
    pub(super) fn held_by_majority(&self, stored: u64) -> u64 {
        let fine = self.0.values().filter(|peer| peer.contradicts.is_none());
        let mut held: Vec<u64> = fine.map(|peer| peer.agreed).collect();
        held.sort_unstable_by(|one, other| other.cmp(one));
        match self.majority().checked_sub(2) {
            None => stored,
            Some(place) => stored.min(held.get(place).copied().unwrap_or(0)),
        }
    }

    pub(super) fn highest_epoch(&self) -> u64 {
        self.0.values().filter_map(|peer| peer.notice.as_ref()).map(|n| n.epoch).max().unwrap_or(0)
    }

    /// The longest log that was told of.
    pub(super) fn highest_number(&self) -> u64 {
        let notices = self.0.values().filter_map(|peer| peer.notice.as_ref());
        notices.map(|notice| notice.number).max().unwrap_or(0)
    }

    /// Who says that it writes in this epoch or a later one.
    pub(super) fn writer(&self, epoch: u64) -> Option<(NodeName, Address)> {
        let notices = self.0.values().filter_map(|peer| peer.notice.as_ref());
        let writers = notices.filter(|n| n.duty == Duty::Writes && n.epoch >= epoch);
        writers.max_by_key(|n| n.epoch).map(|n| (n.from, n.address.clone()))
    }
}

impl Peer {
    /// When it was heard last.
    #[must_use]
    pub const fn heard_at(&self) -> Option<Instant> {
        self.heard_at
    }

    /// The last that it told.
    #[must_use]
    pub const fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// The last record that it is known to hold as this node does.
    #[must_use]
    pub const fn agreed(&self) -> u64 {
        self.agreed
    }

    /// A record that it holds otherwise.
    #[must_use]
    pub const fn contradicts(&self) -> Option<u64> {
        self.contradicts
    }
}
