//! Keys, values and the requests that store them: the same ones in every run.

use std::io::Write;

/// The bytes of one key and its value: what a server that adds nothing would need.
pub(crate) const RAW_BYTES: u64 = 16 + 32;
/// How many keys or elements one request of many takes.
pub(crate) const BATCH: usize = 100;

/// When a key ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expiry {
    Never,
    /// After so many milliseconds, and up to a second more, by the key's number.
    In(u64),
    /// At this time, in milliseconds of Unix time.
    At(u64),
}

/// SET of the key with this number to the value that it has in every run.
pub(crate) fn set(request: &mut Vec<u8>, number: u64, expiry: Expiry) {
    let args = if matches!(expiry, Expiry::Never) { 3 } else { 5 };
    put(request, format_args!("*{args}\r\n$3\r\nSET\r\n"));
    key(request, number);
    request.extend(b"$32\r\n");
    request.extend(letters(number));
    request.extend(b"\r\n");
    match expiry {
        Expiry::Never => {}
        Expiry::In(ms) => option(request, "PX", ms + number % 1000),
        Expiry::At(unix_ms) => option(request, "PXAT", unix_ms),
    }
}

/// DEL of the keys with these numbers.
pub(crate) fn del(request: &mut Vec<u8>, numbers: &[u64]) {
    put(request, format_args!("*{}\r\n$3\r\nDEL\r\n", 1 + numbers.len()));
    for number in numbers {
        key(request, *number);
    }
}

/// RPUSH of the elements with these numbers, 10 bytes each, to the key `list`.
pub(crate) fn rpush(request: &mut Vec<u8>, numbers: &[u64]) {
    put(request, format_args!("*{}\r\n$5\r\nRPUSH\r\n$4\r\nlist\r\n", 2 + numbers.len()));
    for number in numbers {
        request.extend(b"$10\r\n");
        request.extend(&letters(*number)[..10]);
        request.extend(b"\r\n");
    }
}

/// In groups of [`BATCH`]; the last may be smaller.
pub(crate) fn batches(
    mut numbers: impl Iterator<Item = u64> + Clone,
) -> impl Iterator<Item = Vec<u64>> + Clone {
    std::iter::from_fn(move || {
        let batch: Vec<u64> = numbers.by_ref().take(BATCH).collect();
        if batch.is_empty() { None } else { Some(batch) }
    })
}

/// Whether the key with this number is among the 5 % that stay when the others are deleted.
pub(crate) fn stays(number: u64) -> bool {
    scramble(number).is_multiple_of(20)
}

fn key(request: &mut Vec<u8>, number: u64) {
    put(request, format_args!("$16\r\nkey:{number:012}\r\n"));
}

fn option(request: &mut Vec<u8>, name: &str, value: u64) {
    let digits = value.checked_ilog10().unwrap_or(0) + 1;
    put(request, format_args!("${}\r\n{name}\r\n${digits}\r\n{value}\r\n", name.len()));
}

fn put(request: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    request.write_fmt(text).expect("a vector takes everything");
}

/// Letters from `a` to `p`: nothing that a server could store as a number or share.
fn letters(number: u64) -> [u8; 32] {
    let mut letters = [0; 32];
    let random = [scramble(2 * number), scramble(2 * number + 1)];
    let halves = random.into_iter().flat_map(|bits| [bits, bits >> 4]);
    for (eight, bits) in letters.chunks_exact_mut(8).zip(halves) {
        let nibbles = bits & 0x0f0f_0f0f_0f0f_0f0f;
        eight.copy_from_slice(&(nibbles + u64::from_ne_bytes(*b"aaaaaaaa")).to_ne_bytes());
    }
    letters
}

/// The step of SplitMix64: as good as random, and the same in every run.
fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
