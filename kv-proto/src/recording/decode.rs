//! Reading recordings.

use super::{
    Answer, Call, Context, End, FRAME_HEADER_LEN, Input, MAGIC, Output, Record, Start, tag,
};
use crate::dialect::{Dialect, Terms};
use kv_core::kernel::{Facts, Usage};
use kv_core::now::Now;
use kv_core::session::{Origin, Peer};

/// Why bytes are no recording, or no more of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file begins otherwise.
    #[error("this is no recording: it does not begin as one")]
    NoRecording,
    /// The version of the format is another.
    #[error("the recording has version {0} of the format, and this program reads version {known}", known = MAGIC[7])]
    Version(u8),
    /// The header of a frame is not as it was written.
    #[error("the header of a frame is damaged")]
    Header,
    /// The records of a frame are not as they were written.
    #[error("the records of a frame are damaged")]
    Records,
    /// There is no record that begins with this byte.
    #[error("there is no record of kind {0}")]
    UnknownRecord(u8),
    /// A frame ends within a record.
    #[error("a frame ends within a record")]
    CutRecord,
    /// A field has a value that nothing has.
    #[error("a record has a field without meaning")]
    Field,
}

/// A frame of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// How many bytes it takes, with its header.
    pub len: usize,
    /// Its records, for [`Decoder::next`].
    pub records: &'a [u8],
}

/// The frame that `bytes` begin with; none if there are too few of them.
pub fn frame(bytes: &[u8]) -> Result<Option<Frame<'_>>, Damage> {
    let Some((header, rest)) = bytes.split_at_checked(FRAME_HEADER_LEN) else { return Ok(None) };
    let number = |at: usize| {
        u32::from_le_bytes(header[at..at + 4].try_into().expect("there are four bytes"))
    };
    if number(8) != crc32fast::hash(&header[..8]) {
        return Err(Damage::Header);
    }
    let len = number(0) as usize;
    let Some(records) = rest.get(..len) else { return Ok(None) };
    if number(4) != crc32fast::hash(records) {
        return Err(Damage::Records);
    }
    Ok(Some(Frame { len: FRAME_HEADER_LEN + len, records }))
}

/// Reads the records of frames, in the order of the file.
#[derive(Debug, Default)]
pub struct Decoder {
    context: Context,
}

impl Decoder {
    /// Whether a recording begins with these bytes.
    pub fn check_magic(bytes: [u8; MAGIC.len()]) -> Result<(), Damage> {
        match bytes.split_last() {
            Some((_, name)) if *name != MAGIC[..7] => Err(Damage::NoRecording),
            Some((&version, _)) if version != MAGIC[7] => Err(Damage::Version(version)),
            _ => Ok(()),
        }
    }

    /// Takes the next record off `records`; none if that is empty.
    pub fn next<'a>(&mut self, records: &mut &'a [u8]) -> Result<Option<Record<'a>>, Damage> {
        while let Some((&tag, rest)) = records.split_first() {
            *records = rest;
            if let Some(record) = self.record(tag, &mut Fields(records))? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// None if it says something about the records behind it.
    fn record<'a>(
        &mut self,
        tag: u8,
        fields: &mut Fields<'_, 'a>,
    ) -> Result<Option<Record<'a>>, Damage> {
        Ok(Some(match tag {
            tag::START => Record::Start(Box::new(self.start(fields)?)),
            tag::END => Record::End(fields.choice([End::Stopped, End::Full])?),
            tag::SERVER => {
                self.context.server = fields.index()?;
                return Ok(None);
            }
            tag::NOW => {
                self.time(fields)?;
                return Ok(None);
            }
            tag::ACCEPT | tag::ROOM..=tag::CLOSE => {
                let input = input(tag, fields)?;
                let received = if tag == tag::RECEIVED { fields.bytes()? } else { &[] };
                let Context { server, now, .. } = self.context;
                Record::Call(Call { server, now, input, received })
            }
            tag::OPENED..=tag::EVENT_MAIL => Record::Output(output(tag, fields)?),
            tag::PRECISE_NS..=tag::REWRITTEN => Record::Answer(self.answer(tag, fields)?),
            _ => return Err(Damage::UnknownRecord(tag)),
        }))
    }

    fn start(&mut self, fields: &mut Fields<'_, '_>) -> Result<Start, Damage> {
        let version = fields.text()?;
        let [seed, shards, servers] = fields.ints()?;
        let [mono_us, unix_us] = fields.ints()?;
        let facts = Facts {
            os: fields.text()?,
            process_id: fields.number()?,
            executable: fields.text()?,
            config_file: fields.text()?,
            tcp_port: fields.number()?,
            total_system_memory: fields.int()?,
        };
        let now = Now { mono_us, unix_us };
        self.context.now = now;
        let settings = fields.bytes()?.to_vec();
        Ok(Start { version, seed, shards, servers, now, facts, settings })
    }

    fn time(&mut self, fields: &mut Fields<'_, '_>) -> Result<(), Damage> {
        let mono_us = fields.signed()?;
        let unix_us = fields.signed()?.wrapping_add(mono_us);
        let now = &mut self.context.now;
        now.mono_us = now.mono_us.wrapping_add(mono_us);
        now.unix_us = now.unix_us.wrapping_add(unix_us);
        Ok(())
    }

    fn answer(&mut self, tag: u8, fields: &mut Fields<'_, '_>) -> Result<Answer, Damage> {
        Ok(match tag {
            tag::PRECISE_NS => {
                let ns = &mut self.context.precise_ns;
                *ns = ns.wrapping_add(fields.signed()?);
                Answer::PreciseNs(*ns)
            }
            tag::USAGE => {
                let [cpu_user_us, cpu_system_us, resident_bytes, resident_peak_bytes] =
                    fields.ints()?;
                Answer::Usage(Usage {
                    cpu_user_us,
                    cpu_system_us,
                    resident_bytes,
                    resident_peak_bytes,
                })
            }
            tag::RECORDING_BYTES => Answer::RecordingBytes(fields.int()?),
            _ if fields.choice([false, true])? => Answer::Rewritten(Err(fields.text()?)),
            _ => Answer::Rewritten(Ok(())),
        })
    }
}

