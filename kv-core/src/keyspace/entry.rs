//! What a cell holds: a key, its value, its deadline and its access clock.
//!
//! ```text
//! byte  0      flags; never 0
//!       1..4   access clock
//!       4      length of the key; 255: the length follows as a u32
//!       5      length of the value; 255: the length follows as a u16
//!              deadline in milliseconds since the Unix epoch, 6 bytes, or 8 if that is too little,
//!              then the timer's place in the wheel, 4 bytes: if there is a deadline
//!              key
//!              value: bytes, an integer of 8 bytes, the 8 bytes of a `Box`, or a byte for the type
//!              of a collection (3 bits) and the form of its pack, and the pack
//! ```
//! All numbers are little-endian.

#![allow(unsafe_code, reason = "a cell may own a box")]

use super::wheel::Timer;
use crate::slab::{SHARED_MAX, cell_size};
use crate::value::pack::{Dense, Form, PackRef};
use crate::value::string::StrRef;
use crate::value::{Kind, Packed, Value, ValueRef};

/// The cell is in use. The rest of the flags describe its contents.
const LIVE: u8 = 0x80;
/// The string was built by parts: OBJECT ENCODING says `raw` whatever its length.
const BUILT: u8 = 0x40;
/// There is a deadline of 6 bytes and a timer.
const DEADLINE: u8 = 0x20;
/// The deadline has 8 bytes.
const WIDE: u8 = 0x10;
/// What the value is.
const KIND: u8 = 0x03;
const BYTES: u8 = 0;
const INT: u8 = 1;
const BOXED: u8 = 2;
const PACKED: u8 = 3;

/// The bits of the type of a collection; above them is the form of its pack.
const FORM_SHIFT: u32 = 3;

const HEADER: usize = 6;
/// The length is longer than a byte.
const LONG: u8 = 255;
const LONG_KEY: usize = 4;
const LONG_VALUE: usize = 2;
const NARROW_DEADLINE: usize = 6;
const NARROW_MAX: i64 = (1 << (8 * NARROW_DEADLINE)) - 1;
const WIDE_DEADLINE: usize = 8;
const TIMER: usize = 4;

/// The longest string that is stored in its entry, in bytes. Longer ones are boxed.
pub(super) const INLINE_MAX: usize = SHARED_MAX - 1024;

/// A value to be stored.
#[derive(Debug)]
pub(super) enum New<'a> {
    /// A string of at most [`INLINE_MAX`] bytes.
    Bytes { bytes: &'a [u8], is_built: bool },
    /// An integer.
    Int(i64),
    /// A collection.
    Packed(Kind, Dense<'a>),
    /// Anything else.
    Boxed(Box<Value>),
    /// What another cell holds, which forgets it: the bytes in it, and the flags that tell what
    /// they are.
    Same { flags: u8, bytes: &'a [u8] },
}

impl<'a> New<'a> {
    /// A string that lies in its entry.
    pub(super) fn inline(string: StrRef<'a>) -> Self {
        match string {
            StrRef::Int(value) => Self::Int(value),
            StrRef::Bytes { bytes, is_built } => Self::Bytes { bytes, is_built },
        }
    }

    /// A collection that lies in its entry.
    pub(super) fn packed(Packed { kind, pack }: Packed<'a>) -> Self {
        Self::Packed(kind, Dense::new(pack, kind.stride()))
    }
}

impl New<'_> {
    #[inline]
    fn len(&self) -> usize {
        match self {
            Self::Bytes { bytes, .. } | Self::Same { bytes, .. } => bytes.len(),
            Self::Packed(_, pack) => 1 + pack.len(),
            Self::Int(_) | Self::Boxed(_) => 8,
        }
    }
}

/// The parts of a cell, by their offsets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    deadline_at: usize,
    key_at: usize,
    value_at: usize,
    end: usize,
}

impl Layout {
    /// Of an entry to be written.
    pub(super) fn new(key: &[u8], value: &New<'_>, deadline: Option<i64>) -> Self {
        Self::of(key.len(), value.len(), deadline.map(is_wide))
    }

    fn of(key: usize, value: usize, is_wide: Option<bool>) -> Self {
        let long = |len: usize, bytes| if len >= LONG.into() { bytes } else { 0 };
        let deadline_at = HEADER + long(key, LONG_KEY) + long(value, LONG_VALUE);
        let deadline = match is_wide {
            None => 0,
            Some(false) => NARROW_DEADLINE + TIMER,
            Some(true) => WIDE_DEADLINE + TIMER,
        };
        let key_at = deadline_at + deadline;
        let value_at = key_at + key;
        Self { deadline_at, key_at, value_at, end: value_at + value }
    }

