//! Which encoding a text has that isn't UTF-8: the one in which it reads most like what people write. Texts of tables
//! are short and mostly ASCII, so that a guess by frequent pairs of letters alone goes wrong.
//!
//! Every encoding pays for each character beyond ASCII about the logarithm of how seldom that stands there in a
//! language; the cheapest wins, unless it is a close thing, which [`chardetng`] decides.

use std::collections::HashSet;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, IBM866, ISO_8859_2, ISO_8859_5, ISO_8859_7, ISO_8859_15, KOI8_R, KOI8_U,
    MACINTOSH, SHIFT_JIS, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254,
    WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258, X_MAC_CYRILLIC,
};

use rayon::prelude::*;

use super::charset::Charset;
use super::languages::{CHINESE, JAPANESE, KOREAN, LATIN, OTHERS};

/// Cells that are judged, and bytes of each.
const MOST_CELLS: usize = 3000;
const LONGEST_CELL: usize = 200;
/// Of all cells together: judging them takes a while.
const MOST_BYTES: usize = 40_000;
/// What another encoding must be cheaper by, in all or for each character, to be preferred to the guess by pairs.
const MARGIN: f64 = 5.0;
const MARGIN_OF_ONE: f64 = 0.25;
/// Of a character that hardly anybody writes; of a byte that means nothing.
const STRANGE: f64 = 10.0;
const NOTHING: f64 = 20.0;

/// All that are thought of, with what it costs that they are rare.
const CANDIDATES: [(Charset, f64); 26] = [
    (Charset::Web(WINDOWS_1252), 0.0),
    (Charset::Web(WINDOWS_1251), 1.0),
    (Charset::Web(SHIFT_JIS), 1.0),
    (Charset::Web(GBK), 1.0),
    (Charset::Web(WINDOWS_1250), 1.5),
    (Charset::Web(EUC_KR), 1.5),
    (Charset::Web(BIG5), 2.0),
    (Charset::Web(ISO_8859_15), 2.0),
    (Charset::Web(WINDOWS_1254), 2.5),
    (Charset::Web(WINDOWS_1253), 3.0),
    (Charset::Web(WINDOWS_1256), 2.5),
    (Charset::Web(EUC_JP), 2.5),
    (Charset::Web(WINDOWS_1255), 3.0),
    (Charset::Web(WINDOWS_1257), 3.0),
    (Charset::Web(WINDOWS_874), 3.0),
    (Charset::Web(KOI8_R), 3.5),
    (Charset::Web(ISO_8859_2), 3.0),
    (Charset::Dos850, 3.5),
    (Charset::Web(MACINTOSH), 3.5),
    (Charset::Web(IBM866), 4.0),
    (Charset::Web(KOI8_U), 4.5),
    (Charset::Web(ISO_8859_5), 5.0),
    (Charset::Web(ISO_8859_7), 5.0),
    (Charset::Web(X_MAC_CYRILLIC), 5.0),
    (Charset::Dos852, 5.0),
    (Charset::Web(WINDOWS_1258), 8.0),
];

/// What is collected of a text.
pub(super) struct Guess {
    pairs: chardetng::EncodingDetector,
    cells: HashSet<Vec<u8>>,
    cell: Vec<u8>,
    bytes: usize,
}

impl Default for Guess {
    fn default() -> Self {
        let pairs = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
        Self { pairs, cells: HashSet::new(), cell: Vec::new(), bytes: 0 }
    }
}

impl Guess {
    pub fn take(&mut self, bytes: &[u8]) {
        self.pairs.feed(bytes, false);
        if self.is_full() {
            return;
        }
        for &byte in bytes {
            // None of these is the second byte of a character.
            if matches!(byte, b',' | b';' | b'\t' | b'\n' | b'\r' | b'"') {
                self.end_cell();
            } else if self.cell.len() < LONGEST_CELL {
                self.cell.push(byte);
            }
        }
    }

    fn end_cell(&mut self) {
        let cell = std::mem::take(&mut self.cell);
        let size = cell.len();
        if !self.is_full() && !cell.is_ascii() && self.cells.insert(cell) {
            self.bytes += size;
        }
    }

    fn is_full(&self) -> bool {
        self.cells.len() >= MOST_CELLS || self.bytes >= MOST_BYTES
    }

