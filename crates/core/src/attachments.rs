//! Files of attachments as such: their sealed chunks on disk, what pictures
//! say besides the picture, and small pictures of them. Knows no database, no
//! document and no network.

pub mod files;
pub mod picture;
pub mod private;
