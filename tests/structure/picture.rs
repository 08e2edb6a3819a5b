//! The picture of the rooms in `docs/pictures/`, drawn from the code's own imports.
//!
//! `ROLO_WRITE_PAGES=1` draws it anew; `ROLO_PICTURE_OF` draws the checkout in that folder instead, into
//! the file that `ROLO_PICTURE` names.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::rooms::{self, Rooms};

const WIDTH: f64 = 1280.0;
const HEIGHT: f64 = 64.0;
const BETWEEN_FLOORS: f64 = 46.0;
const TOP: f64 = 64.0;
/// About the width of a letter at 11 px.
const LETTER: f64 = 6.3;

/// Where a room is drawn: left, top, width.
type Places<'a> = BTreeMap<&'a str, (f64, f64, f64)>;

fn draw(title: &str, rooms: &Rooms) -> String {
    let arrows = rooms::told_by_no_other(rooms);
    let (places, bottom) = places(rooms, &arrows);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <title>{title}</title>\n<style>\n.room {{ fill: #e8eff7; stroke: #40566b }}\n.circle {{ fill: #fdebd8; stroke: #d9730d; stroke-width: 3 }}\n\
         .arrow {{ fill: none; stroke: #6b7d8f }}\n.name {{ font-size: 14px; font-weight: bold }}\n.small {{ fill: #44535f }}\n</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
         <path d=\"M0,0 L8,4 L0,8 z\" fill=\"#6b7d8f\"/></marker></defs>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n\
         <text class=\"name\" x=\"20\" y=\"26\">{title}</text>\n\
         <text class=\"small\" x=\"20\" y=\"44\">A room is as wide as it has lines of code. It stands above those that it imports; an arrow that a longer way implies is left out. Orange: files that import each other in a circle.</text>\n",
        height = bottom + 20.0,
    );
    for (from, to) in &arrows {
        let ((x1, y1, w1), (x2, y2, w2)) = (places[from.as_str()], places[to.as_str()]);
        let (start, end) = (x1 + w1 / 2.0, x2 + w2 / 2.0);
        let (out, into) = if y1 < y2 { (y1 + HEIGHT, y2) } else { (y1, y2 + HEIGHT) };
        // The ends lie on the part of both rooms that faces the other.
        let start = end.clamp(x1 + 12.0, x1 + w1 - 12.0) * 0.4 + start * 0.6;
        let end = start.clamp(x2 + 12.0, x2 + w2 - 12.0) * 0.6 + end * 0.4;
        let middle = f64::midpoint(out, into);
        writeln!(
            svg,
            "<path class=\"arrow\" marker-end=\"url(#tip)\" d=\"M{start:.0},{out:.0} C{start:.0},{middle:.0} {end:.0},{middle:.0} {end:.0},{into:.0}\"/>"
        )
        .unwrap();
    }
    for (name, room) in rooms {
        let (x, y, w) = places[name.as_str()];
        let class = if room.has_circle { "circle" } else { "room" };
        let imports = room.imports.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        writeln!(
            svg,
            "<g><title>{name} imports: {imports}</title><rect class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{w:.0}\" height=\"{HEIGHT}\"/>\
             <text class=\"name\" x=\"{tx:.0}\" y=\"{ty:.0}\">{name}</text>\
             <text class=\"small\" x=\"{end:.0}\" y=\"{ty:.0}\" text-anchor=\"end\">{lines}</text>{purpose}</g>",
            tx = x + 8.0,
            ty = y + 19.0,
            end = x + w - 8.0,
            lines = room.lines,
            purpose = purpose(&room.purpose, x + 8.0, y + 36.0, w - 16.0),
        )
        .unwrap();
    }
    svg.push_str("</svg>\n");
    svg
}

/// At most two lines of what a room is for.
fn purpose(text: &str, x: f64, y: f64, width: f64) -> String {
    let mut lines = vec![String::new()];
    for word in text.replace('`', "").split_whitespace() {
        let line = lines.last_mut().unwrap();
        #[allow(clippy::cast_precision_loss, reason = "a line of text")]
        let fits = (line.len() + 1 + word.len()) as f64 * LETTER <= width;
        if !line.is_empty() && !fits {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    if lines.len() > 2 {
        lines.truncate(2);
        lines[1].push_str(" …");
    }
    let escaped = |line: &str| line.replace('&', "&amp;").replace('<', "&lt;");
    lines.iter().zip([y, y + 14.0]).fold(String::new(), |mut text, (line, y)| {
        write!(text, "<text class=\"small\" x=\"{x:.0}\" y=\"{y:.0}\">{}</text>", escaped(line)).unwrap();
        text
    })
}

/// Rooms of a floor stand side by side, each as near as may be below those that import it.
fn places<'a>(rooms: &'a Rooms, arrows: &[(String, String)]) -> (Places<'a>, f64) {
    let floors = rooms::floors(rooms);
    let highest = floors.values().copied().max().unwrap_or(0);
    let mut places = Places::new();
    let mut y = TOP;
    for floor in (0..=highest).rev() {
        let mut row: Vec<(f64, &str, f64)> = rooms
            .iter()
            .filter(|(name, _)| floors[*name] == floor)
            .map(|(name, room)| {
                let above: Vec<f64> = arrows
                    .iter()
                    .filter(|(_, to)| to == name)
                    .filter_map(|(from, _)| places.get(from.as_str()).map(|(x, _, w)| x + w / 2.0))
                    .collect();
                #[allow(clippy::cast_precision_loss, reason = "rooms are counted in tens, lines in thousands")]
                let (wanted, width) = (
                    if above.is_empty() { WIDTH / 2.0 } else { above.iter().sum::<f64>() / above.len() as f64 },
                    110.0 + room.lines as f64 / 32.0,
                );
                (wanted, name.as_str(), width)
            })
            .collect();
        row.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(other.1)));
        let wide: f64 = row.iter().map(|(_, _, width)| width).sum();
        #[allow(clippy::cast_precision_loss, reason = "rooms are counted in tens")]
        let gap = ((WIDTH - 40.0 - wide) / (row.len() + 1) as f64).max(8.0);
        let mut x = 20.0 + gap;
        for (_, name, width) in row {
            places.insert(name, (x, y, width));
            x += width + gap;
        }
        y += HEIGHT + BETWEEN_FLOORS;
    }
    (places, y - BETWEEN_FLOORS)
}

/// What each room imports, by the picture.
fn imports_drawn(svg: &str) -> Vec<&str> {
    svg.split("<g><title>").skip(1).filter_map(|room| room.split("</title>").next()).collect()
}

#[test]
fn the_picture_of_the_rooms_shows_what_they_import_today() {
    if let Some(other) = std::env::var_os("ROLO_PICTURE_OF") {
        let file = std::env::var_os("ROLO_PICTURE").expect("ROLO_PICTURE names the file");
        return std::fs::write(file, draw("The rooms of the first version", &rooms::read(Path::new(&other)))).unwrap();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file: PathBuf = root.join("docs/pictures/rooms.svg");
    let drawn = draw("The rooms of rolo", &rooms::read(root));
    if std::env::var_os("ROLO_WRITE_PAGES").is_some() {
        std::fs::write(&file, &drawn).unwrap();
    }
    let shown = std::fs::read_to_string(&file).unwrap();
    assert_eq!(imports_drawn(&shown), imports_drawn(&drawn), "just pages draws it anew");
    assert!(!shown.contains("<rect class=\"circle\""));
}
