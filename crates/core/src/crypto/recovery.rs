//! The recovery kit: 24 words that bring a person back on a new device.
//!
//! The words are a secret of its own and not the root's, so that a kit can be
//! replaced: the membership log knows which kit counts. They are written as
//! BIP-39 writes 256 bits, with its English list and its checksum of 8 bits.

use bip39::{Language, Mnemonic};
use drystone_wire::ids::{Bytes, Nonce};
use drystone_wire::membership::RecoveryKeys;
use drystone_wire::{DeviceKey, RootKey};
use zeroize::Zeroizing;

use super::CryptoError;
use super::envelope::{aead_open, aead_seal};
use super::keys::{AgreementPair, Secret, SigningPair, derive};
use super::random::{self, Random};

/// How many words there are.
pub const WORDS: usize = 24;

const SIGNING_LABEL: &str = "drystone v1 recovery signing";
const AGREEMENT_LABEL: &str = "drystone v1 recovery agreement";
const ROOT_LABEL: &str = "drystone v1 recovery root";
const WHAT: &str = "root key in the recovery kit";

/// Why words are not a recovery kit. The words themselves are not repeated, but
/// for one that is on no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// More or fewer than 24.
    #[error("a recovery kit has {WORDS} words, and these are {0}")]
    Count(usize),
    /// One is on no list.
    #[error("word {number}, “{word}”, is not one of the words that are used")]
    Unknown {
        /// Which, from 1.
        number: usize,
        /// As it was given, in lower case.
        word: String,
    },
    /// All are on the list, and they do not belong together.
    #[error("the words do not belong together: one of them is another one, or two changed places")]
    Checksum,
}

/// The secret of a kit.
#[derive(Clone)]
pub struct KitSecret(Zeroizing<[u8; 32]>);

/// The keys that come from a kit's secret.
#[derive(Debug)]
pub struct KitKeys {
    /// Signs what brings a device in, and gets tokens.
    pub signing: SigningPair,
    /// Epoch keys are wrapped for it.
    pub agreement: AgreementPair,
    root: Zeroizing<[u8; 32]>,
}

impl KitSecret {
    /// A new one.
    pub fn generate(random: &mut dyn Random) -> KitSecret {
        KitSecret(Zeroizing::new(random::array(random)))
    }

    /// Its words, in their order.
    ///
    /// # Errors
    /// None that can happen with 32 bytes; the library's signature has one.
    pub fn words(&self) -> Result<Zeroizing<Vec<String>>, CryptoError> {
        let mnemonic = Mnemonic::from_entropy_in(Language::English, &*self.0).map_err(|_| CryptoError::Form(WHAT))?;
        Ok(Zeroizing::new(mnemonic.words().map(str::to_owned).collect()))
    }

    /// Reads words in any case, with numbers and punctuation between them; four
    /// letters are enough of each, since no two words of the list share them.
    ///
    /// # Errors
    /// [`WordsError`] says which word is wrong.
    pub fn read(text: &str) -> Result<KitSecret, WordsError> {
        let given: Zeroizing<Vec<String>> = Zeroizing::new(
            text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect(),
        );
        if given.len() != WORDS {
            return Err(WordsError::Count(given.len()));
        }
        let mut words = Vec::with_capacity(WORDS);
        for (index, word) in given.iter().enumerate() {
            words.push(meant(word).ok_or_else(|| WordsError::Unknown { number: index + 1, word: word.clone() })?);
        }
        let phrase = Zeroizing::new(words.join(" "));
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, &phrase).map_err(|_| WordsError::Checksum)?;
        let (entropy, length) = mnemonic.to_entropy_array();
        let entropy = Zeroizing::new(entropy);
        let secret = entropy.get(..length).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        secret.map(|bytes| KitSecret(Zeroizing::new(bytes))).ok_or(WordsError::Checksum)
    }

    /// The keys that come from it.
    ///
    /// # Errors
    /// None that can happen with 32 bytes.
    pub fn keys(&self) -> Result<KitKeys, CryptoError> {
        let part = |label| derive::<32>(&[], &*self.0, label, &[]);
        Ok(KitKeys {
            signing: SigningPair::new(&Secret::new(*part(SIGNING_LABEL))),
            agreement: AgreementPair::new(Secret::new(*part(AGREEMENT_LABEL)))?,
            root: part(ROOT_LABEL),
        })
    }
}