/// All of a call but what was received.
fn input(tag: u8, fields: &mut Fields<'_, '_>) -> Result<Input, Damage> {
    Ok(match tag {
        tag::ACCEPT => Input::Accept(peer(fields)?, terms(fields)?),
        tag::ROOM => Input::Room(fields.index()?),
        tag::RECEIVED => Input::Received(fields.index()?),
        tag::END_OF_INPUT => Input::EndOfInput(fields.index()?),
        tag::LOST => Input::Lost(fields.index()?),
        tag::EXECUTE => Input::Execute,
        tag::TIMEOUT => Input::Timeout,
        tag::MAIL => Input::Mail,
        tag::JOIN_IN => Input::JoinIn,
        tag::SENT => {
            let (connection, len) = (fields.index()?, fields.index()?);
            Input::Sent { connection, len, checksum: fields.number()? }
        }
        tag::POLL => Input::Poll,
        _ => Input::Close,
    })
}

fn peer(fields: &mut Fields<'_, '_>) -> Result<Peer, Damage> {
    Ok(Peer {
        address: fields.text()?,
        local_address: fields.text()?,
        descriptor: fields.signed()? as i64,
        origin: fields.choice([Origin::Local, Origin::Unix, Origin::Remote])?,
    })
}

fn terms(fields: &mut Fields<'_, '_>) -> Result<Terms, Damage> {
    let dialect = fields.choice(Dialect::ALL)?;
    Ok(Terms { dialect, is_proxied: fields.choice([false, true])? })
}

fn output(tag: u8, fields: &mut Fields<'_, '_>) -> Result<Output, Damage> {
    Ok(match tag {
        tag::OPENED => Output::Opened(fields.index()?),
        tag::EVENT_OUTPUT => Output::Output(fields.index()?),
        tag::EVENT_REFUSED => Output::Refused(fields.index()?),
        tag::EVENT_CLOSED => Output::Closed(fields.index()?),
        tag::EVENT_BACKLOG => Output::Backlog,
        _ => Output::Mail(fields.index()?),
    })
}

/// The bytes from a record's next field on.
struct Fields<'r, 'a>(&'r mut &'a [u8]);

impl<'a> Fields<'_, 'a> {
    fn byte(&mut self) -> Result<u8, Damage> {
        let (&byte, rest) = self.0.split_first().ok_or(Damage::CutRecord)?;
        *self.0 = rest;
        Ok(byte)
    }

    fn int(&mut self) -> Result<u64, Damage> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(Damage::Field);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Damage::Field)
    }

    fn ints<const N: usize>(&mut self) -> Result<[u64; N], Damage> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.int()?;
        }
        Ok(numbers)
    }

    /// A number of a smaller type.
    fn number<T: TryFrom<u64>>(&mut self) -> Result<T, Damage> {
        T::try_from(self.int()?).map_err(|_| Damage::Field)
    }

    fn index(&mut self) -> Result<usize, Damage> {
        self.number()
    }

    /// A signed number, as its two's complement.
    fn signed(&mut self) -> Result<u64, Damage> {
        let folded = self.int()?;
        Ok(folded >> 1 ^ (folded & 1).wrapping_neg())
    }

    fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let len = self.index()?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Damage::CutRecord)?;
        *self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String, Damage> {
        str::from_utf8(self.bytes()?).map(str::to_owned).map_err(|_| Damage::Field)
    }

    fn choice<T: Copy, const N: usize>(&mut self, all: [T; N]) -> Result<T, Damage> {
        all.get(usize::from(self.byte()?)).copied().ok_or(Damage::Field)
    }
}
