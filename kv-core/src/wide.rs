//! Several small things at once, in the lanes of a word or a register.

/// Up to eight bytes, as the lowest of a word.
#[inline]
pub(crate) fn partial_word(bytes: &[u8]) -> u64 {
    let byte = |at: usize| u64::from(bytes[at]) << (8 * at);
    match bytes.len() {
        0 => 0,
        // Some are read twice.
        len @ 1..4 => byte(0) | byte(len / 2) | byte(len - 1),
        len => {
            let word = |bytes: Option<&[u8; 4]>| bytes.map_or(0, |b| u32::from_le_bytes(*b).into());
            let [front, back]: [u64; 2] = [word(bytes.first_chunk()), word(bytes.last_chunk())];
            front | back << (8 * (len - 4))
        }
    }
}

/// Where the first of the words is that is `wanted`.
#[inline]
pub(crate) fn position(words: &[u32], wanted: u32) -> Option<usize> {
    // Whether it is among a few is found out without a branch for each.
    let holds = |few: &&[u32; FEW]| few.iter().fold(false, |holds, &it| holds | (it == wanted));
    let (runs, _) = words.as_chunks::<FEW>();
    let passed = FEW * runs.iter().take_while(|few| !holds(few)).count();
    let found = words[passed..].iter().position(|&it| it == wanted)?;
    Some(passed + found)
}

/// How many bytes are looked at together, where they are there: without a loop whose length nobody can guess.
pub(crate) const LANES: usize = 64;

/// From some place on as many ones as bytes that count, and then zeros.
static COUNTS: [u8; 2 * LANES] = {
    let mut counts = [0; 2 * LANES];
    let mut at = 0;
    while at < LANES {
        counts[at] = u8::MAX;
        at += 1;
    }
    counts
};

/// A mask of the first `len` bytes, no more than [`LANES`].
#[inline(always)]
fn mask_of_first(len: usize) -> &'static [u8; LANES] {
    COUNTS[LANES - len..].first_chunk().expect("there are twice as many")
}

/// How many of the first `len` bytes are less than `bound`. What stands behind them does not count, but
/// makes it quicker.
///
/// # Panics
/// If there are fewer than `len`.
#[inline]
pub(crate) fn count_below(bytes: &[u8], len: usize, bound: u8) -> usize {
    let Some(lanes) = bytes.first_chunk::<LANES>().filter(|_| len <= LANES) else {
        let count = |bytes: &[u8]| bytes.iter().map(|&byte| u8::from(byte < bound)).sum::<u8>();
        return bytes[..len].chunks(255).map(|bytes| usize::from(count(bytes))).sum();
    };
    let mut below = [0; LANES];
    for ((below, &byte), &mask) in below.iter_mut().zip(lanes).zip(mask_of_first(len)) {
        *below = u8::from(byte < bound) & mask;
    }
    let (words, _) = below.as_chunks::<8>();
    let sums: u64 = words.iter().map(|word| u64::from_le_bytes(*word)).sum();
    // The sum of all bytes is in the highest of the product.
    (sums.wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize
}

/// The first `len` of these bytes, no more than [`LANES`], and zeros, in words.
#[inline(always)]
pub(crate) fn words_of_first(lanes: &[u8; LANES], len: usize) -> [u64; LANES / 8] {
    let mut words = [0; LANES / 8];
    let (lanes, _) = lanes.as_chunks::<8>();
    let (masks, _) = mask_of_first(len).as_chunks::<8>();
    for (word, (lanes, mask)) in words.iter_mut().zip(lanes.iter().zip(masks)) {
        *word = u64::from_le_bytes(*lanes) & u64::from_le_bytes(*mask);
    }
    words
}

/// So many words are looked at together.
const FEW: usize = 8;

/// From some place on as many zeros as there are words that do not count, and then ones.
static NEW: [u32; 2 * FEW] = {
    let mut new = [0; 2 * FEW];
    let mut at = FEW;
    while at < 2 * FEW {
        new[at] = 1;
        at += 1;
    }
    new
};

/// How often a word is among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nowhere,
    /// At this place alone.
    At(usize),
    Several,
}

/// Where the word is that is `wanted`, if there is only one.
#[inline]
pub(crate) fn find_only(words: &[u32], wanted: u32) -> Found {
    // All are looked at, and so without a branch: the places of those that are the same add up, which is the
    // place if it is one.
    let add = |(count, places): (u32, u32), is_it: u32, place: u32| {
        (count + is_it, u32::wrapping_add(places, is_it.wrapping_neg() & place))
    };
    let (runs, rest) = words.as_chunks::<FEW>();
    let (all, rest_at) = (runs.as_flattened(), (words.len() - rest.len()) as u32);
    let found = all
        .iter()
        .zip(0..)
        .fold((0, 0), |found, (&it, place)| add(found, u32::from(it == wanted), place));
    let (count, places) = match words.last_chunk::<FEW>() {
        // Together with some that have been looked at before, and do not count again.
        Some(last) => {
            let counts = NEW[rest.len()..].iter().zip(words.len() as u32 - FEW as u32..);
            last.iter().zip(counts).fold(found, |found, (&it, (&counts, place))| {
                add(found, u32::from(it == wanted) & counts, place)
            })
        }
        None => rest
            .iter()
            .zip(rest_at..)
            .fold(found, |found, (&it, place)| add(found, u32::from(it == wanted), place)),
    };
    match count {
        0 => Found::Nowhere,
        1 => Found::At(places as usize),
        _ => Found::Several,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_word_reads_as_the_whole_with_zeros() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 255];
        for len in 0..=8 {
            let mut whole = [0; 8];
            whole[..len].copy_from_slice(&bytes[..len]);
            assert_eq!(partial_word(&bytes[..len]), u64::from_le_bytes(whole));
        }
    }

    #[test]
    fn bytes_behind_the_first_do_not_count() {
        let bytes: Vec<u8> = (0..400u32).map(|at| (at * 37 % 251) as u8).collect();
        for len in 0..300 {
            for bound in [0, 1, 100, 250, 255] {
                let expected = bytes[..len].iter().filter(|&&byte| byte < bound).count();
                // All that there is, more than that, and so little that it is counted one by one.
                for bytes in [&bytes[..len], &bytes, &bytes[..len.max(LANES)]] {
                    assert_eq!(count_below(bytes, len, bound), expected, "{len} below {bound}");
                }
            }
        }
        let lanes = bytes.first_chunk().expect("there are more");
        for len in 0..=LANES {
            let mut first = *lanes;
            first[len..].fill(0);
            assert_eq!(words_of_first(lanes, len).map(u64::to_le_bytes).as_flattened(), first);
        }
    }

    #[test]
    fn the_first_of_equal_words_is_found() {
        for len in 0..50 {
            let mut words: Vec<u32> = (0..len).collect();
            for wanted in 0..len + 2 {
                assert_eq!(position(&words, wanted), (wanted < len).then_some(wanted as usize));
            }
            words.extend(0..len);
            assert_eq!(position(&words, len / 2), (len > 0).then_some(len as usize / 2));
        }
    }

    #[test]
    fn the_only_one_of_words_is_told_from_several() {
        for len in 1..50 {
            let mut words: Vec<u32> = (0..len).collect();
            for wanted in 0..len {
                assert_eq!(find_only(&words, wanted), Found::At(wanted as usize));
            }
            assert_eq!(find_only(&words, len), Found::Nowhere);
            for twice in 0..len {
                words.push(twice);
                assert_eq!(find_only(&words, twice), Found::Several);
                words.pop();
            }
        }
    }
}
