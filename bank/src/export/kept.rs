//! Rows and journals as bytes: what a service keeps beside a snapshot, for a row can't be made again
//! without the state before its batch.

use super::journal::Journal;
use super::row::{Place, Row};
use crate::code::ResultCode;
use quantity::Instant;
use wire::{DecodeError, Reader, Sink, Wire};

/// What kinds of rows there are, in an order that stays.
const KINDS: [&str; 39] = [
    "pay",
    "end",
    "issue",
    "retire",
    "supply",
    "return",
    "open_wallet",
    "bind_key",
    "draw",
    "redeem",
    "freeze",
    "unfreeze",
    "revoke",
    "set_quota",
    "credit_reserve",
    "debit_reserve",
    "credit_deposit",
    "debit_deposit",
    "set_limits",
    "set_interest",
    "pay_interest",
    "approve_template",
    "withdraw_template",
    "disclose",
    "limit_wallet",
    "push",
    "unbind",
    "sweep",
    "refund",
    "hold",
    "post",
    "void",
    "mint",
    "grant",
    "spend",
    "split",
    "merge",
    "melt",
    "claw_back",
];

impl Wire for Place {
    fn write(&self, out: &mut Sink<'_>) {
        match self {
            Self::Outside => 0_u8.write(out),
            Self::Unknown => 1_u8.write(out),
            Self::Wallet(wallet) => {
                2_u8.write(out);
                wallet.write(out);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        Ok(match u8::read(reader)? {
            0 => Self::Outside,
            1 => Self::Unknown,
            2 => Self::Wallet(Wire::read(reader)?),
            _ => return Err(reader.refuse(at, "place of money")),
        })
    }
}

impl Wire for Row {
    fn write(&self, out: &mut Sink<'_>) {
        let kind = KINDS.iter().position(|kind| *kind == self.kind);
        let kind = kind.and_then(|kind| u8::try_from(kind).ok());
        self.batch.write(out);
        self.at.write(out);
        self.order.write(out);
        self.signer.write(out);
        self.sequence.write(out);
        kind.expect("every command is in the table").write(out);
        self.debit.write(out);
        self.credit.write(out);
        self.amount.write(out);
        self.reason.write(out);
        self.result.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            batch: Wire::read(reader)?,
            at: Wire::read(reader)?,
            order: Wire::read(reader)?,
            signer: Wire::read(reader)?,
            sequence: Wire::read(reader)?,
            kind: read_kind(reader)?,
            debit: Wire::read(reader)?,
            credit: Wire::read(reader)?,
            amount: Wire::read(reader)?,
            reason: Wire::read(reader)?,
            result: ResultCode::read(reader)?,
        })
    }
}

fn read_kind(reader: &mut Reader<'_>) -> Result<&'static str, DecodeError> {
    let at = reader.at();
    let kind = KINDS.get(usize::from(u8::read(reader)?));
    kind.copied().ok_or(reader.refuse(at, "kind of row"))
}

impl Journal {
    /// Writes all rows that are kept.
    pub fn write(&self, out: &mut Sink<'_>) {
        let (dropped, dropped_at) = self.dropped();
        dropped.write(out);
        dropped_at.write(out);
        (self.kept().count() as u64).write(out);
        self.kept().for_each(|row| row.write(out));
    }

    /// Reads what [`write`](Self::write) wrote, and keeps at most `rows_max` of it.
    ///
    /// # Errors
    /// [`DecodeError`] for other bytes.
    pub fn read(rows_max: usize, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let (dropped, mut last) = (u64::read(reader)?, Option::<Instant>::read(reader)?);
        let count = u64::read(reader)?;
        let fits = count.checked_add(dropped).is_some_and(|all| all < u64::MAX);
        if !fits || last.is_some() == (dropped == 0) {
            return Err(reader.refuse(at, "rows of a journal"));
        }
        let mut journal = Self::behind(rows_max, dropped, last);
        for _ in 0..count {
            let at = reader.at();
            let row = Row::read(reader)?;
            if last.is_some_and(|last| row.at < last) {
                return Err(reader.refuse(at, "instant of a row"));
            }
            last = Some(row.at);
            journal.push(row);
        }
        Ok(journal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use proptest::prelude::*;
    use quantity::Fen;
    use wire::{Digest, KeyId, WalletId};

    fn row(number: u64) -> Row {
        let place = |serial: u64| match serial % 5 {
            0 => Place::Outside,
            1 => Place::Unknown,
            _ => Place::Wallet(WalletId::new(102, serial).unwrap()),
        };
        let kinds = KINDS.iter().cycle();
        Row {
            batch: number,
            at: Instant::from_unix_milliseconds(i64::try_from(number / 2).unwrap()),
            order: Digest([7; 32]),
            signer: (!number.is_multiple_of(3)).then_some(KeyId([9; 16])),
            sequence: number,
            kind: kinds.copied().nth(usize::try_from(number).unwrap()).unwrap(),
            debit: place(number),
            credit: place(number.wrapping_add(1)),
            amount: Fen::from_fen(12),
            reason: 3,
            result: ResultCode::Accepted,
        }
    }

    fn bytes_of(journal: &Journal) -> Vec<u8> {
        let mut bytes = Vec::new();
        journal.write(&mut |part| bytes.extend_from_slice(part));
        bytes
    }

    fn filled(rows: u64, rows_max: usize) -> Journal {
        let mut journal = Journal::new(rows_max);
        (0..rows).for_each(|number| journal.push(row(number)));
        journal
    }

    /// `OpenWallet` is `open_wallet`.
    fn snake(name: &str) -> String {
        let mut word = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !word.is_empty() {
                word.push('_');
            }
            word.extend(letter.to_lowercase());
        }
        word
    }

    #[test]
    fn every_command_has_its_kind() {
        let words: Vec<String> = Command::NAMES.iter().map(|name| snake(name)).collect();
        for word in &words {
            assert!(KINDS.contains(&word.as_str()), "{word}");
        }
        assert_eq!(KINDS.len(), words.len() + 2, "payments and ends have no command");
    }

    #[test]
    fn a_journal_comes_back_with_what_it_dropped() {
        for (rows, rows_max) in [(0, 5), (3, 5), (5, 5), (100, 50)] {
            let journal = filled(rows, rows_max);
            let bytes = bytes_of(&journal);
            let mut reader = Reader::new(&bytes);
            let again = Journal::read(rows_max, &mut reader).unwrap();
            assert_eq!(reader.finish(), Ok(()));
            assert!(again.kept().eq(journal.kept()), "{rows} rows");
            assert_eq!(bytes_of(&again), bytes);
        }
        let shorter = Journal::read(10, &mut Reader::new(&bytes_of(&filled(100, 50)))).unwrap();
        assert!(shorter.kept().eq(filled(100, 10).kept()));
        assert_eq!(bytes_of(&shorter), bytes_of(&filled(100, 10)));
    }

    proptest! {
        /// Damaged bytes are refused or are another journal; they never panic.
        #[test]
        fn damaged_journals_do_no_harm(place in any::<prop::sample::Index>(), change in 1_u8..) {
            let mut bytes = bytes_of(&filled(40, 30));
            let place = place.index(bytes.len());
            prop_assert!(Journal::read(30, &mut Reader::new(&bytes[..place])).is_err());
            bytes[place] ^= change;
            if let Ok(journal) = Journal::read(30, &mut Reader::new(&bytes)) {
                prop_assert_eq!(bytes_of(&journal), bytes);
            }
        }
    }
}
