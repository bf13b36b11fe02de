//! A QR code as an SVG image: squares only, nothing that could run.

use qrcodegen::{QrCode, QrCodeEcc};

use super::CryptoError;

/// White modules around the code, as readers need them.
const QUIET: i32 = 4;

/// Draws a text as a QR code.
///
/// # Errors
/// When the text does not fit into one.
pub fn svg(text: &str) -> Result<String, CryptoError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|_| CryptoError::Form("QR code"))?;
    let size = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in 0..code.size() {
            if code.get_module(x, y) {
                path.push_str(&format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
            }
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{size}\" height=\"{size}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_code_is_squares_on_white() {
        let svg = super::svg("https://relay.example.org/join#1.abc").unwrap();
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"));
        assert!(svg.matches("h1v1h-1z").count() > 100);
        assert!(super::svg(&"x".repeat(5000)).is_err());
    }
}
