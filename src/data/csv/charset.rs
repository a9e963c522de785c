//! The encodings that a text may have: those of the web, and those of DOS, which spreadsheets of old wrote.

use encoding_rs::{CoderResult, Decoder, Encoding};

/// How bytes become characters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Charset {
    /// One that browsers know.
    Web(&'static Encoding),
    /// Western Europe under DOS.
    Dos850,
    /// Central Europe under DOS.
    Dos852,
}

/// The upper half of each.
const DOS_850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";
const DOS_852: &str = "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}";

/// The usual ones.
pub const ENCODINGS: [&str; 17] = [
    "UTF-8",
    "UTF-16LE",
    "UTF-16BE",
    "windows-1252",
    "windows-1250",
    "windows-1251",
    "windows-1253",
    "windows-1254",
    "ISO-8859-2",
    "KOI8-R",
    "Shift_JIS",
    "EUC-KR",
    "gb18030",
    "Big5",
    "ISO-8859-15",
    "macintosh",
    "cp850",
];

impl Charset {
    /// Errors: half a sentence and what to do.
    pub fn called(name: &str) -> Result<Self, String> {
        Self::named(name).ok_or_else(|| {
            format!(
                "No text encoding is called {name:?}. Known encodings: {}, and the others that browsers know.",
                ENCODINGS.join(", ")
            )
        })
    }

    /// By a name that people or programs give it: "windows-1252", "latin1", "sjis", "cp850".
    fn named(name: &str) -> Option<Self> {
        let plain: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        match plain.as_str() {
            "cp850" | "ibm850" | "dos850" | "850" => return Some(Self::Dos850),
            "cp852" | "ibm852" | "dos852" | "852" => return Some(Self::Dos852),
            _ => {}
        }
        let other = match plain.as_str() {
            "macroman" => "macintosh",
            "maccyrillic" => "x-mac-cyrillic",
            "cp936" => "gbk",
            "cp932" => "shift_jis",
            "cp949" => "euc-kr",
            "cp950" => "big5",
            _ => name.trim(),
        };
        Encoding::for_label_no_replacement(other.as_bytes()).map(Self::Web)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::Dos850 => "cp850",
            Self::Dos852 => "cp852",
        }
    }

    /// Reads a stream from its beginning.
    pub fn decoder(self) -> TextDecoder {
        match self {
            Self::Web(encoding) => TextDecoder::Web(encoding.new_decoder_with_bom_removal()),
            Self::Dos850 => TextDecoder::Table(DOS_850.chars().collect()),
            Self::Dos852 => TextDecoder::Table(DOS_852.chars().collect()),
        }
    }

    /// A short text at once.
    pub fn decode(self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len() * 3 + 16);
        self.decoder().decode(bytes, &mut text, true);
        text
    }
}

/// What reads the bytes of a stream.
pub(super) enum TextDecoder {
    Web(Decoder),
    /// The characters of 128 to 255.
    Table(Vec<char>),
}

impl TextDecoder {
    /// Appends as much as `text` has room for: whether bytes could not be read, and how many were taken.
    pub fn decode(&mut self, bytes: &[u8], text: &mut String, last: bool) -> (bool, usize, bool) {
        match self {
            Self::Web(decoder) => {
                let (result, read, lost) = decoder.decode_to_string(bytes, text, last);
                (lost, read, result == CoderResult::InputEmpty)
            }
            Self::Table(upper) => {
                // A character of these has at most three bytes.
                let room = (text.capacity() - text.len()) / 3;
                let now = &bytes[..bytes.len().min(room)];
                text.extend(now.iter().map(|&byte| match byte {
                    ..128 => char::from(byte),
                    _ => upper[usize::from(byte) - 128],
                }));
                (false, now.len(), now.len() == bytes.len())
            }
        }
    }
}
