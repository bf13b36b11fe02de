//! A text as a grid of columns, and what its characters draw.

/// Up, as a bit.
pub(super) const NORTH: u8 = 1;
/// Right, as a bit.
pub(super) const EAST: u8 = 2;
/// Down, as a bit.
pub(super) const SOUTH: u8 = 4;
/// Left, as a bit.
pub(super) const WEST: u8 = 8;
/// All directions.
pub(super) const DIRECTIONS: [u8; 4] = [NORTH, EAST, SOUTH, WEST];

/// The second column of a wide character.
const FILLER: char = '\0';
/// Columns up to the next stop of a tab.
const TAB: usize = 4;

/// A row and a column.
pub(super) type Cell = (usize, usize);

/// The characters by row and column.
pub(super) struct Canvas {
    rows: Vec<Vec<char>>,
}

/// Numbers for the cells of a canvas; 0 where there is none.
pub(super) struct Marks {
    rows: Vec<Vec<u32>>,
}

impl Marks {
    pub fn new(canvas: &Canvas) -> Marks {
        Marks { rows: canvas.rows.iter().map(|row| vec![0; row.len()]).collect() }
    }

    pub fn get(&self, (row, column): Cell) -> u32 {
        self.rows.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0)
    }

    pub fn set(&mut self, (row, column): Cell, mark: u32) {
        if let Some(cell) = self.rows.get_mut(row).and_then(|row| row.get_mut(column)) {
            *cell = mark;
        }
    }
}

/// The cell next to one.
pub(super) fn next((row, column): Cell, direction: u8) -> Option<Cell> {
    match direction {
        NORTH => Some((row.checked_sub(1)?, column)),
        SOUTH => Some((row + 1, column)),
        WEST => Some((row, column.checked_sub(1)?)),
        _ => Some((row, column + 1)),
    }
}

/// The other way.
pub(super) fn opposite(direction: u8) -> u8 {
    match direction {
        NORTH => SOUTH,
        SOUTH => NORTH,
        EAST => WEST,
        _ => EAST,
    }
}

impl Canvas {
    pub fn new(text: &str) -> Canvas {
        let row = |line: &str| {
            let mut row = Vec::with_capacity(line.len());
            for c in line.chars() {
                match (c, width(c)) {
                    ('\t', _) => row.resize((row.len() / TAB + 1) * TAB, ' '),
                    (_, 0) => {}
                    (c, 2) => row.extend([c, FILLER]),
                    (c, _) => row.push(c),
                }
            }
            row
        };
        Canvas { rows: text.lines().map(row).collect() }
    }

    pub fn height(&self) -> usize {
        self.rows.len()
    }

    pub fn width(&self, row: usize) -> usize {
        self.rows.get(row).map_or(0, Vec::len)
    }

    /// A space where nothing is.
    pub fn at(&self, (row, column): Cell) -> char {
        self.rows.get(row).and_then(|row| row.get(column)).copied().unwrap_or(' ')
    }

    fn beside(&self, cell: Cell, direction: u8) -> char {
        next(cell, direction).map_or(' ', |cell| self.at(cell))
    }

    /// Where the line in a cell leads; 0 when it is no line. Letters of ASCII
    /// are lines only next to others.
    pub fn links(&self, cell: Cell) -> u8 {
        let c = self.at(cell);
        let near = |direction: u8, others: &str| {
            let beside = self.beside(cell, direction);
            others.contains(beside) || drawn(beside) & opposite(direction) != 0
        };
        match c {
            '-' | '=' if near(WEST, "-=+<") || near(EAST, "-=+>") => EAST | WEST,
            '|' if near(NORTH, "|+-=^") || near(SOUTH, "|+-=vV") => NORTH | SOUTH,
            '+' if near(WEST, "-=") || near(EAST, "-=") || near(NORTH, "|") || near(SOUTH, "|") => {
                let sides = [(NORTH, "|+^"), (EAST, "-=+>"), (SOUTH, "|+vV"), (WEST, "-=+<")];
                sides.into_iter().filter(|(side, others)| near(*side, others)).map(|(side, _)| side).sum()
            }
            c => drawn(c),
        }
    }

