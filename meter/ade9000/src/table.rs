//! The 465 documented registers.

/// How many bits are transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Two bytes behind the header.
    Bits16,
    /// Four bytes behind the header.
    Bits32,
}

impl Width {
    /// Bytes on the bus.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Bits16 => 2,
            Self::Bits32 => 4,
        }
    }
}

/// What a master may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Read only.
    Read,
    /// Read and write.
    ReadWrite,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Where, 12 bits.
    pub address: u16,
    /// Its name in the data sheet.
    pub name: &'static str,
    /// Its width.
    pub width: Width,
    /// Its value after a reset; digits that differ from chip to chip are zero here.
    pub reset: u32,
    /// Which bits of `reset` are the same on every chip.
    pub reset_known: u32,
    /// Who may change it.
    pub access: Permission,
    /// What it holds.
    pub description: &'static str,
}

const CSV: &str = include_str!("../registers.csv");
const COUNT: usize = 465;

/// Every documented register, by ascending address.
pub static REGISTERS: [Register; COUNT] = parse();

/// The register at an address, if the data sheet documents one there.
#[must_use]
pub fn register(address: u16) -> Option<&'static Register> {
    let place = REGISTERS.binary_search_by_key(&address, |register| register.address);
    place.ok().map(|place| &REGISTERS[place])
}

const fn parse() -> [Register; COUNT] {
    let empty = Register {
        address: 0,
        name: "",
        width: Width::Bits32,
        reset: 0,
        reset_known: 0,
        access: Permission::Read,
        description: "",
    };
    let mut registers = [empty; COUNT];
    let (_, mut rest) = cut(CSV, b'\n');
    let mut count = 0;
    while !rest.is_empty() {
        let (line, behind) = cut(rest, b'\n');
        registers[count] = row(line);
        assert!(
            count == 0 || registers[count - 1].address < registers[count].address,
            "registers.csv isn't sorted by address"
        );
        count += 1;
        rest = behind;
    }
    assert!(count == COUNT, "registers.csv has lost rows");
    registers
}

const fn row(line: &'static str) -> Register {
    let (address, rest) = cut(line, b',');
    let (name, rest) = cut(rest, b',');
    let (width, rest) = cut(rest, b',');
    let (reset, rest) = cut(rest, b',');
    let (access, description) = cut(rest, b',');
    let (address, address_known) = hexadecimal(address);
    let (reset, reset_known) = hexadecimal(reset);
    assert!(address < 0x800 && address_known & 0xFFF == 0xFFF, "an address isn't one");
    Register {
        #[allow(clippy::cast_possible_truncation, reason = "below 0x800")]
        address: address as u16,
        name,
        width: match width.as_bytes() {
            b"16" => Width::Bits16,
            b"32" => Width::Bits32,
            _ => panic!("a width is neither 16 nor 32"),
        },
        reset,
        reset_known,
        access: match access.as_bytes() {
            b"R" => Permission::Read,
            b"R/W" => Permission::ReadWrite,
            _ => panic!("an access is neither R nor R/W"),
        },
        description,
    }
}

/// What stands before and behind the first `mark`.
const fn cut(text: &'static str, mark: u8) -> (&'static str, &'static str) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != mark {
        at += 1;
    }
    let (before, rest) = text.split_at(at);
    let skipped = if rest.is_empty() { 0 } else { 1 };
    (before, rest.split_at(skipped).1)
}

/// A number behind `0x`, and which of its bits are known: `X` is a digit that isn't.
const fn hexadecimal(text: &str) -> (u32, u32) {
    let bytes = text.as_bytes();
    assert!(bytes.len() > 2 && bytes[0] == b'0' && bytes[1] == b'x', "a number isn't hexadecimal");
    let (mut value, mut known) = (0, 0);
    let mut at = 2;
    while at < bytes.len() {
        let (digit, is_known) = match bytes[at] {
            mark @ b'0'..=b'9' => (mark - b'0', 0xF),
            mark @ b'A'..=b'F' => (mark - b'A' + 10, 0xF),
            b'X' => (0, 0),
            _ => panic!("a digit isn't hexadecimal"),
        };
        value = value << 4 | digit as u32;
        known = known << 4 | is_known;
        at += 1;
    }
    (value, known)
}

/// Whether two names are the same, while compiling.
pub(crate) const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Where a register is, for use in constants: a wrong name doesn't compile.
///
/// # Panics
/// If there is no such register.
#[must_use]
pub const fn address_of(name: &str) -> u16 {
    find(name).address
}

/// Finds a register while compiling.
pub(crate) const fn find(name: &str) -> Register {
    let registers = &const { parse() };
    let mut at = 0;
    while at < COUNT {
        if same(registers[at].name, name) {
            return registers[at];
        }
        at += 1;
    }
    panic!("no register has this name")
}
