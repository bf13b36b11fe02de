//! Cycles in a graph: strongly connected parts, without recursion, in linear
//! time.

use std::collections::VecDeque;

use foldhash::HashMap;

/// A graph over names; nodes keep the order in which they were first seen.
#[derive(Default)]
pub struct Graph<'a> {
    places: HashMap<&'a str, usize>,
    names: Vec<&'a str>,
    next: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn place(&mut self, name: &'a str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.names.push(name);
        self.next.push(Vec::new());
        self.places.insert(name, self.names.len() - 1);
        self.names.len() - 1
    }

    /// Adds an arrow.
    pub fn arrow(&mut self, from: &'a str, to: &'a str) {
        let (from, to) = (self.place(from), self.place(to));
        self.next[from].push(to);
    }

    /// One shortest cycle through the first node of every part in which each
    /// node reaches each other one. Arrows from a node to itself do not count.
    pub fn cycles(&self) -> Vec<Vec<&'a str>> {
        let part = self.parts();
        let mut sizes: HashMap<usize, usize> = HashMap::default();
        part.iter().for_each(|id| *sizes.entry(*id).or_default() += 1);
        let mut cycles = Vec::new();
        for start in 0..self.names.len() {
            // The first node of a part speaks for it.
            if sizes.remove(&part[start]).is_some_and(|size| size > 1) {
                cycles.push(self.around(start, &part));
            }
        }
        cycles
    }

    fn around(&self, start: usize, part: &[usize]) -> Vec<&'a str> {
        let mut from: HashMap<usize, usize> = HashMap::default();
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            for next in self.next[at].iter().copied().filter(|next| part[*next] == part[start] && *next != at) {
                if next == start {
                    let mut cycle = vec![self.names[at]];
                    let mut back = at;
                    while let Some(before) = from.get(&back) {
                        back = *before;
                        cycle.push(self.names[back]);
                    }
                    cycle.reverse();
                    return cycle;
                }
                from.entry(next).or_insert_with(|| {
                    queue.push_back(next);
                    at
                });
            }
        }
        vec![self.names[start]]
    }

    /// For each node the number of its strongly connected part: the order in
    /// which a walk leaves the nodes, then a walk against the arrows in the
    /// reverse of it.
    fn parts(&self) -> Vec<usize> {
        let count = self.names.len();
        let mut back: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (from, all) in self.next.iter().enumerate() {
            all.iter().for_each(|to| back[*to].push(from));
        }
        let mut left: Vec<usize> = Vec::with_capacity(count);
        let mut seen = vec![false; count];
        for start in 0..count {
            let mut path = if std::mem::replace(&mut seen[start], true) { vec![] } else { vec![(start, 0)] };
            while let Some((at, arrow)) = path.last_mut() {
                match self.next[*at].get(*arrow) {
                    Some(next) => {
                        *arrow += 1;
                        if !std::mem::replace(&mut seen[*next], true) {
                            path.push((*next, 0));
                        }
                    }
                    None => {
                        left.push(*at);
                        path.pop();
                    }
                }
            }
        }
        let mut part = vec![usize::MAX; count];
        for start in left.into_iter().rev() {
            let mut open = if part[start] == usize::MAX { vec![start] } else { vec![] };
            while let Some(at) = open.pop() {
                if part[at] == usize::MAX {
                    part[at] = start;
                    open.extend(back[at].iter().copied().filter(|next| part[*next] == usize::MAX));
                }
            }
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles(arrows: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut graph = Graph::default();
        arrows.iter().for_each(|(from, to)| graph.arrow(from, to));
        graph.cycles().into_iter().map(|cycle| cycle.join(" ")).collect()
    }

    #[test]
    fn cycles_are_found_once_and_shortest() {
        assert!(cycles(&[("a", "b"), ("b", "c"), ("a", "c"), ("a", "a")]).is_empty());
        assert_eq!(cycles(&[("a", "b"), ("b", "c"), ("c", "a"), ("b", "a")]), ["a b"]);
        assert_eq!(cycles(&[("x", "a"), ("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]), ["a b", "c d"]);
    }

    #[test]
    fn a_long_cycle_does_not_need_the_stack() {
        let names: Vec<String> = (0..200_000).map(|number| number.to_string()).collect();
        let mut graph = Graph::default();
        for place in 0..names.len() {
            graph.arrow(&names[place], &names[(place + 1) % names.len()]);
        }
        let found = graph.cycles();
        assert_eq!((found.len(), found[0].len()), (1, 200_000));
    }
}
