//! The arrows of flowcharts.

use crate::notation::label_part;
use crate::notation::mermaid::Cursor;

/// An arrow and what is written at it.
#[derive(Debug, PartialEq)]
pub(super) struct Arrow<'a> {
    pub label: &'a str,
    pub dotted: bool,
    /// It only pushes nodes apart.
    pub invisible: bool,
    pub backward: bool,
    pub forward: bool,
}

/// The line of an arrow, or the first half of one with text in the middle.
struct Line {
    length: usize,
    mark: char,
    backward: bool,
    forward: bool,
    whole: bool,
}

/// Reads an arrow: `-->`, `-->|text|`, `-- text -->` and their relatives.
pub(super) fn take<'a>(cursor: &mut Cursor<'a>) -> Option<Arrow<'a>> {
    let first = line(cursor.rest())?;
    let before = *cursor;
    cursor.advance(first.length);
    let mut arrow = Arrow {
        label: "",
        dotted: first.mark == '.',
        invisible: first.mark == '~',
        backward: first.backward,
        forward: first.forward,
    };
    if first.whole {
        arrow.label = take_piped(cursor).unwrap_or("");
        return Some(arrow);
    }
    let Some((text, second)) = until(cursor.rest(), first.mark) else {
        *cursor = before;
        return None;
    };
    arrow.label = cursor.advance(text).trim();
    arrow.forward = second.forward;
    cursor.advance(second.length);
    Some(arrow)
}

/// The line at the beginning of a text. Three marks, or two and a head, make a
/// whole one.
fn line(text: &str) -> Option<Line> {
    let left = text.starts_with(['<', 'x', 'o']);
    let body = &text[usize::from(left)..];
    let run = |mark: char, text: &str| text.len() - text.trim_start_matches(mark).len();
    let head = |text: &str| text.starts_with(['>', 'x', 'o']);
    let (mark, marks, closed) = if body.starts_with('~') {
        ('~', run('~', body), true)
    } else if body.starts_with("==") {
        ('=', run('=', body), true)
    } else if body.starts_with("--") {
        ('-', run('-', body), true)
    } else {
        let dash = usize::from(body.starts_with('-'));
        let dots = run('.', &body[dash..]);
        if dots == 0 || (dash == 0 && !body[dots..].starts_with('-')) {
            return None;
        }
        let closed = body[dash + dots..].starts_with('-');
        ('.', dash + dots + usize::from(closed), closed)
    };
    let has_head = closed && head(&body[marks..]);
    let whole = match mark {
        '.' => closed,
        '~' => marks >= 3,
        _ => marks >= 3 || has_head,
    };
    if mark == '~' && !whole {
        return None;
    }
    let length = usize::from(left) + marks + usize::from(has_head);
    let (backward, forward) = (text.starts_with('<'), has_head && !body[marks..].starts_with(['x', 'o']));
    // Crosses and circles are no heads that point anywhere.
    Some(Line { length, mark, backward, forward, whole })
}

/// The text up to the second half of an arrow, and that half.
fn until(text: &str, mark: char) -> Option<(usize, Line)> {
    let text = label_part(text);
    let blank = text.len() - text.trim_start().len();
    let quoted = text[blank..].strip_prefix('"').and_then(|inside| inside.find('"')).map(|end| blank + end + 2);
    let mut at = quoted.unwrap_or(0);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    while at < end {
        let found = at + text[at..end].find(['-', '=', '.'])?;
        let run = &text[found..end];
        // The arrow may begin one character earlier, with its other head.
        let early = text[..found].chars().next_back().filter(|c| *c == '<').map_or(0, char::len_utf8);
        let second = line(&text[found - early..end]).filter(|line| line.whole && line.mark == mark);
        if let Some(second) = second {
            return Some((found - early, second));
        }
        let dash = usize::from(run.starts_with("-."));
        let c = run[dash..].chars().next()?;
        at = found + dash + (run.len() - dash - run[dash..].trim_start_matches(c).len());
    }
    None
}

fn take_piped<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let before = *cursor;
    cursor.skip_blank();
    if !cursor.eat("|") {
        *cursor = before;
        return None;
    }
    let rest = label_part(cursor.rest());
    let blank = rest.len() - rest.trim_start().len();
    let quoted = rest[blank..].strip_prefix('"').and_then(|inside| inside.find('"')).map(|end| blank + end + 2);
    let closed = quoted.filter(|end| rest[*end..].trim_start().starts_with('|'));
    let length = closed.or_else(|| rest.find(['|', '\n']).filter(|end| rest[*end..].starts_with('|')));
    let Some(length) = length else {
        *cursor = before;
        return None;
    };
    let label = cursor.advance(length);
    cursor.skip_white();
    cursor.eat("|");
    Some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_are_read_in_every_form() {
        for (text, label, looks) in [
            ("-->", "", "f"),
            ("---->", "", "f"),
            ("---", "", ""),
            ("==>", "", "f"),
            ("===", "", ""),
            ("-.->", "", "fd"),
            ("-..->", "", "fd"),
            ("-.-", "", "d"),
            ("<-->", "", "bf"),
            ("<-.->", "", "bfd"),
            ("--x", "", ""),
            ("o--o", "", ""),
            ("~~~", "", "i"),
            ("-->|a b|", "a b", "f"),
            ("--> |\"a|b\"|", "\"a|b\"", "f"),
            ("-- a-b -->", "a-b", "f"),
            ("--a-->", "a", "f"),
            ("== a ==>", "a", "f"),
            ("-. v1.2 .->", "v1.2", "fd"),
            ("-- \"a --> b\" ---", "\"a --> b\"", ""),
            ("<-- a -->", "a", "bf"),
        ] {
            let mut cursor = Cursor { text, at: 0, line: 1 };
            let arrow = take(&mut cursor).unwrap_or_else(|| panic!("{text} is no arrow"));
            assert_eq!(cursor.rest(), "", "{text}");
            let mut read = String::new();
            for (is, c) in [(arrow.backward, 'b'), (arrow.forward, 'f'), (arrow.dotted, 'd'), (arrow.invisible, 'i')] {
                read.extend(is.then_some(c));
            }
            assert_eq!((arrow.label, read.as_str()), (label, looks), "{text}");
        }
        for text in ["-", "->", "--", "-- a", "= a", "x", "..", "~~", "-.", "-. a ->"] {
            assert_eq!(take(&mut Cursor { text, at: 0, line: 1 }), None, "{text}");
        }
    }
}
