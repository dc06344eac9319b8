//! Rows of cells in columns.

use super::{Style, Ui};

impl Ui {
    /// Prints rows of cells in columns; each cell with how it is emphasised.
    pub fn table(&self, rows: &[Vec<(String, Option<Style>)>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|(text, _)| text.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let mut line = String::new();
            let last = row.len().saturating_sub(1);
            for (column, (text, style)) in row.iter().enumerate() {
                let pad =
                    if column == last { 0 } else { widths[column] - text.chars().count() + 2 };
                match style {
                    Some(style) => line.push_str(&self.styled(*style, text)),
                    None => line.push_str(text),
                }
                line.push_str(&" ".repeat(pad));
            }
            self.line(line.trim_end());
        }
    }
}
