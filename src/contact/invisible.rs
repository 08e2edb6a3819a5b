/// Whether a character takes no room or is a blank that isn't white space to Unicode: nobody who looks
/// at a cell can see it, and none of them belongs to a value that identifies somebody.
///
/// Format characters, variation selectors, fillers, tags and joiners (Unicode's
/// `Default_Ignorable_Code_Point`, DerivedCoreProperties.txt 16.0), and beyond that property the
/// Braille blank and the interlinear marks. Neither white space nor control characters are among them.
pub fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The text without white space and invisible characters at its ends, but for those that choose the form
/// of the character before them: the color of an emoji, the variant of a Han character in a name.
#[inline]
pub fn trim_unseen(text: &str) -> &str {
    // Most texts begin and end with a letter or digit of ASCII.
    if let (Some(first), Some(last)) = (text.as_bytes().first(), text.as_bytes().last())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return text;
    }
    trimmed(text)
}

fn trimmed(text: &str) -> &str {
    let unseen = |character: char| character.is_whitespace() || is_invisible(character);
    let text = text.trim_start_matches(unseen);
    let end = text.trim_end_matches(unseen).len();
    if !text[..end].chars().next_back().is_some_and(has_forms) {
        return &text[..end];
    }
    let forms = text[end..].chars().take_while(|character| chooses_form(*character)).map(char::len_utf8).sum::<usize>();
    &text[..end + forms]
}

fn chooses_form(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Symbols and Han characters.
fn has_forms(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
        || (!character.is_ascii() && !character.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_see_is_known() {
        for character in [
            '\u{ad}',
            '\u{180e}',
            '\u{200b}',
            '\u{200f}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{2069}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert!(is_invisible(character), "U+{:04X}", u32::from(character));
        }
        for character in
            ['a', 'é', ' ', '\n', '\0', '\u{1b}', '\u{a0}', '\u{3000}', '\u{85}', '½', '한', '\u{301}', '👩']
        {
            assert!(!is_invisible(character), "U+{:04X}", u32::from(character));
        }
    }

    #[test]
    fn the_ends_are_cleaned_and_the_middle_is_left() {
        assert_eq!(trim_unseen("\u{feff} \u{200e}👩\u{200d}👧\u{200b}\u{a0}"), "👩\u{200d}👧");
        assert_eq!(trim_unseen("José\u{fe0f}\u{ad}"), "José");
        assert_eq!(trim_unseen("\u{3164}\u{2800}"), "");
    }

    #[test]
    fn what_chooses_the_form_of_a_character_stays_with_it() {
        // A red heart is a heart and U+FE0F; a name may be written with one variant of a Han character.
        assert_eq!(trim_unseen("Ana ❤\u{fe0f}\u{200b} "), "Ana ❤\u{fe0f}");
        assert_eq!(trim_unseen("辻\u{e0100}"), "辻\u{e0100}");
    }
}