    /// Once all was taken.
    pub fn end(mut self) -> Charset {
        self.end_cell();
        self.pairs.feed(b"", true);
        let by_pairs = Charset::Web(self.pairs.guess(None, chardetng::Utf8Detection::Deny));
        let mut cells: Vec<&Vec<u8>> = self.cells.iter().collect();
        cells.sort();
        let beyond: usize = cells.iter().map(|cell| cell.iter().filter(|byte| !byte.is_ascii()).count()).sum();
        let of = |&(charset, rare): &(Charset, f64)| (charset, rare + cost(charset, &cells));
        let costs: Vec<(Charset, f64)> = CANDIDATES.par_iter().map(of).collect();
        let Some(&(best, least)) = costs.iter().min_by(|a, b| a.1.total_cmp(&b.1)) else { return by_pairs };
        let of_pairs = costs.iter().find(|(charset, _)| *charset == by_pairs).map_or(f64::INFINITY, |(_, cost)| *cost);
        // Of some encodings the guess by pairs knows nothing.
        let is_known = !matches!(best, Charset::Dos850 | Charset::Dos852)
            && best != Charset::Web(ISO_8859_15)
            && ![MACINTOSH, X_MAC_CYRILLIC].map(Charset::Web).contains(&best);
        let margin = if is_known { MARGIN.min((MARGIN_OF_ONE * beyond as f64).max(1.0)) } else { MARGIN_OF_ONE };
        if of_pairs - least > margin { best } else { by_pairs }
    }
}

/// How unlikely it is that people wrote what the cells say in this encoding.
fn cost(charset: Charset, cells: &[&Vec<u8>]) -> f64 {
    let texts = cells.iter().map(|cell| (charset.decode(cell), cell.len())).collect::<Vec<_>>();
    match eastern(charset) {
        Some(language) => texts.iter().map(|(text, _)| language.cost(charset, text)).sum(),
        None => {
            let mut by_language = vec![0.0; LATIN.len() + OTHERS.len()];
            // Few people write Icelandic, whose letters Turkish has the places of.
            LATIN
                .iter()
                .zip(&mut by_language)
                .filter(|(letters, _)| letters.contains('ð'))
                .for_each(|(_, cost)| *cost = 2.5);
            for (text, _) in &texts {
                alphabetic(text, &mut by_language);
            }
            for (cost, language) in by_language.iter_mut().skip(LATIN.len()).zip(OTHERS) {
                *cost += first_missing(language, texts.iter().map(|(text, _)| text.as_str()));
            }
            by_language.into_iter().fold(f64::INFINITY, f64::min)
        }
    }
}

/// A language whose characters take two bytes.
#[derive(Clone, Copy, PartialEq)]
enum Eastern {
    Chinese,
    Japanese,
    Korean,
}

fn eastern(charset: Charset) -> Option<Eastern> {
    let Charset::Web(encoding) = charset else { return None };
    match () {
        () if encoding == GBK || encoding == BIG5 => Some(Eastern::Chinese),
        () if encoding == SHIFT_JIS || encoding == EUC_JP => Some(Eastern::Japanese),
        () if encoding == EUC_KR => Some(Eastern::Korean),
        () => None,
    }
}

impl Eastern {
    fn cost(self, charset: Charset, text: &str) -> f64 {
        let chars: Vec<char> = text.chars().collect();
        let at = |place: Option<usize>| place.and_then(|place| chars.get(place)).copied().unwrap_or(' ');
        let one = |(place, &c): (usize, &char)| match c {
            '\0'..='\x7f' => 0.0,
            '\u{ff61}'..='\u{ff9f}' => {
                // Half-width kana stand among their like.
                let like = |c: char| ('\u{ff61}'..='\u{ff9f}').contains(&c);
                if like(at(place.checked_sub(1))) || like(at(Some(place + 1))) { 4.5 } else { STRANGE }
            }
            'ぁ'..='ヿ' if self == Self::Japanese => 4.2,
            'ぁ'..='ヿ' => STRANGE,
            '가'..='힣' if self == Self::Korean => match () {
                () if KOREAN.contains(c) => 5.0,
                () if first_of(charset, c).is_some_and(|first| (0xB0..=0xC8).contains(&first)) => 7.9,
                () => 2.0 * STRANGE,
            },
            '가'..='힣' => 2.0 * STRANGE,
            '\u{4e00}'..='\u{9fff}' => self.ideograph(charset, c),
            '\u{3000}'..='\u{3030}' | '\u{ff01}'..='\u{ff5e}' | '\u{2010}'..='\u{203b}' | '℃' => 7.0,
            '\u{fffd}' | '\u{e000}'..='\u{f8ff}' => NOTHING,
            '\u{80}'..='\u{9f}' => NOTHING,
            _ => 1.5 * STRANGE,
        };
        chars.iter().enumerate().map(one).sum()
    }

