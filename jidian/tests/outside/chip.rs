//! A served chip and a driver's end of its bus.
#![allow(dead_code, reason = "each test target uses a part of it")]

use super::outside::JIDIAN;
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A served chip; ends with the test.
pub(crate) struct Served(Child, String);

impl Served {
    /// Ten times as fast as the wall clock.
    pub(crate) fn new(options: &[&str]) -> Self {
        Self::at("10", options)
    }

    pub(crate) fn at(speed: &str, options: &[&str]) -> Self {
        let mut child = Command::new(JIDIAN)
            .args(["chip", "ade9000", "--listen", "127.0.0.1:0", "--speed", speed])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self(child, address)
    }

    pub(crate) fn connect(&self) -> Chip {
        Chip(TcpStream::connect(&self.1).unwrap())
    }

    /// Ends the chip; what it said on stderr.
    pub(crate) fn end(mut self) -> String {
        self.0.kill().unwrap();
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A driver's end of the bus.
pub(crate) struct Chip(pub(crate) TcpStream);

impl Chip {
    pub(crate) fn exchange(&mut self, mosi: &[u8]) -> Vec<u8> {
        let length = u16::try_from(mosi.len()).unwrap().to_be_bytes();
        self.0.write_all(&[&length[..], mosi].concat()).unwrap();
        let mut miso = vec![0; mosi.len()];
        self.0.read_exact(&mut miso).unwrap();
        miso
    }

    pub(crate) fn read16(&mut self, address: u16) -> u16 {
        let [high, low] = (address << 4 | 8).to_be_bytes();
        let miso = self.exchange(&[high, low, 0, 0]);
        u16::from_be_bytes([miso[2], miso[3]])
    }

    pub(crate) fn read32(&mut self, address: u16) -> u32 {
        let [high, low] = (address << 4 | 8).to_be_bytes();
        let miso = self.exchange(&[high, low, 0, 0, 0, 0]);
        u32::from_be_bytes(miso[2..].try_into().unwrap())
    }

    pub(crate) fn write16(&mut self, address: u16, value: u16) {
        let header = (address << 4).to_be_bytes();
        self.exchange(&[header, value.to_be_bytes()].concat());
    }

    pub(crate) fn write32(&mut self, address: u16, value: u32) {
        let header = (address << 4).to_be_bytes();
        self.exchange(&[&header[..], &value.to_be_bytes()].concat());
    }

    /// Waits until the chip has seen so many energy loads of one second.
    pub(crate) fn seconds(&mut self, count: u32) {
        for _ in 0..count {
            self.write32(0x402, 1);
            while self.read32(0x402) & 1 == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    pub(crate) fn energy(&mut self) -> i64 {
        // Overwritten each second: both words come from one of them unless HI changes between.
        loop {
            let (high, low, again) = (self.read32(0x2E7), self.read32(0x2E6), self.read32(0x2E7));
            if high == again {
                return i64::from(high.cast_signed()) * 8192 + i64::from(low);
            }
        }
    }
}

#[track_caller]
pub(crate) fn near(value: f64, expected: f64, share: f64) {
    assert!((value / expected - 1.0).abs() < share, "{value} against {expected}");
}
