//! Whether a text contains a word or a phrase, as people see it: whatever the case, the width or the accents' encoding, and not within a longer word.

use icu_normalizer::ComposingNormalizerBorrowed;

/// A text to look for words in.
pub struct Said(String);

impl Said {
    pub fn new(text: &str) -> Self {
        Self(fold(text))
    }

    /// Whether the word or phrase is in it. One without letters, digits or signs is in none.
    pub fn contains(&self, phrase: &str) -> bool {
        let phrase = fold(phrase);
        !phrase.is_empty() && self.0.match_indices(&phrase).any(|(at, found)| stands_alone(&self.0, at, found))
    }
}

/// The same for everything that reads the same: compatible characters composed, one case, single spaces.
fn fold(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    // Up and down again: "ß" is "ss", and a "ς" at a word's end is a "σ".
    let folded: String = composed.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn stands_alone(text: &str, at: usize, found: &str) -> bool {
    let (before, after) = (&text[..at], &text[at + found.len()..]);
    !joined(before.chars().next_back(), found.chars().next()) && !joined(found.chars().next_back(), after.chars().next())
}

/// Whether two neighbours belong to one word.
fn joined(left: Option<char>, right: Option<char>) -> bool {
    let of_word = |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() && !is_unspaced(character));
    of_word(left) && of_word(right)
}

/// Scripts that put no spaces between words: Thai to Lao, Burmese, Khmer, kana, Chinese characters.
fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whatever_its_case_and_whatever_stands_around_it() {
        for (text, phrase) in [
            ("Hello!", "hello"),
            ("¿ayuda?", "AYUDA"),
            ("halo.mau tanya", "halo"),
            ("a  working\nhour", "working hour"),
            ("Straße", "STRASSE"),
            ("ΣΑΣ", "σας"),
            ("cafe\u{301} ya", "CAFÉ"),
            ("ＨＥＬＰ me", "help"),
            ("ada 2 kg", "2 kg"),
            ("👍👍", "👍"),
            ("你好吗", "你好"),
            ("ขอราคาหน่อย", "ราคา"),
            ("что-то цена?", "ЦЕНА"),
        ] {
            assert!(Said::new(text).contains(phrase), "{text} {phrase}");
        }
    }

    #[test]
    fn a_part_of_a_word_is_not_the_word() {
        for (text, phrase) in [
            ("hellos", "hello"),
            ("harganya", "harga"),
            ("shelp", "help"),
            ("help2", "help"),
            ("цены", "цен"),
            ("good working hours", "working hour"),
            ("anything", ""),
            ("any thing", " "),
        ] {
            assert!(!Said::new(text).contains(phrase), "{text} {phrase}");
        }
    }

    #[test]
    fn the_word_is_found_behind_a_longer_one_that_begins_with_it() {
        assert!(Said::new("hellos and hello").contains("hello"));
    }
}
