//! Coordinates that every JSON reader reprints alike.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Degrees of latitude or longitude in ten-millionths (a centimetre).
///
/// In JSON a number whose text is the same when JavaScript or Python read it and write it again: whole degrees have no point, and
/// what would be written with an exponent is rounded to 0.0001 (only within 11 m of the equator or of Greenwich).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Degrees(i32);

const ONE: i32 = 10_000_000;
const SMALLEST: i32 = 1_000;

impl Degrees {
    /// Accepts -`limit` to `limit`: 90 for a latitude, 180 for a longitude.
    pub fn parse(degrees: f64, limit: f64) -> Option<Self> {
        // Within ±180 degrees the product fits, and NaN is within nothing.
        (degrees.abs() <= limit.min(180.0)).then(|| Self::round((degrees * f64::from(ONE)).round() as i32))
    }

    /// As a floating-point number.
    pub fn get(self) -> f64 {
        f64::from(self.0) / f64::from(ONE)
    }

    fn round(ten_millionths: i32) -> Self {
        match ten_millionths.abs() {
            small if small < SMALLEST / 2 => Self(0),
            small if small < SMALLEST => Self(SMALLEST * ten_millionths.signum()),
            _ => Self(ten_millionths),
        }
    }
}

impl Serialize for Degrees {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % ONE == 0 { serializer.serialize_i32(self.0 / ONE) } else { serializer.serialize_f64(self.get()) }
    }
}

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let degrees = f64::deserialize(deserializer)?;
        Self::parse(degrees, 180.0).ok_or_else(|| D::Error::custom("expected degrees from -180 to 180"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_other_languages_would_write() {
        for (degrees, json) in [
            (-6.2, "-6.2"),
            (106.816_666_64, "106.8166666"),
            (7.0, "7"),
            (-0.0, "0"),
            (0.000_05, "0.0001"),
            (-0.000_01, "0"),
            (180.0, "180"),
        ] {
            let parsed = Degrees::parse(degrees, 180.0).unwrap();
            assert_eq!(serde_json::to_string(&parsed).unwrap(), json);
            assert_eq!(serde_json::from_str::<Degrees>(json).unwrap(), parsed);
        }
    }

    #[test]
    fn nothing_lies_beyond_the_poles() {
        assert!(
            Degrees::parse(90.1, 90.0).is_none() && Degrees::parse(f64::NAN, 90.0).is_none() && Degrees::parse(-180.1, 180.0).is_none()
        );
    }
}