    /// Where the arrow head in a cell points to.
    pub fn head(&self, cell: Cell) -> Option<u8> {
        let is_line = |direction: u8, others: &str| {
            let beside = self.beside(cell, direction);
            others.contains(beside) || drawn(beside) & opposite(direction) != 0
        };
        let in_word = || [EAST, WEST].iter().any(|side| self.beside(cell, *side).is_alphanumeric());
        match self.at(cell) {
            '▼' | '▽' | '↓' | '⇓' | '⬇' | '▾' => Some(SOUTH),
            '▲' | '△' | '↑' | '⇑' | '⬆' | '▴' => Some(NORTH),
            '►' | '▶' | '→' | '⇒' | '▷' | '➜' | '⮕' | '▸' => Some(EAST),
            '◄' | '◀' | '←' | '⇐' | '◁' | '⬅' | '◂' => Some(WEST),
            'v' | 'V' if is_line(NORTH, "|+") && !in_word() => Some(SOUTH),
            '^' if is_line(SOUTH, "|+") && !in_word() => Some(NORTH),
            '>' if is_line(WEST, "-=+") => Some(EAST),
            '<' if is_line(EAST, "-=+") => Some(WEST),
            _ => None,
        }
    }

    /// Whether a line that comes from the opposite of this direction goes on in
    /// the cell: a line that leads back, or a head.
    pub fn takes_from(&self, cell: Cell, direction: u8) -> bool {
        match self.head(cell) {
            Some(head) => head == direction || head == opposite(direction),
            None => self.links(cell) & opposite(direction) != 0,
        }
    }

    /// The text between two columns of a row, the second one excluded.
    pub fn text(&self, row: usize, from: usize, to: usize, keep: impl Fn(Cell) -> bool) -> String {
        let shown = |column: usize| if keep((row, column)) { self.at((row, column)) } else { ' ' };
        (from..to.min(self.width(row))).map(shown).filter(|c| *c != FILLER).collect()
    }
}

/// Where the lines of a drawing character lead.
fn drawn(c: char) -> u8 {
    match c {
        '─' | '━' | '═' | '┄' | '┅' | '┈' | '┉' | '╌' | '╍' | '╼' | '╾' => EAST | WEST,
        '│' | '┃' | '║' | '┆' | '┇' | '┊' | '┋' | '╎' | '╏' | '╽' | '╿' => NORTH | SOUTH,
        '┌'..='┏' | '╔' | '╒' | '╓' | '╭' => EAST | SOUTH,
        '┐'..='┓' | '╗' | '╕' | '╖' | '╮' => SOUTH | WEST,
        '└'..='┗' | '╚' | '╘' | '╙' | '╰' => NORTH | EAST,
        '┘'..='┛' | '╝' | '╛' | '╜' | '╯' => NORTH | WEST,
        '├'..='┣' | '╠' | '╞' | '╟' => NORTH | EAST | SOUTH,
        '┤'..='┫' | '╣' | '╡' | '╢' => NORTH | SOUTH | WEST,
        '┬'..='┳' | '╦' | '╤' | '╥' => EAST | SOUTH | WEST,
        '┴'..='┻' | '╩' | '╧' | '╨' => NORTH | EAST | WEST,
        '┼'..='╋' | '╬' | '╪' | '╫' => NORTH | EAST | SOUTH | WEST,
        _ => 0,
    }
}

/// Whether a character draws a broken line.
pub(super) fn is_dashed(c: char) -> bool {
    matches!(c, '┄' | '┅' | '┈' | '┉' | '╌' | '╍' | '┆' | '┇' | '┊' | '┋' | '╎' | '╏')
}

/// How many columns a character takes: those of East Asia and pictures two,
/// marks that join others none.
fn width(c: char) -> usize {
    match u32::from(c) {
        0..=8 | 0x0B..=0x1F | 0x7F..=0x9F => 0,
        0x300..=0x36F | 0x200B..=0x200F | 0x20D0..=0x20F0 | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F | 0xE0100..=0xE01EF => 0,
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0x33FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA000..=0xA4CF => 2,
        0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 => 2,
        0x1F1E6..=0x1F1FF | 0x1F300..=0x1F64F | 0x1F680..=0x1F6FF | 0x1F900..=0x1F9FF | 0x1FA70..=0x1FAFF => 2,
        0x20000..=0x3FFFD | 0x2705 | 0x274C | 0x2728 | 0x26A1 | 0x2B50 | 0x23F0 | 0x231A..=0x231B => 2,
        _ => 1,
    }
}
