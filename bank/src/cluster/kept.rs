//! What a node keeps beside a snapshot of its state: the last ends of its chain, which it compares
//! with those of other nodes.
//!
//! ```text
//! kept = tag ‖ count (8) ‖ count × (number ‖ epoch ‖ writer ‖ hash)
//! ```

use super::chain::Tip;
use wire::{DecodeError, Reader, Sink, Wire};

const TAG: &[u8] = b"JIDIAN-NODE-1";

/// The ends behind some consecutive records, the last of which is that before the snapshot's place.
#[must_use]
pub fn to_bytes<'t>(tips: impl ExactSizeIterator<Item = &'t Tip>) -> Vec<u8> {
    let mut bytes = TAG.to_vec();
    let out: &mut Sink<'_> = &mut |part: &[u8]| bytes.extend_from_slice(part);
    (tips.len() as u64).write(out);
    for Tip { number, epoch, writer, hash } in tips {
        number.write(out);
        epoch.write(out);
        writer.write(out);
        hash.write(out);
    }
    bytes
}

/// Reads what [`to_bytes`] wrote.
///
/// # Errors
/// [`DecodeError`] for other bytes, for none, and for ends that aren't consecutive.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<Tip>, DecodeError> {
    let mut reader = Reader::new(bytes);
    if reader.take(TAG.len())? != TAG {
        return Err(reader.refuse(0, "kind of memory"));
    }
    let mut tips: Vec<Tip> = Vec::new();
    for _ in 0..u64::read(&mut reader)? {
        let at = reader.at();
        let tip = read_tip(&mut reader)?;
        if tips.last().is_some_and(|last| last.number.checked_add(1) != Some(tip.number)) {
            return Err(reader.refuse(at, "number of a record"));
        }
        tips.push(tip);
    }
    reader.finish()?;
    if tips.is_empty() { Err(reader.refuse(TAG.len(), "number of ends")) } else { Ok(tips) }
}

fn read_tip(reader: &mut Reader<'_>) -> Result<Tip, DecodeError> {
    Ok(Tip {
        number: Wire::read(reader)?,
        epoch: Wire::read(reader)?,
        writer: Wire::read(reader)?,
        hash: Wire::read(reader)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tips(count: u64) -> Vec<Tip> {
        let writer = "n1".parse().expect("a name");
        let tip = |number: u64| {
            let hash = crypto::sm3(&number.to_be_bytes());
            Tip { number, epoch: number / 5, writer, hash }
        };
        (7..).map(tip).take(usize::try_from(count).expect("64 bits")).collect()
    }

    #[test]
    fn ends_come_back_and_none_are_refused() {
        for count in [1, 2, 30] {
            assert_eq!(from_bytes(&to_bytes(tips(count).iter())), Ok(tips(count)));
        }
        assert!(from_bytes(&to_bytes([].iter())).is_err());
        let mut gap = tips(3);
        gap.remove(1);
        assert!(from_bytes(&to_bytes(gap.iter())).is_err());
    }

    proptest! {
        #[test]
        fn damaged_bytes_do_no_harm(place in any::<prop::sample::Index>(), change in 1_u8..) {
            let mut bytes = to_bytes(tips(20).iter());
            let place = place.index(bytes.len());
            prop_assert!(from_bytes(&bytes[..place]).is_err());
            bytes[place] ^= change;
            if let Ok(other) = from_bytes(&bytes) {
                prop_assert_eq!(to_bytes(other.iter()), bytes);
            }
        }
    }
}
