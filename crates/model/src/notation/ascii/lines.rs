//! The lines between boxes, and the text at them.

use std::collections::HashMap;

use super::boxes::Boxes;
use super::canvas::{Canvas, Cell, DIRECTIONS, EAST, Marks, NORTH, SOUTH, WEST, is_dashed, next, opposite};

/// How long a text may be that interrupts a line, in columns.
const GAP: usize = 60;
/// How many rows a text may have that interrupts a line.
const ROWS: usize = 3;
/// How far text may stand from the line it belongs to, in columns.
const BESIDE: usize = 3;

/// A line between two boxes.
pub(super) struct Connector {
    pub from: usize,
    pub to: usize,
    pub both: bool,
    pub dashed: bool,
    pub label: String,
    pub row: usize,
}

/// What was found.
pub(super) struct Found {
    pub connectors: Vec<Connector>,
    /// Cells of lines between boxes and of their labels.
    pub taken: Marks,
    /// Rows of lines that lead from a box to nowhere.
    pub loose: Vec<usize>,
}

/// A piece of line with all that hangs together.
#[derive(Default)]
struct Net {
    cells: Vec<Cell>,
    /// Boxes it touches, and whether with a head.
    touches: Vec<(usize, bool)>,
    /// Texts that interrupt it: row, first column, column after the last.
    gaps: Vec<(usize, usize, usize)>,
}

/// Finds every line between boxes.
pub(super) fn find(canvas: &Canvas, boxes: &Boxes) -> Found {
    let search = Search { canvas, boxes, jumps: jumps(canvas, boxes) };
    let mut seen = Marks::new(canvas);
    let mut found = Found { connectors: Vec::new(), taken: Marks::new(canvas), loose: Vec::new() };
    let mut nets = Vec::new();
    for row in 0..canvas.height() {
        for column in 0..canvas.width(row) {
            let cell = (row, column);
            if search.is_line(cell) && seen.get(cell) == 0 {
                let net = search.follow(cell, &mut seen);
                let mut boxes: Vec<usize> = net.touches.iter().map(|(index, _)| *index).collect();
                boxes.sort_unstable();
                boxes.dedup();
                match boxes.len() {
                    0 => {}
                    1 if net.touches.len() == 1 && net.cells.len() > 1 => found.loose.push(row),
                    1 => {}
                    _ => nets.push(net),
                }
            }
        }
    }
    for net in &nets {
        for cell in &net.cells {
            found.taken.set(*cell, 1);
        }
    }
    for net in nets {
        search.connect(&net, &mut found);
    }
    found
}

struct Search<'a> {
    canvas: &'a Canvas,
    boxes: &'a Boxes,
    /// Where a line goes on after a text in it, both ways.
    jumps: HashMap<(Cell, u8), Cell>,
}

