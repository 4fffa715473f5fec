//! Clients of several dialects, on the same keys.

use super::{CURSOR, DIGEST, PAYLOAD, Request, SPECIAL_KEYS, Script, one_in, pick};
use crate::model::Bytes;
use kv_core::rng::Rng;
use kv_proto::dialect::Dialect;

/// In some plans, has some clients speak in frames, and adds some that speak TLV: the strict variant
/// where memory may be short, since the plain one would end for reasons that the model cannot know.
pub(super) fn mix(seed: u64, is_short: bool, mut scripts: Vec<Script>) -> Vec<Script> {
    let mut rng = Rng::derive(seed, 0x6469_616c, 0);
    if !one_in(&mut rng, 3) {
        return scripts;
    }
    for script in &mut scripts {
        script.dialect = pick(&mut rng, &[Dialect::Resp, Dialect::Frame]);
    }
    for _ in 0..rng.below(3) {
        let like = pick(&mut rng, &scripts);
        let plain = if is_short { Dialect::TlvStrict } else { Dialect::Tlv };
        let dialect = pick(&mut rng, &[plain, Dialect::TlvStrict]);
        scripts.push(in_tlv(like, dialect, &mut rng));
    }
    scripts
}

/// A script that does something to the same keys at the same times.
fn in_tlv(mut script: Script, dialect: Dialect, rng: &mut Rng) -> Script {
    script.dialect = dialect;
    for request in script.steps.iter_mut().flat_map(|step| &mut step.requests) {
        if let Some(words) = request.words() {
            *request = Request::Words(operation(&words, rng));
        }
    }
    script
}

fn operation(words: &[Bytes], rng: &mut Rng) -> Vec<Bytes> {
    let is_said = |word: &Bytes| [PAYLOAD, DIGEST, CURSOR].contains(&&word[..]);
    let known = |word: Option<&Bytes>| word.filter(|word| !is_said(word)).cloned();
    let mut key = known(words.get(1)).unwrap_or_else(|| b"k".to_vec());
    // Only some commands may be about keys with these beginnings.
    if let Some(beginning) = SPECIAL_KEYS.iter().find(|beginning| key.starts_with(beginning)) {
        key.drain(..beginning.len());
    }
    match rng.below(4) {
        0 => words!["GETDEL", key],
        1 => words!["GETSET", key, known(words.last()).unwrap_or_default()],
        _ => words!["GET", key],
    }
}