    fn ideograph(self, charset: Charset, c: char) -> f64 {
        let usual = match self {
            Self::Chinese => CHINESE,
            Self::Japanese => JAPANESE,
            Self::Korean => return 1.4 * STRANGE,
        };
        if usual.contains(c) {
            return 5.2;
        }
        // The first half of each set has those of daily use.
        let Charset::Web(encoding) = charset else { return STRANGE };
        let first = first_of(charset, c).unwrap_or_default();
        let is_daily = match () {
            () if encoding == GBK => (0xB0..=0xD7).contains(&first) && second_of(encoding, c) >= 0xA1,
            () if encoding == BIG5 => (0xA4..=0xC6).contains(&first),
            () if encoding == SHIFT_JIS => (0x88..=0x98).contains(&first),
            () => (0xB0..=0xCF).contains(&first),
        };
        if is_daily { 7.6 } else { 1.25 * STRANGE }
    }
}

fn first_of(charset: Charset, c: char) -> Option<u8> {
    let Charset::Web(encoding) = charset else { return None };
    encoding.encode(c.encode_utf8(&mut [0; 4])).0.first().copied()
}

fn second_of(encoding: &'static Encoding, c: char) -> u8 {
    encoding.encode(c.encode_utf8(&mut [0; 4])).0.get(1).copied().unwrap_or_default()
}

/// Adds what a text costs in each language with an alphabet.
fn alphabetic(text: &str, costs: &mut [f64]) {
    let chars: Vec<char> = text.chars().collect();
    for (place, &c) in chars.iter().enumerate().filter(|(_, c)| !c.is_ascii()) {
        let at = |place: Option<usize>| place.and_then(|place| chars.get(place)).copied().unwrap_or(' ');
        let (before, after) = (at(place.checked_sub(1)), at(Some(place + 1)));
        if !is_letter(c) || matches!(c, 'ª' | 'º' | 'µ') || is_mark(c) {
            let one = if is_mark(c) { mark(before) } else { symbol(c, before, after) };
            costs.iter_mut().enumerate().for_each(|(i, cost)| {
                *cost += if is_mark(c) && i < LATIN.len() { STRANGE } else { one };
            });
            continue;
        }
        let small = c.to_lowercase().next().unwrap_or(c);
        let mut around = surroundings(c, before, after);
        if ends_wrongly(if c.is_uppercase() { ' ' } else { small }, !after.is_alphabetic()) {
            around += 6.0;
        }
        // Italian has accents at the end of words only.
        let inside = if after.is_alphabetic() { 3.0 } else { 0.0 };
        for (letters, cost) in LATIN.iter().chain(&OTHERS).zip(costs.iter_mut()) {
            let italian = if letters.starts_with("àèéù") { inside } else { 0.0 };
            *cost += around + letter(letters, small) + italian;
        }
    }
}

/// One-letter names begin with the first letter of the alphabet, as a rule.
fn first_missing<'a>(language: &str, texts: impl Iterator<Item = &'a str>) -> f64 {
    let alone = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|c| !c.is_ascii() && c.is_alphabetic() && chars.next().is_none())
    };
    let letters: HashSet<char> = texts.filter_map(alone).flat_map(char::to_lowercase).collect();
    let has_first = ['а', 'α', 'א', 'ا', 'ก'].iter().any(|first| language.contains(*first) && letters.contains(first));
    if letters.len() > 2 && !has_first { 4.0 } else { 0.0 }
}

/// Letters that stand at the end of words only, or never there.
fn ends_wrongly(small: char, is_end: bool) -> bool {
    match small {
        'ς' | 'ך' | 'ם' | 'ן' | 'ף' | 'ץ' => !is_end,
        'σ' | 'מ' | 'נ' => is_end,
        _ => false,
    }
}

