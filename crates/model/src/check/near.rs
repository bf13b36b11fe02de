//! Words that come near a mistyped one, for advice.

/// The most letters that may differ.
const DISTANCE: usize = 3;
/// Longer words are not compared.
const LENGTH: usize = 80;

/// Up to three candidates that come near, the nearest first.
pub fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if word.len() > LENGTH {
        return Vec::new();
    }
    let word = word.to_lowercase();
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LENGTH)
        .filter_map(|candidate| {
            let apart = distance(&word, candidate);
            let within = apart <= DISTANCE.min(candidate.len() / 2) || (word.len() > 2 && candidate.contains(&word));
            within.then_some((apart, candidate))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// Advice that names what comes near, or else everything.
pub fn advice(word: &str, candidates: &[&str]) -> String {
    let near = near(word, candidates.iter().copied());
    if near.is_empty() {
        format!("Take one of {}.", candidates.join(", "))
    } else {
        format!("Did you mean {}?", near.join(" or "))
    }
}

/// How many letters must be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_near_is_named_first() {
        let words = ["stale-days", "max-depth", "layers"];
        assert_eq!(near("stale_days", words), ["stale-days"]);
        assert_eq!(near("depth", words), ["max-depth"]);
        assert!(near("colour", words).is_empty());
        assert!(advice("colour", &words).contains("layers"));
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
