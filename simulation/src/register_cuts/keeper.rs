//! How registers are kept: the way of the product, and ways with a bug in them.

use metering::Registers;
use metering_core::RegisterKeeper;
use wire::memory::Memory;

/// A bug in a layout of two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Every commit writes over the only copy.
    SingleCopy,
    /// The first whole copy wins, whichever is newer.
    NoSequence,
    /// A copy is believed without its check.
    CheckSkipped,
    /// Each commit writes both copies, the newer one first.
    WrongOrder,
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::SingleCopy, Self::NoSequence, Self::CheckSkipped, Self::WrongOrder];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SingleCopy => "single copy",
            Self::NoSequence => "no sequence",
            Self::CheckSkipped => "check skipped",
            Self::WrongOrder => "wrong order",
        }
    }
}

/// What a campaign is run against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The product's [`RegisterKeeper`].
    Product,
    /// A plain layout that a bug may be planted into; without one it must pass, so that a finding
    /// is the bug's.
    Plain(Option<Plant>),
}

pub(super) enum Keeper {
    Product(Option<RegisterKeeper>),
    Plain { plant: Option<Plant>, slot: u32, sequence: u32 },
}

const BODY: usize = Registers::BYTES;
/// Sequence and check stand in front of the body.
const COPY: usize = 8 + BODY;

impl Keeper {
    pub(super) const fn new(subject: Subject) -> Self {
        match subject {
            Subject::Product => Self::Product(None),
            Subject::Plain(plant) => Self::Plain { plant, slot: 0, sequence: 1 },
        }
    }

    /// What a start finds.
    pub(super) fn open(&mut self, memory: &impl Memory) -> Result<Option<Registers>, String> {
        match self {
            Self::Product(keeper) => {
                let (found, opened) =
                    RegisterKeeper::open(memory).map_err(|error| error.to_string())?;
                *keeper = Some(opened);
                Ok(found)
            }
            Self::Plain { plant, slot, sequence } => {
                let mut bytes = [0; BODY];
                let newest = newest(*plant, memory, &mut bytes);
                (*slot, *sequence) =
                    newest.map_or((0, 1), |(slot, found)| (1 - slot, found.wrapping_add(1)));
                Ok(newest.and_then(|_| Registers::from_bytes(&bytes)))
            }
        }
    }

    pub(super) fn commit(&mut self, memory: &mut impl Memory, registers: &Registers) {
        match self {
            Self::Product(keeper) => {
                let keeper = keeper.as_mut().expect("a start comes before the first commit");
                keeper.commit(memory, registers);
            }
            Self::Plain { plant, slot, sequence } => {
                let bytes = registers.to_bytes();
                let order: &[u32] = match plant {
                    Some(Plant::SingleCopy) => &[0],
                    Some(Plant::WrongOrder) => &[1 - *slot, *slot],
                    Some(Plant::NoSequence | Plant::CheckSkipped) | None => &[*slot],
                };
                for slot in order {
                    memory.write(place(*slot), &copy(*sequence, &bytes));
                }
                *slot = 1 - *slot;
                *sequence = sequence.wrapping_add(1);
            }
        }
    }
}

fn newest(plant: Option<Plant>, memory: &impl Memory, body: &mut [u8; BODY]) -> Option<(u32, u32)> {
    let mut newest: Option<(u32, u32)> = None;
    for slot in 0..2 {
        let mut stored = [0; COPY];
        memory.read(place(slot), &mut stored);
        let sequence = u32::from_be_bytes([stored[0], stored[1], stored[2], stored[3]]);
        let whole = plant == Some(Plant::CheckSkipped) || stored == copy(sequence, &stored[8..]);
        let newer = match newest {
            Some((_, other)) => plant != Some(Plant::NoSequence) && sequence > other,
            None => true,
        };
        if sequence != 0 && whole && newer {
            body.copy_from_slice(&stored[8..]);
            newest = Some((slot, sequence));
        }
    }
    newest
}

#[allow(clippy::cast_possible_truncation, reason = "a copy is some hundred bytes")]
const fn place(slot: u32) -> u32 {
    slot * COPY as u32
}

fn copy(sequence: u32, body: &[u8]) -> [u8; COPY] {
    // FNV-1a: enough against accidents in a campaign.
    let all = sequence.to_be_bytes();
    let check = all
        .iter()
        .chain(body)
        .fold(0x811c_9dc5_u32, |check, byte| (check ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let mut copy = [0; COPY];
    copy[..4].copy_from_slice(&all);
    copy[4..8].copy_from_slice(&check.to_be_bytes());
    copy[8..].copy_from_slice(body);
    copy
}
