//! One definition of the dictionary, and its bytes in the dictionary's file.

use crate::model::MeasureType;
use crate::store::codec::{Malformed, Reader, put_text, put_varint};
use crate::store::sets;

/// Something that a table has seen for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Definition<'a> {
    /// A dimension set; its number is how many there were before.
    Set(Vec<(&'a str, &'a str)>),
    /// A measure name; its number is how many there were before.
    Measure { name: &'a str, multi: bool },
    /// A measure's records fill this column, which is new to the measure and maybe to the table.
    Fills { measure: u16, column: &'a str, kind: MeasureType },
    /// A measure is seen with the dimensions that this set has.
    Seen { measure: u16, set: u32 },
}

const SET: u8 = 1;
const SINGLE_MEASURE: u8 = 2;
const MULTI_MEASURE: u8 = 3;
const FILLS: u8 = 4;
const SEEN: u8 = 5;

impl<'a> Definition<'a> {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Set(ref dimensions) => {
                out.push(SET);
                sets::encode(out, dimensions);
            }
            Self::Measure { name, multi } => {
                out.push(if multi { MULTI_MEASURE } else { SINGLE_MEASURE });
                put_text(out, name);
            }
            Self::Fills { measure, column, kind } => {
                out.push(FILLS);
                put_varint(out, measure.into());
                put_text(out, column);
                out.push(code(kind));
            }
            Self::Seen { measure, set } => {
                out.push(SEEN);
                put_varint(out, measure.into());
                put_varint(out, set.into());
            }
        }
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(match reader.byte()? {
            SET => Self::Set(sets::decode(reader)?),
            SINGLE_MEASURE => Self::Measure { name: reader.text()?, multi: false },
            MULTI_MEASURE => Self::Measure { name: reader.text()?, multi: true },
            FILLS => {
                let (measure, column) = (reader.narrow()?, reader.text()?);
                Self::Fills { measure, column, kind: kind(reader.byte()?)? }
            }
            SEEN => Self::Seen { measure: reader.narrow()?, set: reader.narrow()? },
            _ => return Err(Malformed),
        })
    }
}

fn code(kind: MeasureType) -> u8 {
    match kind {
        MeasureType::Double => 0,
        MeasureType::Bigint => 1,
        MeasureType::Boolean => 2,
        MeasureType::Varchar => 3,
        MeasureType::Timestamp => 4,
    }
}

fn kind(code: u8) -> Result<MeasureType, Malformed> {
    Ok(match code {
        0 => MeasureType::Double,
        1 => MeasureType::Bigint,
        2 => MeasureType::Boolean,
        3 => MeasureType::Varchar,
        4 => MeasureType::Timestamp,
        _ => return Err(Malformed),
    })
}
