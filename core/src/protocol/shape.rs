//! Values of options that are read more leniently, or more strictly, than their type alone says.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::{Map, Value};

/// A structure that is read member by member into one that has its defaults: the readers that serde derives hold every
/// member apart until the end, which for a hundred members is more code than everything else that reads them.
pub(crate) trait Members: Default {
    /// Takes the value of the member `name` from `members`.
    fn read<'de, A: MapAccess<'de>>(&mut self, name: String, members: &mut A) -> Result<(), A::Error>;
}

/// Reads such a structure.
pub(crate) fn members<'de, D: Deserializer<'de>, T: Members>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Whole(PhantomData))
}

struct Whole<T>(PhantomData<T>);

impl<'de, T: Members> Visitor<'de> for Whole<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let mut whole = T::default();
        while let Some(name) = members.next_key()? {
            whole.read(name, &mut members)?;
        }
        Ok(whole)
    }
}

/// The value of a member, as its type says. One function per type, which all members of that type share.
#[inline(never)]
pub(crate) fn member<'de, A: MapAccess<'de>, T: Deserialize<'de>>(members: &mut A) -> Result<T, A::Error> {
    members.next_value()
}

/// The value of a member: an object, whose members are the runtime's business.
#[inline(never)]
pub(crate) fn object_of<'de, A: MapAccess<'de>>(members: &mut A) -> Result<Option<Value>, A::Error> {
    members.next_value_seed(Object)
}

/// The value of a member, as [`flag`] reads it.
#[inline(never)]
pub(crate) fn flag_of<'de, A: MapAccess<'de>>(members: &mut A) -> Result<Option<bool>, A::Error> {
    members.next_value_seed(Flag)
}

/// True or false, also as a number or a word: programs write what their language takes for one.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(Flag)
}

// By visitors: an error of theirs knows where in the text it stands, from which the option is named.
struct Object;

impl<'de> DeserializeSeed<'de> for Object {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object {
    type Value = Option<Value>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        Map::deserialize(MapAccessDeserializer::new(members)).map(|members| Some(Value::Object(members)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        refuse(elements, &self)
    }
}

struct Flag;

impl<'de> DeserializeSeed<'de> for Flag {
    type Value = Option<bool>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Flag {
    type Value = Option<bool>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("true or false")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Some(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number != 0))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number != 0))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(number != 0.0))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
        match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(Some(true)),
            "false" | "no" | "off" | "0" | "" => Ok(Some(false)),
            _ => Err(E::invalid_type(Unexpected::Other("it"), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        refuse(elements, &self)
    }
}

/// A list in place of something else, read to its end: its elements are not what is wrong.
fn refuse<'de, A: SeqAccess<'de>, T>(mut elements: A, expected: &dyn Expected) -> Result<T, A::Error> {
    while elements.next_element::<IgnoredAny>()?.is_some() {}
    Err(A::Error::invalid_type(Unexpected::Seq, expected))
}

/// As [`flag`], for members that are false unless given.
pub(crate) fn flag_or_false<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(flag(deserializer)?.unwrap_or_default())
}

/// `null` is read as a member that is missing.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
