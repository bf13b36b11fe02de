//! Where in a file something stands, as a JSON pointer; put together only when
//! there is something to say about it.

use std::fmt;

use crate::refusal::Refusal;

enum Key<'a> {
    File(&'a str),
    Name(&'a str),
    At(usize),
}

/// A place in a file.
pub(super) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    key: Key<'a>,
}

impl<'a> Place<'a> {
    pub fn root(file: &'a str) -> Self {
        Place { above: None, key: Key::File(file) }
    }

    pub fn name(&'a self, name: &'a str) -> Self {
        Place { above: Some(self), key: Key::Name(name) }
    }

    pub fn at(&'a self, index: usize) -> Self {
        Place { above: Some(self), key: Key::At(index) }
    }

    pub fn refuse(&self, what: impl Into<String>, advice: impl Into<String>) -> Refusal {
        Refusal::bad(what, advice).at(self.to_string())
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(out)?;
        }
        match self.key {
            Key::File(name) => write!(out, "{name}#"),
            Key::Name(name) => write!(out, "/{}", name.replace('~', "~0").replace('/', "~1")),
            Key::At(index) => write!(out, "/{index}"),
        }
    }
}