/// By its place among the letters of a language, as if each was a fixed part rarer than the one before it.
fn letter(letters: &str, small: char) -> f64 {
    let count = letters.chars().count();
    let rate = match count {
        ..=20 => 0.33,
        21..=50 => 0.11,
        _ => 0.045,
    };
    let first = if count > 20 { 2.3 } else { 1.2 };
    match letters.chars().position(|c| c == small) {
        Some(place) => first + rate * place as f64,
        None if is_latin(small) && count < 20 => 7.0,
        None => STRANGE,
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || ('\u{e01}'..='\u{e4e}').contains(&c)
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | 'ª' | 'º')
}

/// Vowels of Hebrew and Arabic, which few people write.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{652}')
}

fn mark(before: char) -> f64 {
    if before.is_alphabetic() && !before.is_ascii() { 5.0 } else { 1.5 * STRANGE }
}

/// What it costs that a letter stands where it does.
fn surroundings(c: char, before: char, after: char) -> f64 {
    let mut cost = 0.0;
    let (left, right) = (before.is_alphabetic(), after.is_alphabetic());
    let with = |other: char| other.is_alphabetic() && is_latin(other) != is_latin(c);
    if with(before) || with(after) {
        cost += 8.0;
    }
    match (is_latin(c), left || right) {
        // A letter with an accent stands in a word.
        (true, false) => cost += if matches!(c, 'à' | 'é' | 'è' | 'ó' | 'ø' | 'Ø') { 3.0 } else { 6.0 },
        (true, true) if left && !before.is_ascii() => cost += 3.0,
        (false, false) => cost += if c.is_uppercase() { 1.5 } else { 2.5 },
        _ => {}
    }
    if before.is_lowercase() && c.is_uppercase() || c.is_lowercase() && after.is_uppercase() {
        cost += 5.0;
    } else if c.is_uppercase() && left {
        cost += if after.is_lowercase() { 3.0 } else { 0.2 };
    } else if c.is_uppercase() {
        cost += 0.7;
    }
    if before.is_ascii_digit() || after.is_ascii_digit() {
        cost += 2.0;
    }
    cost
}

