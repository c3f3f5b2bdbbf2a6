//! DER, as far as X.509 needs it.
//!
//! The reader hands out slices of its input and copies nothing, so a structure can be kept
//! byte for byte; the writer appends to one buffer. Tags are the identifier octet itself, since
//! no structure here has a tag number above 30.
//!
//! Source: X.690 sections 8 and 10.

mod reader;
mod writer;

pub use reader::{Element, Malformed, Reader, parse};
pub use writer::{Writer, encode, header};

/// Identifier octets.
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    /// ENUMERATED.
    pub const ENUMERATED: u8 = 0x0a;
    /// UTF8String.
    pub const UTF8_STRING: u8 = 0x0c;
    /// PrintableString.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// TeletexString, also known as T61String.
    pub const TELETEX_STRING: u8 = 0x14;
    /// IA5String.
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// BMPString.
    pub const BMP_STRING: u8 = 0x1e;
    /// SEQUENCE and SEQUENCE OF.
    pub const SEQUENCE: u8 = 0x30;
    /// SET and SET OF.
    pub const SET: u8 = 0x31;

    /// Context-specific, primitive: `[number] IMPLICIT` of a primitive type.
    pub const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// Context-specific, constructed: `[number] EXPLICIT`, or `IMPLICIT` of a constructed type.
    pub const fn constructed(number: u8) -> u8 {
        0xa0 | number
    }
}
