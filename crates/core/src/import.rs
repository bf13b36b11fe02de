//! From bytes to sections: one file a format.

pub mod markdown;
