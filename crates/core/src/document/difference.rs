//! The fewest deletions and insertions that lead from one list to another.

/// What to do with the next item.
#[derive(Debug, PartialEq)]
pub(super) enum Step<'a> {
    Keep(&'a str),
    Delete(&'a str),
    Insert(&'a str),
}

/// By the longest common subsequence, between what both have at their start
/// and end. Where the product of the lengths in between is above `limit`, all
/// of it is replaced.
pub(super) fn difference<'a>(old: &[&'a str], new: &[&'a str], limit: usize) -> Vec<Step<'a>> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tails = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = tails.take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let mut steps: Vec<Step<'a>> = old[..start].iter().map(|item| Step::Keep(item)).collect();
    if a.len().saturating_mul(b.len()) > limit {
        steps.extend(a.iter().map(|item| Step::Delete(item)));
        steps.extend(b.iter().map(|item| Step::Insert(item)));
    } else {
        steps.extend(common_subsequence(a, b));
    }
    steps.extend(old[old.len() - end..].iter().map(|item| Step::Keep(item)));
    steps
}

fn common_subsequence<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<Step<'a>> {
    let width = b.len() + 1;
    let mut best = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            best[i * width + j] = if a[i] == b[j] {
                best[(i + 1) * width + j + 1] + 1
            } else {
                best[(i + 1) * width + j].max(best[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut steps) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            steps.push(Step::Keep(a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && best[(i + 1) * width + j] >= best[i * width + j + 1]) {
            steps.push(Step::Delete(a[i]));
            i += 1;
        } else {
            steps.push(Step::Insert(b[j]));
            j += 1;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_change_by_the_fewest_edits() {
        let list = |text: &'static str| text.split("").filter(|item| !item.is_empty()).collect::<Vec<_>>();
        for (old, new, edits) in
            [("abc", "abc", 0), ("abc", "axc", 2), ("abcd", "bcde", 2), ("", "ab", 2), ("ab", "", 2)]
        {
            let (old, new) = (list(old), list(new));
            let steps = difference(&old, &new, 100);
            assert_eq!(steps.iter().filter(|step| !matches!(step, Step::Keep(_))).count(), edits, "{old:?} → {new:?}");
        }
        assert_eq!(difference(&list("axxb"), &list("ayyb"), 3).len(), 6, "what is long is replaced");
    }
}
