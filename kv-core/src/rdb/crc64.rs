//! CRC-64 with the polynomial of Jones, reflected, beginning with zero: eight bytes a step.

/// The polynomial, its bits reversed.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

/// `TABLES[k][byte]` is what `byte` comes to when `k` zero bytes follow it.
static TABLES: [[u64; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        tables[0][byte] = of_byte(byte as u64);
        let mut k = 1;
        while k < 8 {
            let before = tables[k - 1][byte];
            tables[k][byte] = before >> 8 ^ of_byte(before & 0xff);
            k += 1;
        }
        byte += 1;
    }
    tables
};

const fn of_byte(byte: u64) -> u64 {
    let mut crc = byte;
    let mut bit = 0;
    while bit < 8 {
        crc = crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
        bit += 1;
    }
    crc
}

/// The checksum of the bytes.
pub(super) fn crc64(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let crc = words.iter().fold(0, |crc, word| step(crc ^ u64::from_le_bytes(*word)));
    rest.iter().fold(crc, |crc, byte| crc >> 8 ^ table(0, crc ^ u64::from(*byte)))
}

fn step(word: u64) -> u64 {
    (0..8).fold(0, |crc, index| crc ^ table(7 - index, word >> (8 * index)))
}

fn table(zeros: usize, byte: u64) -> u64 {
    TABLES[zeros][usize::from(byte as u8)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_usual_digits() {
        assert_eq!(crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(crc64(b""), 0);
    }

    #[test]
    fn eight_bytes_at_once_come_to_the_same_as_one_by_one() {
        let bytes: Vec<u8> = (0..100_u8).map(|byte| byte.wrapping_mul(89)).collect();
        for end in 0..bytes.len() {
            let slow =
                bytes[..end].iter().fold(0, |crc, b| crc >> 8 ^ table(0, crc ^ u64::from(*b)));
            assert_eq!(crc64(&bytes[..end]), slow);
        }
    }
}
