//! Keys that sort: between any two there is room for another, and adding at
//! the end makes keys grow with the logarithm of their number. The form is
//! that of David Greenspan's “Implementing Fractional Indexing”: a letter that
//! says how many digits the whole part has, the whole part, and a fraction.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The key of the first record of all.
const FIRST: &str = "a0";

/// A key after `before` and before `after`; an absent one is the end of the
/// line. `None` when there is no room: both are the same, in the wrong order,
/// or no keys at all.
pub fn between(before: Option<&str>, after: Option<&str>) -> Option<String> {
    match (before, after) {
        (None, None) => Some(FIRST.into()),
        (Some(before), None) => following(before),
        (None, Some(after)) => preceding(after),
        (Some(before), Some(after)) if before < after => {
            let (whole, fraction) = split(before)?;
            let (next_whole, next_fraction) = split(after)?;
            if whole == next_whole {
                return Some(format!("{whole}{}", middle(fraction, Some(next_fraction))?));
            }
            let up = step(whole, true)?;
            if up.as_str() < after { Some(up) } else { Some(format!("{whole}{}", middle(fraction, None)?)) }
        }
        _ => None,
    }
}

fn following(key: &str) -> Option<String> {
    let (whole, fraction) = split(key)?;
    step(whole, true).or_else(|| Some(format!("{whole}{}", middle(fraction, None)?)))
}

fn preceding(key: &str) -> Option<String> {
    let (whole, fraction) = split(key)?;
    if !fraction.is_empty() {
        return Some(whole.to_owned());
    }
    step(whole, false)
}

/// Digits of the whole part, from its letter: `a` one, `b` two …, and below
/// them `Z` one, `Y` two ….
fn digits_after(letter: u8) -> Option<usize> {
    match letter {
        b'a'..=b'z' => Some(usize::from(letter - b'a') + 1),
        b'A'..=b'Z' => Some(usize::from(b'Z' - letter) + 1),
        _ => None,
    }
}

fn split(key: &str) -> Option<(&str, &str)> {
    let digits = digits_after(*key.as_bytes().first()?)?;
    let valid =
        key.bytes().all(|byte| DIGITS.contains(&byte)) && key.len() > digits && !key[1 + digits..].ends_with('0');
    valid.then(|| key.split_at(1 + digits))
}

fn step(whole: &str, up: bool) -> Option<String> {
    let bytes = whole.as_bytes();
    let (letter, digits) = bytes.split_first()?;
    let mut digits: Vec<usize> =
        digits.iter().map(|byte| DIGITS.iter().position(|digit| digit == byte)).collect::<Option<_>>()?;
    let (full, empty) = if up { (61, 0) } else { (0, 61) };
    for digit in digits.iter_mut().rev() {
        if *digit == full {
            *digit = empty;
            continue;
        }
        *digit = if up { *digit + 1 } else { *digit - 1 };
        return Some(spell(*letter, &digits));
    }
    let letter = match (letter, up) {
        (b'Z', true) => b'a',
        (b'a', false) => b'Z',
        (b'z', true) | (b'A', false) => return None,
        (letter, true) => letter + 1,
        (letter, false) => letter - 1,
    };
    Some(spell(letter, &vec![empty; digits_after(letter)?]))
}

fn spell(letter: u8, digits: &[usize]) -> String {
    std::iter::once(letter).chain(digits.iter().map(|digit| DIGITS[*digit])).map(char::from).collect()
}

/// A fraction between two, the second being 1 when absent; never ends in 0.
fn middle(low: &str, high: Option<&str>) -> Option<String> {
    let value = |byte: Option<&u8>| byte.and_then(|byte| DIGITS.iter().position(|digit| digit == byte));
    let (mut low, mut high) = (low.as_bytes(), high.map(str::as_bytes));
    let mut out = String::new();
    loop {
        let a = value(low.first()).unwrap_or(0);
        let b = match high {
            Some(high) => value(high.first()).unwrap_or(0),
            None => 62,
        };
        if b > a + 1 {
            out.push(char::from(DIGITS[(a + b) / 2]));
            return Some(out);
        }
        if a > b || out.len() > 1_000 {
            return None;
        }
        out.push(char::from(DIGITS[a]));
        low = low.get(1..).unwrap_or_default();
        high = if a == b { Some(high.and_then(|high| high.get(1..)).unwrap_or_default()) } else { None };
        if high.is_some_and(<[u8]>::is_empty) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn adding_at_the_end_keeps_keys_short() {
        let mut key = between(None, None).unwrap();
        for _ in 0..100_000 {
            let next = between(Some(&key), None).unwrap();
            assert!(next > key);
            key = next;
        }
        assert!(key.len() <= 5, "{key}");
        assert!(between(Some("b"), None).is_none() && between(Some("a1"), Some("a1")).is_none());
    }

    proptest! {
        #![proptest_config(crate::properties::same_each_time(256))]

        #[test]
        fn there_is_always_room(places in proptest::collection::vec(0usize..1000, 1..200)) {
            let mut keys: Vec<String> = Vec::new();
            for place in places {
                let at = place % (keys.len() + 1);
                let before = at.checked_sub(1).map(|at| keys[at].as_str());
                let key = between(before, keys.get(at).map(String::as_str)).unwrap();
                keys.insert(at, key);
                prop_assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
            }
        }
    }
}
