//! Who else is in a document, and where, as plain data.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

data! {
    /// Says where a page of this device is. To be said again at least every ten
    /// seconds; without a word for thirty a page counts as gone.
    pub struct SetPresence {
        /// The page: random, the same for as long as it lives.
        pub client: String,
        /// The document it shows; absent when it shows none any more.
        pub document: Option<String>,
        /// The section it is at.
        pub section: Option<String>,
        /// The caret in that section's text, while someone writes there.
        pub selection: Option<TextSelection>,
    }

    /// A caret or a selection in a section's text.
    #[derive(Copy)]
    pub struct TextSelection {
        /// The version of the text that the positions count in.
        pub version: u32,
        /// The end that stays, in UTF-16 units.
        pub anchor: u32,
        /// The end that moves: where the caret is.
        pub head: u32,
    }

    /// Somebody else's page, or another device of yours.
    pub struct PresentPerson {
        /// Stands for this page as long as it is open.
        pub id: String,
        /// The member's id.
        pub member: String,
        /// The member's name.
        pub name: String,
        /// The name of the device, where it has one.
        pub device: String,
        /// Whether it is you, on another device.
        pub you: bool,
        /// The section they are at.
        pub section: Option<String>,
        /// Their caret, while they write there.
        pub selection: Option<TextSelection>,
    }

    /// Who is in a document.
    pub struct PresentPeople {
        /// Whether others see where you are.
        pub shown: bool,
        /// Everybody else.
        pub people: Vec<PresentPerson>,
    }

    /// Whether others see where this device is.
    pub struct ShowPresence {
        /// Whether they do; only read when absent.
        pub shown: Option<bool>,
    }

    /// Whether others see where this device is.
    #[derive(Copy)]
    pub struct PresenceSetting {
        /// Whether they do.
        pub shown: bool,
    }
}
