//! The longest common subsequence of two strings, for LCS.
//!
//! A row of the textbook's table of lengths grows by 0 or 1 from one column to the next, so a bit
//! for each cell tells it all, and a row follows from the one before by a few operations on whole
//! words (Hyyrö: "Bit-parallel LCS-length computation revisited", 2004). The bits also tell the way
//! back: where two characters differ, the cell above is greater than the cell to the left exactly
//! if the row grows at this column.

/// The length of the longest common subsequence. O(n·m/64) time, O(n) space.
pub fn length(a: &[u8], b: &[u8]) -> usize {
    let matches = Matches::new(a, b);
    let mut row = vec![FLAT; matches.width];
    a.iter().for_each(|&byte| advance(&mut row, matches.of(byte)));
    growth(&row)
}

/// A longest common subsequence of two strings, as runs of neighbouring characters.
#[derive(Debug)]
pub struct Alignment<'a> {
    a: &'a [u8],
    b: &'a [u8],
    /// For each character of `a` the row of the table that it ends.
    rows: Vec<u64>,
    /// Words in a row.
    width: usize,
}

/// A run of characters that the two strings have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where it begins in the first string.
    pub a: usize,
    /// Where it begins in the second string.
    pub b: usize,
    /// Its length in bytes.
    pub len: usize,
}

impl<'a> Alignment<'a> {
    /// Compares two strings. O(n·m/64) time, n·m/8 bytes.
    pub fn new(a: &'a [u8], b: &'a [u8]) -> Self {
        let matches = Matches::new(a, b);
        let width = matches.width;
        let mut rows = Vec::with_capacity(a.len() * width);
        for (index, &byte) in a.iter().enumerate() {
            match index.checked_sub(1) {
                None => rows.resize(width, FLAT),
                Some(above) => rows.extend_from_within(above * width..),
            }
            advance(&mut rows[index * width..], matches.of(byte));
        }
        Self { a, b, rows, width }
    }

    /// The length of the common subsequence, in bytes. O(m).
    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        growth(&self.rows[self.rows.len() - self.width.min(self.rows.len())..])
    }

    /// The common subsequence. O(n + m).
    pub fn subsequence(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        self.runs().for_each(|run| bytes.extend(self.a[run.a..run.a + run.len].iter().rev()));
        bytes.reverse();
        bytes
    }

    /// The runs, the last one first. Among several ways it takes the one that Redis takes.
    /// O(n + m).
    pub fn runs(&self) -> impl Iterator<Item = Run> {
        let (mut i, mut j) = (self.a.len(), self.b.len());
        std::iter::from_fn(move || {
            while i > 0 && j > 0 && self.a[i - 1] != self.b[j - 1] {
                *(if self.grows(i - 1, j - 1) { &mut i } else { &mut j }) -= 1;
            }
            let same = |(x, y): &(&u8, &u8)| x == y;
            let pairs = self.a[..i].iter().rev().zip(self.b[..j].iter().rev());
            let len = pairs.take_while(same).count();
            (i, j) = (i - len, j - len);
            (len > 0).then_some(Run { a: i, b: j, len })
        })
    }

    fn grows(&self, row: usize, column: usize) -> bool {
        self.rows[row * self.width + column / 64] >> (column % 64) & 1 == 0
    }
}

/// 64 columns at which a row does not grow. A column at which it does has the bit 0.
const FLAT: u64 = u64::MAX;

/// The row that follows `row`, given the columns that match its character.
fn advance(row: &mut [u64], matches: &[u64]) {
    let mut carry = false;
    for (word, &matches) in row.iter_mut().zip(matches) {
        let (sum, over) = word.overflowing_add(*word & matches);
        let (sum, over_again) = sum.overflowing_add(u64::from(carry));
        carry = over || over_again;
        *word = sum | (*word & !matches);
    }
}

/// The value of a row's last cell.
fn growth(row: &[u64]) -> usize {
    row.iter().map(|word| word.count_zeros() as usize).sum()
}

/// For each character of the first string, at which columns the second one has it.
struct Matches {
    /// Where the columns of a character begin; of those only that the first string has.
    slots: [Option<usize>; 256],
    columns: Vec<u64>,
    width: usize,
}

impl Matches {
    fn new(a: &[u8], b: &[u8]) -> Self {
        let width = b.len().div_ceil(64);
        let mut matches = Self { slots: [None; 256], columns: Vec::new(), width };
        let mut len = 0;
        for &byte in a {
            let slot = &mut matches.slots[usize::from(byte)];
            if slot.is_none() {
                *slot = Some(len);
                len += width;
            }
        }
        matches.columns = vec![0; len];
        for (column, &byte) in b.iter().enumerate() {
            if let Some(start) = matches.slots[usize::from(byte)] {
                matches.columns[start + column / 64] |= 1 << (column % 64);
            }
        }
        matches
    }

    /// The columns of a character that the first string has.
    fn of(&self, byte: u8) -> &[u64] {
        let start = self.slots[usize::from(byte)].expect("the first string has it");
        &self.columns[start..start + self.width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The textbook's way, with the whole table.
    fn model(a: &[u8], b: &[u8]) -> (usize, Vec<Run>) {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for (i, x) in a.iter().enumerate() {
            for (j, y) in b.iter().enumerate() {
                table[i + 1][j + 1] =
                    if x == y { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
            }
        }
        let (mut i, mut j) = (a.len(), b.len());
        let mut runs: Vec<Run> = Vec::new();
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                (i, j) = (i - 1, j - 1);
                match runs.last_mut() {
                    Some(run) if run.a == i + 1 && run.b == j + 1 => {
                        *run = Run { a: i, b: j, len: run.len + 1 }
                    }
                    _ => runs.push(Run { a: i, b: j, len: 1 }),
                }
            } else if table[i - 1][j] > table[i][j - 1] {
                i -= 1;
            } else {
                j -= 1;
            }
        }
        (table[a.len()][b.len()], runs)
    }

    proptest! {
        #[test]
        fn equals_the_whole_table(
            a in prop::collection::vec(0..4u8, 0..150),
            b in prop::collection::vec(0..4u8, 0..150),
        ) {
            let (len, runs) = model(&a, &b);
            let alignment = Alignment::new(&a, &b);
            prop_assert_eq!(length(&a, &b), len);
            prop_assert_eq!(alignment.len(), len);
            prop_assert_eq!(alignment.runs().collect::<Vec<_>>(), runs);
            prop_assert_eq!(alignment.subsequence().len(), len);
        }
    }
}
