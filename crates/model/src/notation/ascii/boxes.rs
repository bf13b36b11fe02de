//! The boxes of a picture, what is nested in what, and the text in them. Right
//! borders may stand a little off, as they do where people draw by hand.

use std::collections::HashSet;

use super::canvas::{Canvas, Cell, EAST, Marks, NORTH, SOUTH, WEST};

/// The most boxes that are read.
const BOXES: usize = 2_000;
/// How far a right border may stand off, in columns.
const OFF: usize = 3;

/// A box.
pub(super) struct Frame {
    pub top: usize,
    pub left: usize,
    pub bottom: usize,
    pub right: usize,
    /// Text in the upper border.
    pub title: String,
    /// The box around it, by index.
    pub parent: Option<usize>,
    pub holds_boxes: bool,
    /// Rows with a line from border to border.
    dividers: Vec<usize>,
    /// The column of the right border, for each row between the borders.
    ends: Vec<usize>,
}

/// The boxes of a picture, from the top, and whose cells are whose.
pub(super) struct Boxes {
    pub frames: Vec<Frame>,
    /// The box whose border a cell is, counted from 1.
    pub borders: Marks,
    /// The innermost box that a cell is in, counted from 1.
    pub owners: Marks,
    /// Rows at which tables begin.
    pub tables: Vec<usize>,
}

impl Boxes {
    pub fn find(canvas: &Canvas) -> Boxes {
        let mut seen = HashSet::new();
        let mut frames = Vec::new();
        for row in 0..canvas.height() {
            for column in 0..canvas.width(row) {
                let is_corner = is_corner(canvas, (row, column)) && !seen.contains(&(row, column));
                if is_corner && frames.len() < BOXES {
                    frames.extend(trace(canvas, (row, column), &mut seen));
                }
            }
        }
        let (tables, frames): (Vec<Frame>, Vec<Frame>) = frames.into_iter().partition(|frame| is_table(canvas, frame));
        let tables = tables.iter().map(|frame| frame.top).collect();
        let mut boxes = Boxes { frames, borders: Marks::new(canvas), owners: Marks::new(canvas), tables };
        boxes.claim(canvas);
        boxes
    }

    /// Smaller boxes claim their borders first, larger ones their inside.
    fn claim(&mut self, canvas: &Canvas) {
        let area = |frame: &Frame| (frame.bottom - frame.top) * (frame.right - frame.left);
        let mut order: Vec<usize> = (0..self.frames.len()).collect();
        order.sort_by_key(|index| area(&self.frames[*index]));
        for index in &order {
            self.claim_border(canvas, *index);
        }
        for index in order.into_iter().rev() {
            let frame = &self.frames[index];
            let parent = self.owners.get((frame.top, frame.left)).checked_sub(1).map(|parent| parent as usize);
            for (offset, end) in frame.ends.iter().enumerate() {
                for column in frame.left + 1..*end {
                    self.owners.set((frame.top + 1 + offset, column), index as u32 + 1);
                }
            }
            // Nesting goes from the top down, so that a parent comes first.
            let parent = parent.filter(|parent| *parent < index);
            self.frames[index].parent = parent;
            if let Some(parent) = parent {
                self.frames[parent].holds_boxes = true;
            }
        }
    }

    fn claim_border(&mut self, canvas: &Canvas, index: usize) {
        let Frame { top, left, bottom, right, ref dividers, .. } = self.frames[index];
        let mark = index as u32 + 1;
        for row in [top, bottom].iter().chain(dividers) {
            for column in left..=right {
                self.borders.set((*row, column), mark);
            }
        }
        let mut ends = Vec::with_capacity(bottom - top);
        for row in top + 1..bottom {
            self.borders.set((row, left), mark);
            let is_free = |column: &usize| {
                let cell = (row, *column);
                let mine = matches!(self.borders.get(cell), 0) || self.borders.get(cell) == mark;
                *column > left && mine && canvas.links(cell) & (NORTH | SOUTH) != 0
            };
            let near = (0..=OFF).flat_map(|off| [right + off, right.saturating_sub(off)]);
            let end = near.filter(is_free).min_by_key(|column| column.abs_diff(right));
            if let Some(end) = end {
                self.borders.set((row, end), mark);
            }
            ends.push(end.unwrap_or(right));
        }
        self.frames[index].ends = ends;
    }

    /// The text of a box: its ruled parts, the cells of each, their lines.
    pub fn parts(&self, canvas: &Canvas, taken: &Marks, index: usize) -> Vec<Vec<Vec<String>>> {
        let frame = &self.frames[index];
        let mut parts = vec![Vec::new()];
        for (offset, end) in frame.ends.iter().enumerate() {
            let row = frame.top + 1 + offset;
            if frame.dividers.binary_search(&row).is_ok() {
                parts.push(Vec::new());
                continue;
            }
            let keep = |cell: Cell| {
                self.owners.get(cell) == index as u32 + 1 && self.borders.get(cell) == 0 && taken.get(cell) == 0
            };
            let cells = cells(canvas, row, frame.left + 1, *end, &keep);
            let Some(part) = parts.last_mut() else { continue };
            for (place, text) in cells.into_iter().enumerate() {
                if part.len() <= place {
                    part.push(Vec::new());
                }
                if !text.is_empty() {
                    part[place].push(text);
                }
            }
        }
        parts
    }
}

