//! The icons in all sizes and containers, from two drawings: the wall, and a
//! simpler one whose joints fall on whole pixels for the smallest sizes.

use std::path::{Path, PathBuf};

use crate::package::tauri_cli;
use crate::shell::{Result, read_bytes, run, target_dir, write_file};

const WALL: &str = "icons/drystone.svg";
const SMALL: &str = "icons/drystone-small.svg";

/// Up to this size the simpler drawing is used.
const MAX_SMALL: u32 = 20;

/// Sizes in Windows' container.
const ICO_SIZES: &[u32] = &[16, 20, 24, 32, 48, 64, 128, 256];

/// Sizes in Apple's container, with the names it has for them (1x and 2x).
const ICNS_SIZES: &[(&[u8; 4], u32)] = &[
    (b"icp4", 16),
    (b"icp5", 32),
    (b"ic11", 32),
    (b"ic12", 64),
    (b"ic07", 128),
    (b"ic13", 256),
    (b"ic08", 256),
    (b"ic14", 512),
    (b"ic09", 512),
    (b"ic10", 1024),
];

/// PNG files for Linux packages and the window, by name.
const PNG_FILES: &[(&str, u32)] = &[
    ("16x16.png", 16),
    ("32x32.png", 32),
    ("64x64.png", 64),
    ("128x128.png", 128),
    ("128x128@2x.png", 256),
    ("512x512.png", 512),
];

/// Draws everything anew.
pub fn generate() -> Result<()> {
    let drawn = target_dir().join("xtask/icons");
    draw(WALL, |size| size > MAX_SMALL, &drawn)?;
    draw(SMALL, |size| size <= MAX_SMALL, &drawn)?;
    let png = |size: u32| read_bytes(drawn.join(format!("{size}x{size}.png")));

    for (name, size) in PNG_FILES {
        write_file(Path::new("icons").join(name), png(*size)?)?;
    }
    let ico = ICO_SIZES.iter().map(|size| Ok((*size, png(*size)?))).collect::<Result<Vec<_>>>()?;
    write_file("icons/icon.ico", ico_file(&ico))?;
    let icns = ICNS_SIZES.iter().map(|(kind, size)| Ok((**kind, png(*size)?))).collect::<Result<Vec<_>>>()?;
    write_file("icons/icon.icns", icns_file(&icns))?;
    println!("icons/ is drawn anew.");
    Ok(())
}

fn draw(drawing: &str, wanted: fn(u32) -> bool, into: &PathBuf) -> Result<()> {
    let mut sizes: Vec<u32> = ICO_SIZES.to_vec();
    sizes.extend(ICNS_SIZES.iter().map(|(_, size)| size));
    sizes.extend(PNG_FILES.iter().map(|(_, size)| size));
    sizes.sort_unstable();
    sizes.dedup();
    let mut command = tauri_cli();
    command.args(["icon", drawing, "--output"]).arg(into);
    for size in sizes.into_iter().filter(|size| wanted(*size)) {
        command.args(["--png", &size.to_string()]);
    }
    run(&mut command)
}

/// Windows' container: a directory of images, each a PNG.
fn ico_file(images: &[(u32, Vec<u8>)]) -> Vec<u8> {
    const HEADER: usize = 6;
    const ENTRY: usize = 16;
    let mut file = vec![0, 0, 1, 0];
    file.extend((images.len() as u16).to_le_bytes());
    let mut offset = HEADER + ENTRY * images.len();
    for (size, png) in images {
        // 0 means 256.
        let side = if *size >= 256 { 0 } else { *size as u8 };
        file.extend([side, side, 0, 0]);
        file.extend(1u16.to_le_bytes());
        file.extend(32u16.to_le_bytes());
        file.extend((png.len() as u32).to_le_bytes());
        file.extend((offset as u32).to_le_bytes());
        offset += png.len();
    }
    file.extend(images.iter().flat_map(|(_, png)| png));
    file
}

/// Apple's container: the total length, then each image by its name.
fn icns_file(images: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, png) in images {
        body.extend(kind);
        body.extend((png.len() as u32 + 8).to_be_bytes());
        body.extend(png);
    }
    let mut file = b"icns".to_vec();
    file.extend((body.len() as u32 + 8).to_be_bytes());
    file.extend(body);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ico_points_at_its_images() {
        let file = ico_file(&[(16, b"first".to_vec()), (256, b"second".to_vec())]);
        let offset = |entry: usize| u32::from_le_bytes(file[6 + 16 * entry + 12..][..4].try_into().unwrap()) as usize;
        assert_eq!(&file[offset(0)..][..5], b"first");
        assert_eq!(&file[offset(1)..], b"second");
        assert_eq!((file[6], file[6 + 16]), (16, 0));
    }

    #[test]
    fn icns_counts_its_own_length() {
        let file = icns_file(&[(*b"ic07", vec![1, 2, 3])]);
        assert_eq!(u32::from_be_bytes(file[4..8].try_into().unwrap()) as usize, file.len());
        assert_eq!(u32::from_be_bytes(file[12..16].try_into().unwrap()), 11);
    }
}