    /// How many bytes the entry takes.
    pub(super) fn size(self) -> usize {
        self.end
    }
}

fn is_wide(deadline: i64) -> bool {
    deadline & !NARROW_MAX != 0
}

/// Writes an entry into a cell of at least `layout.size()` bytes. A boxed value belongs to the cell
/// from now on.
pub(super) fn write(
    cell: &mut [u8],
    layout: Layout,
    key: &[u8],
    value: New<'_>,
    deadline: Option<i64>,
    clock: u32,
) {
    let (key_len, value_len) = (key.len(), layout.end - layout.value_at);
    set_clock(cell, clock);
    let mut at = HEADER;
    for (place, len, bytes) in [(4, key_len, LONG_KEY), (5, value_len, LONG_VALUE)] {
        cell[place] = len.min(LONG.into()) as u8;
        if len >= LONG.into() {
            assert!(len >> (8 * bytes) == 0, "{len} bytes do not belong in a cell");
            cell[at..at + bytes].copy_from_slice(&len.to_le_bytes()[..bytes]);
            at += bytes;
        }
    }
    let mut flags = LIVE;
    if let Some(deadline) = deadline {
        flags |= DEADLINE | if is_wide(deadline) { WIDE } else { 0 };
        write_deadline(&mut cell[layout.deadline_at..layout.key_at], deadline);
    }
    cell[layout.key_at..layout.value_at].copy_from_slice(key);
    let place = &mut cell[layout.value_at..layout.end];
    cell[0] = flags | write_value(place, value);
}

/// The parts of an entry with another value and the same deadline, if it fills its cell just as well then. What
/// is boxed is neither replaced like this, nor is it put in the place of something else.
#[inline]
pub(super) fn layout_with(cell: &[u8], value: &New<'_>, deadline: Option<i64>) -> Option<Layout> {
    let old = read_layout(cell);
    let (len, old_len) = (value.len(), old.end - old.value_at);
    let is_boxed = cell[0] & KIND == BOXED || matches!(value, New::Boxed(_));
    let is_alike =
        len == old_len || len.max(old_len) < LONG.into() || len.min(old_len) >= LONG.into();
    let layout = Layout { end: old.value_at + len, ..old };
    let fits = len == old_len || cell_size(layout.end) == cell.len();
    (!is_boxed && is_alike && fits && Entry::new(cell).deadline() == deadline).then_some(layout)
}

/// Writes a value over another, into an entry with the layout that [`layout_with`] gave.
#[inline]
pub(super) fn overwrite(cell: &mut [u8], layout: Layout, value: New<'_>, clock: u32) {
    let len = layout.end - layout.value_at;
    if cell[5] != LONG {
        cell[5] = len as u8;
    } else {
        let at = layout.deadline_at - LONG_VALUE;
        cell[at..layout.deadline_at].copy_from_slice(&len.to_le_bytes()[..LONG_VALUE]);
    }
    let kind = write_value(&mut cell[layout.value_at..layout.end], value);
    cell[0] = cell[0] & !(KIND | BUILT) | kind;
    set_clock(cell, clock);
}

/// The integer that the value is, to be changed in its place, if it is one.
#[inline]
pub(super) fn int_mut(cell: &mut [u8]) -> Option<IntMut<'_>> {
    if cell[0] & KIND != INT {
        return None;
    }
    let value_at = read_layout(cell).value_at;
    let (head, value) = cell.split_at_mut(value_at);
    Some(IntMut { head, value: value.first_chunk_mut().expect("eight bytes follow") })
}

/// An entry whose value is an integer, to be changed.
#[derive(Debug)]
pub struct IntMut<'a> {
    head: &'a mut [u8],
    value: &'a mut [u8; 8],
}

impl IntMut<'_> {
    /// The integer.
    #[inline]
    pub fn get(&self) -> i64 {
        i64::from_le_bytes(*self.value)
    }

    /// Puts another integer in its place.
    #[inline]
    pub fn set(&mut self, value: i64) {
        *self.value = value.to_le_bytes();
    }

    /// The access clock.
    #[inline]
    pub fn clock(&self) -> u32 {
        read_clock(self.head)
    }

    /// Sets the access clock.
    #[inline]
    pub fn set_clock(&mut self, clock: u32) {
        set_clock(self.head, clock);
    }
}