/// The texts of a row between lines from top to bottom.
fn cells(canvas: &Canvas, row: usize, from: usize, to: usize, keep: &dyn Fn(Cell) -> bool) -> Vec<String> {
    let mut cells = Vec::new();
    let mut start = from;
    for column in from..to.min(canvas.width(row)) {
        let is_rule = keep((row, column)) && canvas.links((row, column)) == NORTH | SOUTH;
        if is_rule {
            cells.push(canvas.text(row, start, column, keep).trim().to_owned());
            start = column + 1;
        }
    }
    cells.push(canvas.text(row, start, to, keep).trim().to_owned());
    cells
}

/// Whether a box of `+` and `-` is ruled in both directions.
fn is_table(canvas: &Canvas, frame: &Frame) -> bool {
    let is_ascii = canvas.at((frame.top, frame.left)) == '+';
    let inner = |row: usize| (frame.left + 1..frame.right).filter(|column| canvas.at((row, *column)) == '+').count();
    is_ascii && inner(frame.top) > 0 && frame.dividers.iter().any(|row| inner(*row) == inner(frame.top))
}

/// The upper left corner of a box.
fn is_corner(canvas: &Canvas, cell: Cell) -> bool {
    let links = canvas.links(cell);
    match canvas.at(cell) {
        '+' => links & (EAST | SOUTH) == EAST | SOUTH && matches!(canvas.at((cell.0, cell.1 + 1)), '-' | '='),
        _ => links == EAST | SOUTH,
    }
}

/// Follows the border of a box from its upper left corner. Cells that belong to
/// it and look like corners are not tried again.
fn trace(canvas: &Canvas, (top, left): Cell, seen: &mut HashSet<Cell>) -> Option<Frame> {
    let upper = edge(canvas, (top, left))?;
    let mut dividers = Vec::new();
    let mut row = top + 1;
    let lower = loop {
        let cell = (row, left);
        let links = canvas.links(cell);
        if links & NORTH == 0 || row >= canvas.height() {
            return None;
        }
        let is_ascii = canvas.at(cell) == '+';
        if is_ascii {
            seen.insert(cell);
        }
        let goes_on = links & SOUTH != 0;
        if links & EAST != 0
            && let Some(edge) = edge(canvas, cell).filter(|edge| edge.end.abs_diff(upper.end) <= OFF)
        {
            if !goes_on {
                break edge;
            }
            dividers.push(row);
        } else if goes_on && rule(canvas, cell).is_some_and(|end| end.abs_diff(upper.end) <= OFF) {
            dividers.push(row);
        } else if !goes_on {
            return None;
        }
        row += 1;
    };
    let mut title = upper.text;
    title.truncate(title.trim_end().len());
    let right = upper.end.max(lower.end);
    for row in [&[top][..], &dividers, &[row]].concat() {
        seen.extend((left + 1..=right).map(|column| (row, column)).filter(|cell| canvas.at(*cell) == '+'));
    }
    Some(Frame {
        top,
        left,
        bottom: row,
        right,
        title: title.trim_start().to_owned(),
        parent: None,
        holds_boxes: false,
        dividers,
        ends: Vec::new(),
    })
}

/// The end of a line such as `|-----|`, which rules a box into parts.
fn rule(canvas: &Canvas, (row, left): Cell) -> Option<usize> {
    let is_drawn = |column: &usize| canvas.links((row, *column)) == EAST | WEST;
    let end = left + 1 + (left + 1..canvas.width(row)).take_while(is_drawn).count();
    (end > left + 1 && canvas.links((row, end)) & (NORTH | SOUTH) != 0).then_some(end)
}

/// The right end of an upper or lower border, and the text in it.
struct Edge {
    end: usize,
    text: String,
}

fn edge(canvas: &Canvas, (row, left): Cell) -> Option<Edge> {
    let mut text = String::new();
    if canvas.links((row, left + 1)) & WEST == 0 && canvas.head((row, left + 1)).is_none() {
        return None;
    }
    for column in left + 1..canvas.width(row) {
        let cell = (row, column);
        let links = canvas.links(cell);
        if canvas.head(cell).is_some() {
            continue;
        }
        let is_end = links & WEST != 0 && links & EAST == 0;
        if is_end {
            return Some(Edge { end: column, text });
        }
        if links != 0 && links & WEST == 0 {
            // Another box, or a line from top to bottom.
            return None;
        }
        if links == 0 {
            text.push(canvas.at(cell));
        }
    }
    None
}
