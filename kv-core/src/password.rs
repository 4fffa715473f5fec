//! Passwords, compared and shown by their SHA-256 digests alone.

use hmac_sha256::Hash;

/// Whether two passwords are the same. How long it takes tells nothing of either but its length:
/// digests are compared, to their ends.
pub(crate) fn is_same(password: &[u8], given: &[u8]) -> bool {
    let (password, given) = (Hash::hash(password), Hash::hash(given));
    let differences = password.iter().zip(given).map(|(ours, theirs)| ours ^ theirs);
    std::hint::black_box(differences.fold(0, |all, difference| all | difference)) == 0
}

/// The digest in hexadecimal digits, as ACL GETUSER shows a password.
pub(crate) fn digest(password: &[u8]) -> String {
    Hash::hash(password).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_is_the_same() {
        assert!(is_same(b"", b"") && is_same(b"secret", b"secret"));
        for other in [&b""[..], b"secre", b"secrets", b"Secret", b"secret\0"] {
            assert!(!is_same(b"secret", other), "{other:?}");
        }
    }

    #[test]
    fn digests_are_those_of_sha_256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), empty);
        let secret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        assert_eq!(digest(b"secret"), secret);
    }
}
