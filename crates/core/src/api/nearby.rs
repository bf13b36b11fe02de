//! Devices on the same local network, as plain data.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::Error;

data! {
    /// Switches exchanging with devices on the same local network on or off.
    pub struct SetNearby {
        /// What to switch it to; only says how it is when absent.
        pub on: Option<bool>,
    }

    /// How exchanging with devices nearby is.
    pub struct NearbyStatus {
        /// Whether it is on; it is off until a person switches it on.
        pub on: bool,
        /// How many others are announced in one's workspaces now, as far as this process looks for them.
        pub found: u32,
        /// Devices that were met since this process began.
        pub devices: Vec<NearbyDevice>,
        /// Why others are not looked for.
        pub problem: Option<Error>,
    }

    /// A device that was met on the local network.
    pub struct NearbyDevice {
        /// The workspace's name.
        pub workspace: String,
        /// Whose it is.
        pub member: String,
        /// The device's id.
        pub device: String,
        /// When it was met last.
        pub met: String,
    }
}
