//! A QR code in the terminal: two modules a character.

use anstyle::{AnsiColor, Color, Style};
use qrcodegen::{QrCode, QrCodeEcc};

/// The quiet margin that scanners need, in modules.
const MARGIN: i32 = 2;
/// Dark on light whatever the terminal's colours are; scanners expect it.
const INK: Style =
    Style::new().fg_color(Some(Color::Ansi(AnsiColor::Black))).bg_color(Some(Color::Ansi(AnsiColor::BrightWhite)));

/// Draws a code; nothing when the text does not fit into one.
pub fn draw(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let range = -MARGIN..code.size() + MARGIN;
    let mut out = String::new();
    for y in range.clone().step_by(2) {
        let line: String = range.clone().map(|x| block(code.get_module(x, y), code.get_module(x, y + 1))).collect();
        out += &format!("{INK}{line}{INK:#}\n");
    }
    Some(out)
}

fn block(upper: bool, lower: bool) -> char {
    match (upper, lower) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_drawn_inside_a_quiet_margin() {
        let code = QrCode::encode_text("drystone", QrCodeEcc::Low).unwrap();
        let text = anstream::adapter::strip_str(&draw("drystone").unwrap()).to_string();
        let rows: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        assert!(rows[0].iter().all(|c| *c == ' '));
        for y in 0..code.size() {
            for x in 0..code.size() {
                let drawn = rows[((y + MARGIN) / 2) as usize][(x + MARGIN) as usize];
                let halves = if (y + MARGIN) % 2 == 0 { ['█', '▀'] } else { ['█', '▄'] };
                assert_eq!(halves.contains(&drawn), code.get_module(x, y), "module {x}, {y}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        assert!(draw(&"x".repeat(10_000)).is_none());
    }
}