/// Writes a value to its place and gives the flags that tell what it is.
fn write_value(place: &mut [u8], value: New<'_>) -> u8 {
    match value {
        New::Bytes { bytes, is_built } => {
            place.copy_from_slice(bytes);
            BYTES | if is_built { BUILT } else { 0 }
        }
        New::Int(value) => {
            place.copy_from_slice(&value.to_le_bytes());
            INT
        }
        New::Packed(kind, pack) => {
            let (type_byte, place) = place.split_first_mut().expect("the type has a byte");
            let form = pack.write(place);
            *type_byte = kind as u8 | form.number() << FORM_SHIFT;
            PACKED
        }
        New::Same { flags, bytes } => {
            place.copy_from_slice(bytes);
            flags
        }
        New::Boxed(value) => {
            let address = Box::into_raw(value).expose_provenance();
            place.copy_from_slice(&(address as u64).to_le_bytes());
            BOXED
        }
    }
}

/// `place` ends with the timer.
fn write_deadline(place: &mut [u8], deadline: i64) {
    let len = place.len() - TIMER;
    place[..len].copy_from_slice(&deadline.to_le_bytes()[..len]);
}

/// An entry in its cell.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    cell: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Of a cell that `write` filled.
    pub(super) fn new(cell: &'a [u8]) -> Self {
        debug_assert!(cell[0] & LIVE != 0, "the cell is free");
        Self { cell }
    }

    /// The key.
    #[inline]
    pub fn key(self) -> &'a [u8] {
        let layout = read_layout(self.cell);
        &self.cell[layout.key_at..layout.value_at]
    }

    /// The value.
    pub fn value(self) -> ValueRef<'a> {
        let layout = read_layout(self.cell);
        let bytes = &self.cell[layout.value_at..layout.end];
        match self.cell[0] & KIND {
            BYTES => {
                let is_built = self.cell[0] & BUILT != 0;
                ValueRef::String(StrRef::Bytes { bytes, is_built })
            }
            INT => ValueRef::String(StrRef::Int(i64::from_le_bytes(word(bytes)))),
            PACKED => unpack(bytes).into(),
            _ => self.boxed().expect("all other kinds were seen").view(),
        }
    }

    /// Which type of collection the value is, if it is one. O(1).
    pub fn kind(self) -> Option<Kind> {
        match self.cell[0] & KIND {
            BYTES | INT => None,
            PACKED => self.packed().map(|packed| packed.kind),
            _ => self.boxed().and_then(Value::kind),
        }
    }

    /// The value, if it is a collection in the cell itself.
    pub(super) fn packed(self) -> Option<Packed<'a>> {
        let layout = read_layout(self.cell);
        (self.cell[0] & KIND == PACKED).then(|| unpack(&self.cell[layout.value_at..layout.end]))
    }

    /// The value as it is in the cell, and the flags that tell what it is.
    pub(super) fn stored(self) -> (u8, &'a [u8]) {
        let layout = read_layout(self.cell);
        (self.cell[0] & (KIND | BUILT), &self.cell[layout.value_at..layout.end])
    }

    /// The value, if it is not in the cell itself.
    #[inline]
    pub fn boxed(self) -> Option<&'a Value> {
        // SAFETY: the address is that of a box which `write` was given and which the cell owns until
        // `take_boxed`. The borrow of the cell is a borrow of the box.
        (self.cell[0] & KIND == BOXED).then(|| unsafe { &*self.address() })
    }

    #[inline(always)]
    fn address(self) -> *mut Value {
        let bytes = word(&self.cell[read_layout(self.cell).value_at..]);
        std::ptr::with_exposed_provenance_mut(u64::from_le_bytes(bytes) as usize)
    }

    /// When the key expires, in milliseconds since the Unix epoch.
    #[inline]
    pub fn deadline(self) -> Option<i64> {
        if self.cell[0] & DEADLINE == 0 { None } else { Some(self.read_deadline()) }
    }

    /// The deadline that there is.
    fn read_deadline(self) -> i64 {
        // A timer follows, so that eight bytes can be read of a narrow one as well.
        let at = read_layout(self.cell).deadline_at;
        let deadline = i64::from_le_bytes(word(&self.cell[at..]));
        let is_wide = self.cell[0] & WIDE != 0;
        if is_wide { deadline } else { deadline & NARROW_MAX }
    }

    /// Whether the deadline has passed, or those of all that the value holds. The millisecond of
    /// the deadline itself still belongs to the key's life, as in Redis.
    #[inline]
    pub fn is_expired(self, unix_ms: i64) -> bool {
        self.deadline().is_some_and(|deadline| deadline < unix_ms)
            || self.boxed().is_some_and(|value| value.is_over(unix_ms))
    }

    /// Where the timer is, if there is a deadline.
    pub(super) fn timer(self) -> Option<Timer> {
        if self.cell[0] & DEADLINE == 0 {
            return None;
        }
        let (_, timer) = self.cell[..read_layout(self.cell).key_at].split_last_chunk()?;
        Some(Timer::from_bits(u32::from_le_bytes(*timer)))
    }

    /// The access clock: 24 bits, whose meaning the eviction policy decides.
    #[inline]
    pub fn clock(self) -> u32 {
        read_clock(self.cell)
    }

    /// The bytes that the entry takes in its cell.
    pub(super) fn size(self) -> usize {
        read_layout(self.cell).end
    }
}