impl Search<'_> {
    fn is_line(&self, cell: Cell) -> bool {
        is_line(self.canvas, self.boxes, cell)
    }

    fn follow(&self, start: Cell, seen: &mut Marks) -> Net {
        let mut net = Net::default();
        let mut waiting = vec![start];
        seen.set(start, 1);
        while let Some(cell) = waiting.pop() {
            net.cells.push(cell);
            let head = self.canvas.head(cell);
            let links = head.map_or_else(|| self.canvas.links(cell), |head| head | opposite(head));
            for direction in DIRECTIONS.into_iter().filter(|direction| links & direction != 0) {
                let is_tip = head == Some(direction);
                let Some(beside) = next(cell, direction) else { continue };
                if let Some(touched) = self.touched(beside, direction, is_tip) {
                    let points = is_tip || self.canvas.head(touched.1) == Some(direction);
                    if !net.touches.contains(&(touched.0, points)) {
                        net.touches.push((touched.0, points));
                    }
                    continue;
                }
                let jump = self.jumps.get(&(cell, direction)).copied();
                let on =
                    if self.is_line(beside) && self.canvas.takes_from(beside, direction) { Some(beside) } else { jump };
                let Some(on) = on else { continue };
                if jump == Some(on) && direction == EAST {
                    net.gaps.push((cell.0, cell.1 + 1, on.1));
                } else if jump == Some(on) && direction == SOUTH {
                    net.gaps.extend((cell.0 + 1..on.0).map(|row| self.run_at(row, cell.1)));
                }
                if seen.get(on) == 0 {
                    seen.set(on, 1);
                    waiting.push(on);
                }
            }
        }
        net
    }

    /// The box whose border is here; a head may stand one step before it.
    fn touched(&self, cell: Cell, direction: u8, is_tip: bool) -> Option<(usize, Cell)> {
        let at = |cell: Cell| self.boxes.borders.get(cell).checked_sub(1).map(|index| (index as usize, cell));
        let further = || next(cell, direction).filter(|_| is_tip && self.canvas.at(cell) == ' ');
        at(cell).or_else(|| further().and_then(at))
    }

    /// The text around a column of a row, as far as single spaces hold it together.
    fn run_at(&self, row: usize, column: usize) -> (usize, usize, usize) {
        let is_text = |column: usize| self.is_text((row, column));
        let (mut from, mut to) = (column, column);
        while from > 0 && (is_text(from - 1) || (from > 1 && is_text(from - 2))) {
            from -= 1;
        }
        while is_text(to) || is_text(to + 1) {
            to += 1;
        }
        (row, from, to)
    }

    fn is_text(&self, cell: Cell) -> bool {
        let c = self.canvas.at(cell);
        c != ' ' && self.boxes.borders.get(cell) == 0 && !self.is_line(cell)
    }

    fn connect(&self, net: &Net, found: &mut Found) {
        let label = self.label(net, found);
        let dashed = net.cells.iter().any(|cell| is_dashed(self.canvas.at(*cell)));
        let row = net.cells.iter().map(|cell| cell.0).min().unwrap_or(0);
        let boxes = |points: bool| -> Vec<usize> {
            net.touches.iter().filter(|(_, is)| *is == points).map(|(index, _)| *index).collect()
        };
        let (mut sources, mut targets) = (boxes(false), boxes(true));
        sources.sort_unstable();
        let both = sources.is_empty();
        if both {
            // Heads at all ends: between the first and every other.
            sources.extend(targets.pop());
        } else if targets.is_empty() {
            targets = sources.split_off(1);
        }
        for from in &sources {
            for to in targets.iter().filter(|to| *to != from) {
                if found.connectors.len() < crate::notation::PARTS {
                    let label = label.clone();
                    found.connectors.push(Connector { from: *from, to: *to, both, dashed, label, row });
                }
            }
        }
    }

    /// The text at a line: in it, beside what runs down, above what runs across.
    fn label(&self, net: &Net, found: &mut Found) -> String {
        let mut places = net.gaps.clone();
        if places.is_empty() {
            places.extend(net.cells.iter().filter_map(|cell| self.beside(*cell, &found.taken)));
        }
        if places.is_empty() {
            places.extend(self.above(net, &found.taken));
        }
        places.sort_unstable();
        places.dedup();
        let mut label = Vec::new();
        for (row, from, to) in places {
            let text = self.canvas.text(row, from, to, |cell| found.taken.get(cell) == 0);
            for column in from..to {
                found.taken.set((row, column), 1);
            }
            label.extend(text.split_whitespace().map(str::to_owned));
        }
        label.join(" ")
    }

    fn beside(&self, (row, column): Cell, taken: &Marks) -> Option<(usize, usize, usize)> {
        if self.canvas.links((row, column)) != NORTH | SOUTH {
            return None;
        }
        let owner = self.boxes.owners.get((row, column));
        let fits = |column: &usize| {
            let cell = (row, *column);
            self.is_text(cell) && taken.get(cell) == 0 && self.boxes.owners.get(cell) == owner
        };
        let right = (column + 1..=column + BESIDE).find(fits);
        let left = || (column.saturating_sub(BESIDE)..column).rev().find(fits);
        right.or_else(left).map(|column| self.run_at(row, column))
    }

    /// The text over a line that runs across.
    fn above(&self, net: &Net, taken: &Marks) -> Option<(usize, usize, usize)> {
        for (row, column) in net.cells.iter().filter(|cell| self.canvas.links(**cell) == EAST | WEST) {
            let cell = (row.checked_sub(1)?, *column);
            let same = self.boxes.owners.get(cell) == self.boxes.owners.get((*row, *column));
            if same && self.is_text(cell) && taken.get(cell) == 0 {
                return Some(self.run_at(cell.0, cell.1));
            }
        }
        None
    }
}

fn is_line(canvas: &Canvas, boxes: &Boxes, cell: Cell) -> bool {
    boxes.borders.get(cell) == 0 && (canvas.links(cell) != 0 || canvas.head(cell).is_some())
}

/// Where lines are interrupted by text and go on behind it.
fn jumps(canvas: &Canvas, boxes: &Boxes) -> HashMap<(Cell, u8), Cell> {
    let mut jumps = HashMap::new();
    let mut join = |from: Cell, to: Cell, direction: u8| {
        jumps.insert((from, direction), to);
        jumps.insert((to, opposite(direction)), from);
    };
    for row in 0..canvas.height() {
        let mut end: Option<(usize, bool)> = None;
        for column in 0..canvas.width(row) {
            let cell = (row, column);
            if is_line(canvas, boxes, cell) {
                if let Some((from, true)) = end.filter(|(from, _)| column - from <= GAP)
                    && canvas.takes_from(cell, EAST)
                {
                    join((row, from), cell, EAST);
                }
                let leads_on = canvas.takes_from(cell, WEST);
                end = leads_on.then_some((column, false));
                join_down(canvas, boxes, cell, &mut join);
            } else if boxes.borders.get(cell) != 0 {
                end = None;
            } else if canvas.at(cell) != ' ' {
                end = end.map(|(from, _)| (from, true));
            }
        }
    }
    jumps
}

fn join_down(canvas: &Canvas, boxes: &Boxes, cell: Cell, join: &mut dyn FnMut(Cell, Cell, u8)) {
    if !canvas.takes_from(cell, NORTH) || is_line(canvas, boxes, (cell.0 + 1, cell.1)) {
        return;
    }
    let mut has_text = false;
    for row in cell.0 + 1..=cell.0 + ROWS + 1 {
        let below = (row, cell.1);
        if boxes.borders.get(below) != 0 {
            return;
        }
        if is_line(canvas, boxes, below) {
            if has_text && canvas.takes_from(below, SOUTH) {
                join(cell, below, SOUTH);
            }
            return;
        }
        has_text |= (cell.1.saturating_sub(1)..=cell.1 + 1).any(|column| canvas.at((row, column)) != ' ');
    }
}