/// What it costs that a sign stands where it does.
fn symbol(c: char, before: char, after: char) -> f64 {
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '/' | '\'' | '.');
    let (left, right) = (before.is_alphabetic(), after.is_alphabetic());
    let (left_digit, right_digit) = (before.is_ascii_digit(), after.is_ascii_digit());
    let numeric = left_digit || right_digit || (is_edge(before) && is_edge(after));
    let is_right = match c {
        '€' | '£' | '¥' | '¢' | '±' | '×' | '÷' | '½' | '¼' | '¾' | '≤' | '≥' | '≈' | '§' | '‰' => {
            numeric && !left && !right || (c == '€' || c == '£') && (is_edge(before) || is_edge(after))
        }
        '°' | 'º' | 'ª' => left_digit || (is_edge(before) && matches!(after, 'C' | 'F' | ' ' | ')')),
        '²' | '³' | '¹' => (before.is_ascii_alphanumeric()) && !right,
        'µ' => after.is_ascii_alphabetic() && !left,
        '’' => left,
        '‘' | '“' | '„' | '«' | '¿' | '¡' => !left && (right || right_digit || after == ' '),
        '”' | '»' => !right && (left || left_digit || matches!(before, '.' | '!' | '?' | ' ')),
        '–' | '—' => is_edge(before) == is_edge(after) && left == right,
        '…' => !right,
        '•' | '·' | '©' | '®' | '™' => !(left && right) && (c == '®' || c == '™' || !left),
        '№' => !left && !right,
        '\u{a0}' => !is_edge(before) || !is_edge(after),
        _ => false,
    };
    let usual = match c {
        '€' | '°' => 2.5,
        '£' | '²' | '³' | '’' | '–' | 'µ' => 3.5,
        '\u{a0}' | '±' | '½' | '“' | '”' | '«' | '»' | '„' | '№' | '®' | '…' | 'º' => 4.5,
        '¿' | '¡' => 6.5,
        _ => 5.5,
    };
    match c {
        '\u{80}'..='\u{9f}' | '\u{fffd}' | '\u{e000}'..='\u{f8ff}' => NOTHING,
        _ if is_right => usual,
        _ => STRANGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(bytes: &[u8]) -> Charset {
        let mut guess = Guess::default();
        guess.take(bytes);
        guess.end()
    }

    /// The bytes of a text in an encoding that has all its characters.
    fn encoded(charset: Charset, text: &str) -> Vec<u8> {
        let all: Vec<u8> = (0..=255).collect();
        match charset {
            Charset::Web(encoding) => {
                let (bytes, _, lost) = encoding.encode(text);
                assert!(!lost, "{text} in {}", encoding.name());
                bytes.into_owned()
            }
            Charset::Dos850 | Charset::Dos852 => {
                let upper: Vec<char> = charset.decode(&all).chars().collect();
                text.chars().map(|c| upper.iter().position(|&other| other == c).unwrap() as u8).collect()
            }
        }
    }

    /// A table of these words in turn, below names or without any.
    fn table(words: &[&str], rows: usize) -> String {
        (0..rows)
            .fold("id,x,label\n".to_owned(), |text, i| text + &format!("{i},{}.5,{}\n", i * 7, words[i % words.len()]))
    }

    #[test]
    fn short_and_long_tables_of_many_languages_come_out_as_they_were_written() {
        let cases: [(&[&str], &[&str]); 24] = [
            (&["windows-1252", "ISO-8859-15", "cp850", "macintosh"], &["Größe", "spät", "Köln", "weiß", "müßig"]),
            (&["windows-1252", "cp850", "macintosh"], &["männlich", "weiblich", "verheiratet"]),
            (&["windows-1252", "cp850", "macintosh"], &["élevé", "très bas", "forêt", "garçon", "année"]),
            (&["windows-1252", "cp850", "macintosh"], &["año", "Málaga", "León", "mañana", "sí"]),
            (&["windows-1252", "cp850", "macintosh"], &["não", "São Paulo", "maçã", "região"]),
            (&["windows-1252", "cp850"], &["Malmö", "grå", "hög", "Åre"]),
            (&["windows-1250", "ISO-8859-2", "cp852"], &["Łódź", "Kraków", "żółty", "część", "średni"]),
            (&["windows-1250", "cp852"], &["žena", "muž", "výška", "Příbram", "čtvrtek"]),
            (&["windows-1254"], &["kadın", "yüksek", "İzmir", "ağırlık", "yaş"]),
            (&["windows-1251", "KOI8-R", "IBM866", "x-mac-cyrillic"], &["Москва", "высокий", "да", "нет", "цвет"]),
            (&["windows-1251"], &["А", "Б", "В"]),
            (&["windows-1251"], &["мужской", "женский"]),
            (&["windows-1253"], &["Αθήνα", "άνδρας", "γυναίκα", "τιμή"]),
            (&["windows-1255"], &["תל-אביב", "זכר", "נקבה", "גבוה", "נמוך"]),
            (&["windows-1256"], &["القاهرة", "ذكر", "أنثى", "مرتفع"]),
            (&["windows-874"], &["กรุงเทพ", "ชาย", "หญิง", "ราคา"]),
            (&["Shift_JIS", "EUC-JP"], &["東京", "男性", "高い", "はい", "カテゴリ"]),
            (&["Shift_JIS"], &["ﾄｳｷｮｳ", "ｵｵｻｶ", "ﾅｺﾞﾔ"]),
            (&["GBK"], &["男", "女"]),
            (&["GBK"], &["颜色", "红", "绿"]),
            (&["Big5"], &["臺北", "高雄", "男", "女"]),
            (&["EUC-KR"], &["서울", "남자", "여자", "높음"]),
            (&["ISO-8859-15", "windows-1252"], &["14 €", "7,50 €", "1.299,00 €"]),
            (&["windows-1252"], &["21 °C", "12 m²", "£5", "it’s"]),
        ];
        for (names, words) in cases {
            for charset in names.iter().map(|name| Charset::called(name).unwrap()) {
                for rows in [6, 120] {
                    let text = table(words, rows);
                    let bytes = encoded(charset, &text);
                    let found = guessed(&bytes);
                    assert_eq!(found.decode(&bytes), text, "{} as {}", charset.name(), found.name());
                }
            }
        }
    }

    #[test]
    fn a_name_in_the_heading_is_enough() {
        let rows: String = (0..120).map(|i| format!("{i},{},{}\n", i % 3, i % 2)).collect();
        for (name, heading) in
            [("Shift_JIS", "幅,段,種類"), ("GBK", "长度,宽度,种类"), ("windows-1251", "рост,вес,пол")]
        {
            let (charset, text) = (Charset::called(name).unwrap(), format!("{heading}\n{rows}"));
            let bytes = encoded(charset, &text);
            assert_eq!(guessed(&bytes).decode(&bytes), text, "{name}");
        }
    }
}
