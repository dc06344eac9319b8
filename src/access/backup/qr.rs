//! A token as a QR code (ISO/IEC 18004), as SVG and as PNG.

use std::fmt::Write as _;
use std::path::Path;

use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

use super::ProofError;

/// Light modules around the code, so that readers find it.
const QUIET: usize = 4;
/// Pixels of a module in a PNG.
const SCALE: usize = 8;

/// A text as dark and light modules.
pub struct Qr {
    width: usize,
    dark: Zeroizing<Vec<bool>>,
}

impl Qr {
    /// Error correction Q: a quarter of the picture may be lost to folds and stains.
    ///
    /// A token in upper case takes 5.5 bits a character. `None` where the text is longer than a code can hold.
    pub fn new(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::Q).ok()?;
        let width = code.width();
        let dark = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        Some(Self { width, dark: Zeroizing::new(dark) })
    }

    /// The bytes of a picture, as the end of the file's name asks for.
    ///
    /// # Errors
    /// The name ends with neither `.svg` nor `.png`.
    pub fn picture(&self, file: &Path) -> Result<Zeroizing<Vec<u8>>, ProofError> {
        let ends_with = |end: &str| file.extension().is_some_and(|it| it.eq_ignore_ascii_case(end));
        if ends_with("svg") {
            Ok(Zeroizing::new(self.to_svg().as_bytes().to_vec()))
        } else if ends_with("png") {
            Ok(self.to_png())
        } else {
            Err(ProofError::NoPicture(crate::sanitise::native(file)))
        }
    }

    /// Modules of one side, with the quiet zone.
    fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// Whether a module is dark; `x` and `y` begin in the quiet zone.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        matches!((inside(x), inside(y)), (Some(x), Some(y)) if self.dark[y * self.width + x])
    }

    /// One SVG element, which can be in HTML as well.
    pub fn to_svg(&self) -> Zeroizing<String> {
        let side = self.side();
        // A run of dark modules takes about 14 bytes.
        let mut svg = Zeroizing::new(String::with_capacity(256 + 14 * side * side));
        write!(
            svg,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/><path fill="#000" d=""##
        )
        .expect("a String takes any text");
        for y in 0..side {
            for x in (0..side).filter(|&x| self.is_dark(x, y)) {
                write!(svg, "M{x} {y}h1v1h-1z").expect("a String takes any text");
            }
        }
        svg.push_str("\"/></svg>\n");
        svg
    }

    /// A picture of one bit a pixel.
    pub fn to_png(&self) -> Zeroizing<Vec<u8>> {
        let side = self.side() * SCALE;
        let mut rows = Zeroizing::new(Vec::with_capacity(side * side.div_ceil(8)));
        for y in 0..side {
            for byte in 0..side.div_ceil(8) {
                let light = |bit: usize| !self.is_dark((byte * 8 + bit) / SCALE, y / SCALE);
                rows.push((0..8).fold(0, |bits, bit| bits << 1 | u8::from(light(bit))));
            }
        }
        let mut png = Zeroizing::new(Vec::with_capacity(1 << 16));
        let pixels = u32::try_from(side).expect("a code has 177 modules a side at most");
        let mut encoder = png::Encoder::new(&mut *png, pixels, pixels);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&rows)?;
            writer.finish()
        });
        written.expect("a vector takes any bytes");
        png
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_pictures_show_the_same_modules() {
        let qr = Qr::new("GIT-SHROUD-KEY-1").unwrap();
        let side = qr.side();
        let dark: usize = (0..side * side).filter(|at| qr.is_dark(at % side, at / side)).count();
        assert_eq!(qr.to_svg().matches("h1v1h-1z").count(), dark);
        // The three finder patterns begin behind the quiet zone.
        for (x, y) in [(QUIET, QUIET), (side - QUIET - 1, QUIET), (QUIET, side - QUIET - 1)] {
            assert!(qr.is_dark(x, y));
        }
        assert!((0..side).all(|at| !qr.is_dark(at, 0) && !qr.is_dark(side - 1, at)));
        let png = qr.to_png();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&**png)).read_info().unwrap();
        let mut rows = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut rows).unwrap();
        let zeros: u32 = rows.iter().map(|byte| byte.count_zeros()).sum();
        assert_eq!(zeros as usize, dark * SCALE * SCALE);
    }

    #[test]
    fn what_is_too_long_is_no_code() {
        assert!(Qr::new(&"A".repeat(10_000)).is_none());
    }
}