impl KitKeys {
    /// What the membership log says of this kit, certified by the root whose secret it seals.
    ///
    /// # Errors
    /// None in practice; the cipher's signature has one.
    pub fn published(&self, root: &Secret, random: &mut dyn Random) -> Result<RecoveryKeys, CryptoError> {
        let pair = SigningPair::new(root);
        let (key, signing) = (RootKey(pair.public()), DeviceKey(self.signing.public()));
        let nonce = Nonce(random::array(random));
        let mut sealed = nonce.0.to_vec();
        sealed.extend(aead_seal(&self.root, &nonce, key.as_bytes(), root.expose())?);
        let agreement = self.agreement.public();
        let signature = pair.sign(&RecoveryKeys::signed_bytes(&key, &signing, &agreement, &sealed));
        Ok(RecoveryKeys { signing, agreement, sealed_root: Bytes(sealed), signature })
    }

    /// The root's secret.
    ///
    /// # Errors
    /// When another kit sealed it, or it is another root's.
    pub fn open_root(&self, keys: &RecoveryKeys, root: &RootKey) -> Result<Secret, CryptoError> {
        let (nonce, ciphertext) = keys.sealed_root.0.split_first_chunk::<24>().ok_or(CryptoError::Form(WHAT))?;
        let plaintext = aead_open(&self.root, &Nonce(*nonce), root.as_bytes(), ciphertext, WHAT)?;
        let secret = Secret::from_slice(&plaintext).ok_or(CryptoError::Form(WHAT))?;
        if SigningPair::new(&secret).public() == root.0 { Ok(secret) } else { Err(CryptoError::Open(WHAT)) }
    }
}

/// The word of the list that is meant.
fn meant(word: &str) -> Option<&'static str> {
    let list = Language::English.word_list();
    let beginning = |known: &&&str| word.chars().count() >= 4 && known.starts_with(word);
    list.iter().find(|known| **known == word).or_else(|| list.iter().find(beginning)).copied()
}

/// All words that a kit can have.
pub fn word_list() -> &'static [&'static str] {
    Language::English.word_list()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRandom;

    fn kit(seed: u64) -> KitSecret {
        KitSecret::generate(&mut SeededRandom::new(seed))
    }

    fn phrase(kit: &KitSecret) -> String {
        kit.words().unwrap().join(" ")
    }

    #[test]
    fn words_lead_back_to_the_secret_however_they_are_written() {
        let kit = kit(1);
        let words = kit.words().unwrap();
        assert_eq!(words.len(), WORDS);
        let numbered: Vec<String> =
            words.iter().enumerate().map(|(index, word)| format!("{}. {}", index + 1, word.to_uppercase())).collect();
        let short: Vec<&str> = words.iter().map(|word| word.get(..4).unwrap_or(word)).collect();
        for text in [words.join(" "), numbered.join("\n"), short.join(", ")] {
            assert_eq!(*KitSecret::read(&text).unwrap().0, *kit.0, "{text}");
        }
    }

    #[test]
    fn the_standards_own_example_is_read() {
        // BIP-39's test vector for 32 bytes of 0x7f.
        let text = "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth \
                    useful legal winner thank year wave sausage worth title";
        assert_eq!(*KitSecret::read(text).unwrap().0, [0x7f; 32]);
    }

    #[test]
    fn what_is_wrong_with_words_is_said() {
        let good = phrase(&kit(1));
        let words: Vec<&str> = good.split(' ').collect();
        assert_eq!(KitSecret::read("").err(), Some(WordsError::Count(0)));
        assert_eq!(KitSecret::read(&words[1..].join(" ")).err(), Some(WordsError::Count(23)));
        let mut mistyped = words.clone();
        mistyped[4] = "zeebra";
        let error = KitSecret::read(&mistyped.join(" ")).err().unwrap();
        assert_eq!(error, WordsError::Unknown { number: 5, word: "zeebra".into() });
        assert!(error.to_string().contains("word 5"), "{error}");
        let mut swapped = words;
        swapped.swap(0, 1);
        assert_eq!(KitSecret::read(&swapped.join(" ")).err(), Some(WordsError::Checksum));
    }

    #[test]
    fn a_kit_gives_back_the_root_it_was_made_for_and_no_other() {
        let mut random = SeededRandom::new(4);
        let (root, other) = (Secret::generate(&mut random), Secret::generate(&mut random));
        let key = |secret| RootKey(SigningPair::new(secret).public());
        let keys = kit(1).keys().unwrap();
        let published = keys.published(&root, &mut random).unwrap();
        assert!(published.verify(&key(&root)) && !published.verify(&key(&other)));
        assert_eq!(keys.open_root(&published, &key(&root)).unwrap(), root);
        assert!(keys.open_root(&published, &key(&other)).is_err());
        assert!(kit(2).keys().unwrap().open_root(&published, &key(&root)).is_err());
    }
}
