//! What a word that no name has was meant to be: words of names that are one
//! or two typos away.

use rusqlite::Connection;

use super::Word;
use crate::error::Result;

/// Shorter words are taken as they are: too many others are near them.
const SHORTEST: usize = 4;
/// Words from this length on may have two typos.
const TWO_TYPOS: usize = 6;
/// Longer words are taken as they are: nobody types them.
const LONGEST: usize = 32;
/// Words that one word is taken for, at most.
const MEANT: usize = 8;

/// Words of names that come nearest to this one, those that are used most
/// first; none when a name has the word itself.
///
/// # Errors
/// SQLite's.
pub(super) fn meant(conn: &Connection, word: &Word) -> Result<Vec<String>> {
    let typed: Vec<char> = word.folded.chars().collect();
    let fits = (SHORTEST..=LONGEST).contains(&typed.len()) && can_be_mistyped(&word.folded);
    if !fits || is_in_a_name(conn, word)? {
        return Ok(Vec::new());
    }
    let mut nearest = if typed.len() < TWO_TYPOS { 1 } else { 2 };
    let mut found: Vec<(i64, String)> = Vec::new();
    let mut distance = Distance::to(&typed);
    let mut statement = conn.prepare_cached("SELECT word, uses FROM name_words")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let candidate = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let Some(typos) = distance.of(candidate, word.unfinished, nearest) else { continue };
        if typos < nearest {
            nearest = typos;
            found.clear();
        }
        found.push((row.get(1)?, candidate.to_owned()));
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.truncate(MEANT);
    Ok(found.into_iter().map(|(_, word)| word).collect())
}

/// Whether a word of a name is worth remembering: another number is another
/// thing and not a typo.
pub(super) fn can_be_mistyped(word: &str) -> bool {
    !word.chars().any(char::is_numeric)
}

fn is_in_a_name(conn: &Connection, word: &Word) -> Result<bool> {
    let (from, to) = word.range();
    Ok(conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM name_words WHERE word >= ?1 AND word <= ?2)")?
        .query_row([from, &to], |row| row.get(0))?)
}

/// The distance of Damerau and Levenshtein to one word: letters left out, too
/// many, wrong, or two neighbours in the wrong order.
pub(super) struct Distance<'a> {
    typed: &'a [char],
    letters: u64,
    word: Vec<char>,
    /// The row before the last, the last, and the current one.
    rows: [Vec<usize>; 3],
}

impl<'a> Distance<'a> {
    pub(super) fn to(typed: &'a [char]) -> Self {
        let letters = typed.iter().fold(0, |letters, c| letters | letter(*c));
        Distance { typed, letters, word: Vec::new(), rows: [Vec::new(), Vec::new(), Vec::new()] }
    }

    /// How many typos away a word is, or the beginning of it when what was
    /// typed is unfinished; `None` when more than `limit`.
    pub(super) fn of(&mut self, word: &str, unfinished: bool, limit: usize) -> Option<usize> {
        self.word.clear();
        // An unfinished word is compared with as much of the other as it can reach.
        let reach = self.typed.len() + limit;
        self.word.extend(word.chars().take(reach + 1));
        let too_long = self.word.len() > reach;
        if (too_long && !unfinished) || self.word.len() + limit < self.typed.len() {
            return None;
        }
        // Each letter that the word has not is a typo.
        let letters = self.word.iter().fold(0, |letters, c| letters | letter(*c));
        if (self.letters & !letters).count_ones() as usize > limit {
            return None;
        }
        let width = self.word.len() + 1;
        for row in &mut self.rows {
            row.clear();
            row.resize(width, 0);
        }
        self.rows[1] = (0..width).collect();
        for (index, c) in self.typed.iter().enumerate() {
            if self.fill(index, *c) > limit {
                return None;
            }
            self.rows.rotate_left(1);
        }
        let last = &self.rows[1];
        let typos = if unfinished { last.iter().min() } else { last.last() };
        typos.copied().filter(|typos| *typos <= limit)
    }

    /// Fills the row of one typed letter; returns the smallest number in it.
    fn fill(&mut self, index: usize, c: char) -> usize {
        let [earlier, above, row] = &mut self.rows;
        row[0] = index + 1;
        let mut least = row[0];
        for at in 1..row.len() {
            let other = self.word[at - 1];
            let mut best = (above[at] + 1).min(row[at - 1] + 1).min(above[at - 1] + usize::from(c != other));
            let swapped = index > 0 && at > 1 && c == self.word[at - 2] && self.typed[index - 1] == other;
            if swapped {
                best = best.min(earlier[at - 2] + 1);
            }
            row[at] = best;
            least = least.min(best);
        }
        least
    }
}

/// A bit for each letter; some share one.
fn letter(c: char) -> u64 {
    1 << (u32::from(c) % 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typos(typed: &str, word: &str, unfinished: bool) -> Option<usize> {
        let typed: Vec<char> = typed.chars().collect();
        Distance::to(&typed).of(word, unfinished, 2)
    }

    #[test]
    fn typos_are_counted() {
        for (typed, word, count) in [
            ("search", "search", Some(0)),
            ("serach", "search", Some(1)),
            ("databse", "database", Some(1)),
            ("datbaase", "database", Some(1)),
            ("dtaabsae", "database", Some(2)),
            ("checkkout", "checkout", Some(1)),
            ("gatewey", "gateway", Some(1)),
            ("abcd", "wxyz", None),
            ("order", "orders-and-more", None),
        ] {
            assert_eq!(typos(typed, word, false), count, "{typed} {word}");
        }
        assert_eq!(typos("chekc", "checkout", true), Some(1));
        assert_eq!(typos("chekc", "checkout", false), None);
    }

    /// The textbook's table, whole and without limits.
    fn plain(a: &[char], b: &[char]) -> usize {
        let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
        for (i, row) in d.iter_mut().enumerate() {
            row[0] = i;
        }
        d[0] = (0..=b.len()).collect();
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                d[i][j] =
                    (d[i - 1][j] + 1).min(d[i][j - 1] + 1).min(d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    d[i][j] = d[i][j].min(d[i - 2][j - 2] + 1);
                }
            }
        }
        d[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn short_cuts_change_no_distance(typed in "[a-d]{1,7}", word in "[a-d]{0,9}", limit in 1_usize..3) {
            let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), word.chars().collect());
            let whole = plain(&a, &b);
            prop_assert_eq!(Distance::to(&a).of(&word, false, limit), (whole <= limit).then_some(whole));
            let part = (0..=b.len()).map(|length| plain(&a, &b[..length])).min().unwrap();
            prop_assert_eq!(Distance::to(&a).of(&word, true, limit), (part <= limit).then_some(part));
        }
    }
}
