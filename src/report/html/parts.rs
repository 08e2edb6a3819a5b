//! Small pieces that several parts of a page are made of.

use maud::{Markup, html};

use super::super::NextStep;

/// A share of the width, for SVG.
pub(super) fn percent(share: f64) -> String {
    format!("{share:.2}%")
}

/// A square in the colour of a part of a picture. The name stands beside it.
pub(super) fn swatch(name: &str) -> Markup {
    html! { svg.swatch aria-hidden="true" width="12" height="12" { rect class=(name) x="1" y="1" width="10" height="10" {} } " " }
}

/// Words with what stands between backticks set as code.
pub(super) fn with_code(words: &str) -> Markup {
    html! {
        @for (index, part) in words.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// What a person would do next, the most urgent first.
pub fn steps_list(steps: &[NextStep]) -> Markup {
    html! { ul.steps { @for step in steps { li { (with_code(&step.to_string())) } } } }
}
