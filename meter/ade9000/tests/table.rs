//! The table against the file that it is made from, read in another way.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use ade9000::{Permission, REGISTERS, Width, register};

#[test]
fn every_row_of_the_file_is_in_the_table() {
    let rows = include_str!("../registers.csv").lines().skip(1);
    let mut count = 0;
    for (row, register) in rows.zip(&REGISTERS) {
        let fields: Vec<&str> = row.splitn(6, ',').collect();
        assert_eq!(format!("0x{:03X}", register.address), fields[0]);
        assert_eq!(register.name, fields[1]);
        assert_eq!((register.width.bytes() * 8).to_string(), fields[2]);
        let digits = register.width.bytes() * 2;
        let known = format!("{:01$X}", register.reset_known, digits);
        let reset: String = format!("{:01$X}", register.reset, digits)
            .chars()
            .zip(known.chars())
            .map(|(digit, known)| if known == 'F' { digit } else { 'X' })
            .collect();
        assert_eq!(format!("0x{reset}"), fields[3], "{row}");
        let access = match register.access {
            Permission::Read => "R",
            Permission::ReadWrite => "R/W",
        };
        assert_eq!(access, fields[4]);
        assert_eq!(register.description, fields[5]);
        count += 1;
    }
    assert_eq!(count, 465);
}

/// The data sheet's text: 480 to 4FE are the registers of 16 bits.
#[test]
fn widths_follow_the_blocks() {
    for register in &REGISTERS {
        let is_short = (0x480..=0x4FE).contains(&register.address);
        assert_eq!(register.width == Width::Bits16, is_short, "{}", register.name);
    }
}

/// Four rows are misprinted in the data sheet and easily lost.
#[test]
fn misprinted_rows_are_there() {
    for (address, name) in [
        (0x2EE, "AVAR_ACC_LO"),
        (0x320, "BWATT_ACC_LO"),
        (0x32A, "BVAR_ACC_LO"),
        (0x334, "BVA_ACC_LO"),
    ] {
        assert_eq!(register(address).unwrap().name, name);
    }
    assert_eq!(register(0x4A4), None);
}
