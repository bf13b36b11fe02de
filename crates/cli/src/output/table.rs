//! Aligned columns.

use std::fmt::Write;

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use crate::output::text::{DIM, plain};

const GAP: &str = "  ";

/// One cell: a line of text and how it looks.
pub struct Cell {
    text: String,
    style: Style,
}

/// A cell without a style.
pub fn cell(text: impl AsRef<str>) -> Cell {
    styled(text, Style::new())
}

/// A cell with a style.
pub fn styled(text: impl AsRef<str>, style: Style) -> Cell {
    Cell { text: plain(text.as_ref()).into_owned(), style }
}

/// Lays out rows under their headings; every column as wide as its widest cell.
pub fn table<const N: usize>(headings: [&str; N], rows: Vec<[Cell; N]>) -> String {
    let mut widths = headings.map(UnicodeWidthStr::width);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.text.width());
        }
    }
    let mut out = String::new();
    line(&mut out, &headings.map(|heading| styled(heading, DIM)), &widths);
    for row in &rows {
        line(&mut out, row, &widths);
    }
    out
}

fn line(out: &mut String, cells: &[Cell], widths: &[usize]) {
    let last = cells.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or(0);
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate().take(last + 1) {
        let style = cell.style;
        // Writing to a string cannot fail.
        let _ = write!(out, "{style}{}{style:#}", cell.text);
        if index < last {
            let padding = width - cell.text.width();
            let _ = write!(out, "{}{GAP}", " ".repeat(padding));
        }
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_also_with_wide_characters_and_without_trailing_space() {
        let rows = vec![[cell("建築"), cell("1")], [cell("a"), cell("")], [cell("long name"), cell("22")]];
        let text = anstream::adapter::strip_str(&table(["NAME", "N"], rows)).to_string();
        assert_eq!(text, "NAME       N\n建築       1\na\nlong name  22\n");
    }
}
