//! Published vectors, and what a frame or a torn record must not do.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crypto::{LinkError, LinkReceiver, LinkSender, Sign, SigningKey, TwoCopy, VerifyingKey, sm3};
use wire::memory::Memory;
use wire::{PublicKey, Signature};

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let bytes: Vec<u8> = (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    bytes.try_into().unwrap()
}

/// GB/T 32905 Annex A.
#[test]
fn sm3_vectors() {
    let cases: [(&[u8], &str); 3] = [
        (b"", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"),
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (
            b"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
        ),
    ];
    for (message, digest) in cases {
        assert_eq!(sm3(message).to_string(), digest);
    }
}

const PUBLIC: &str = "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020\
                      CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13";

/// GB/T 32918.5-2017 Annex A.
#[test]
fn sm2_verifies_the_standard_vector() {
    let key = VerifyingKey::new(&PublicKey(hex(PUBLIC))).unwrap();
    let signature =
        Signature(hex("F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3\
         B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"));
    assert!(key.verify_parts(&[b"message ", b"digest"], &signature));
    for bit in 0..512 {
        let mut altered = signature;
        altered.0[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.verify_parts(&[b"message digest"], &altered), "bit {bit}");
    }
    assert!(!key.verify_parts(&[b"message digesT"], &signature));
}

/// Nonce by RFC 6979 with HMAC-SM3: recomputed independently, no standard vector exists.
#[test]
fn sm2_signs_deterministically() {
    let secret = hex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8");
    let key = SigningKey::from_bytes(&secret).unwrap();
    assert_eq!(key.public_key(), PublicKey(hex(PUBLIC)));
    let expected: [u8; 64] =
        hex("24858EE71D63E687FEEFE41F5AF80A59F0791EB1DABC2BBE71DAF0E57F06C367\
         3D15550DE52785A435004C937256AC715C0E04176AC57062C6722FA692F7A491");
    assert_eq!(key.sign_parts(&[b"message digest"]).0, expected);
}

#[test]
fn invalid_keys_are_refused() {
    assert!(SigningKey::from_bytes(&[0; 32]).is_none());
    assert!(SigningKey::from_bytes(&[0xff; 32]).is_none());
    assert!(VerifyingKey::new(&PublicKey([0; 64])).is_none());
    assert!(VerifyingKey::new(&PublicKey([7; 64])).is_none());
}

#[test]
fn a_frame_opens_once_and_only_unaltered() {
    let key = [7; 32];
    let mut sender = LinkSender::new(&key, 0);
    let mut receiver = LinkReceiver::new(&key, 0);
    let first = sender.seal(b"first");
    let second = sender.seal(b"second");
    assert_eq!(receiver.open(&second).unwrap(), b"second");
    assert_eq!(receiver.open(&second), Err(LinkError::StaleCounter));
    assert_eq!(receiver.open(&first), Err(LinkError::StaleCounter));

    let third = sender.seal(b"third");
    let mut altered = third.clone();
    altered.ciphertext[0] ^= 1;
    assert_eq!(receiver.open(&altered), Err(LinkError::BadTag));
    let mut renumbered = third.clone();
    renumbered.counter += 1;
    assert_eq!(receiver.open(&renumbered), Err(LinkError::BadTag));
    assert_eq!(LinkReceiver::new(&[8; 32], 0).open(&third), Err(LinkError::BadTag));
    assert_eq!(receiver.open(&third).unwrap(), b"third");
}

/// Memory that loses power after `fuel` bytes.
struct Fram {
    bytes: [u8; 256],
    fuel: usize,
}

impl Memory for Fram {
    fn capacity(&self) -> u32 {
        256
    }

    fn read(&self, address: u32, bytes: &mut [u8]) {
        let address = address as usize;
        bytes.copy_from_slice(&self.bytes[address..address + bytes.len()]);
    }

    fn write(&mut self, address: u32, bytes: &[u8]) {
        let written = bytes.len().min(self.fuel);
        let address = address as usize;
        self.bytes[address..address + written].copy_from_slice(&bytes[..written]);
        self.fuel -= written;
    }
}

#[test]
fn a_cut_at_any_byte_leaves_the_old_or_the_new_record() {
    let place = TwoCopy::new(10, 32);
    let mut scratch = [0; 32];
    for stores_before in 0..4_u8 {
        for fuel in 0..=48 {
            let mut fram = Fram { bytes: [0; 256], fuel: usize::MAX };
            for store in 0..stores_before {
                place.store(&mut fram, &[store; 20], &mut scratch);
            }
            fram.fuel = fuel;
            place.store(&mut fram, &[stores_before; 32], &mut scratch);
            let loaded = place.load(&fram, &mut scratch).unwrap();
            match (loaded, stores_before) {
                (Some(32), new) => assert_eq!(scratch, [new; 32]),
                (Some(20), after) => assert_eq!(scratch[..20], [after - 1; 20]),
                (None, 0) => {}
                other => panic!("unexpected record {other:?} with fuel {fuel}"),
            }
            assert_eq!(loaded == Some(32), fuel >= 48, "stored exactly if nothing was cut");
        }
    }
}

#[test]
fn damage_to_both_copies_is_named() {
    let place = TwoCopy::new(0, 8);
    let mut fram = Fram { bytes: [0; 256], fuel: usize::MAX };
    let mut scratch = [0; 8];
    place.store(&mut fram, b"first", &mut scratch);
    place.store(&mut fram, b"second", &mut scratch);
    fram.bytes[17] ^= 1;
    assert_eq!(place.load(&fram, &mut scratch).unwrap(), Some(6));
    fram.bytes[41] ^= 1;
    assert_eq!(place.load(&fram, &mut scratch).unwrap_err().address, 0);
}