fn unpack(bytes: &[u8]) -> Packed<'_> {
    let (&type_byte, pack) = bytes.split_first().expect("the type has a byte");
    let kind = Kind::from_number(type_byte & ((1 << FORM_SHIFT) - 1));
    let form = Form::from_number(type_byte >> FORM_SHIFT, kind.stride());
    Packed { kind, pack: PackRef::with_form(pack, form) }
}

fn word(bytes: &[u8]) -> [u8; 8] {
    *bytes.first_chunk().expect("eight bytes follow")
}

/// Whether the entry in `cell` is that of `key`.
#[inline(always)]
pub(super) fn has_key(cell: &[u8], key: &[u8]) -> bool {
    // Most keys of a wrong length need not be read.
    cell[4] == key.len().min(LONG.into()) as u8 && Entry::new(cell).key() == key
}

fn deadline_len(flags: u8) -> usize {
    match flags & (DEADLINE | WIDE) {
        0 => 0,
        DEADLINE => NARROW_DEADLINE + TIMER,
        _ => WIDE_DEADLINE + TIMER,
    }
}

#[inline]
fn read_layout(cell: &[u8]) -> Layout {
    let (key, value) = (cell[4], cell[5]);
    if key.max(value) < LONG && cell[0] & DEADLINE == 0 {
        let value_at = HEADER + usize::from(key);
        let end = value_at + usize::from(value);
        return Layout { deadline_at: HEADER, key_at: HEADER, value_at, end };
    }
    read_any_layout(cell)
}

/// The same of an entry that may have long parts and a deadline.
fn read_any_layout(cell: &[u8]) -> Layout {
    let (mut at, mut key, mut value) = (HEADER, usize::from(cell[4]), usize::from(cell[5]));
    if key == LONG.into() {
        let long: &[u8; LONG_KEY] = cell[at..].first_chunk().expect("a long length follows");
        key = u32::from_le_bytes(*long) as usize;
        at += LONG_KEY;
    }
    if value == LONG.into() {
        let long: &[u8; LONG_VALUE] = cell[at..].first_chunk().expect("a long length follows");
        value = u16::from_le_bytes(*long).into();
        at += LONG_VALUE;
    }
    let key_at = at + deadline_len(cell[0]);
    let value_at = key_at + key;
    Layout { deadline_at: at, key_at, value_at, end: value_at + value }
}

/// Sets the deadline of an entry that has one of the same width. False if it has not.
pub(super) fn replace_deadline(cell: &mut [u8], deadline: i64) -> bool {
    let fits = cell[0] & DEADLINE != 0 && (cell[0] & WIDE != 0) == is_wide(deadline);
    if fits {
        let layout = read_layout(cell);
        write_deadline(&mut cell[layout.deadline_at..layout.key_at], deadline);
    }
    fits
}

/// Notes where the timer of an entry with a deadline is.
pub(super) fn set_timer(cell: &mut [u8], timer: Timer) {
    let end = read_layout(cell).key_at;
    cell[end - TIMER..end].copy_from_slice(&timer.to_bits().to_le_bytes());
}

#[inline]
fn read_clock(cell: &[u8]) -> u32 {
    // With the flags before it, in one word.
    cell.first_chunk().map_or(0, |word| u32::from_le_bytes(*word) >> 8)
}

/// Sets the access clock.
#[inline]
pub(super) fn set_clock(cell: &mut [u8], clock: u32) {
    if let Some(word) = cell.first_chunk_mut() {
        *word = (clock << 8 | u32::from(word[0])).to_le_bytes();
    }
}

/// The value, to be changed, if it is not in the cell itself.
#[inline]
pub(super) fn boxed_mut(cell: &mut [u8]) -> Option<&mut Value> {
    let entry = Entry::new(cell);
    // SAFETY: as for `Entry::boxed`. The cell is borrowed to be changed, and the box with it.
    (entry.cell[0] & KIND == BOXED).then(|| unsafe { &mut *entry.address() })
}

/// Takes the boxed value out of an entry, which must be freed or overwritten before it is read again:
/// it reads as an integer from now on.
pub(super) fn take_boxed(cell: &mut [u8]) -> Option<Box<Value>> {
    let entry = Entry::new(cell);
    if entry.cell[0] & KIND != BOXED {
        return None;
    }
    let address = entry.address();
    cell[0] = cell[0] & !KIND | INT;
    // SAFETY: the address came from `Box::into_raw`, and the cell forgets it here.
    Some(unsafe { Box::from_raw(address) })
}
