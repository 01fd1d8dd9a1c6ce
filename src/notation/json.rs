//! The one way in which values are written as JSON, and reading with places in the errors.

use super::{B256, keccak256};
use alloy_primitives::{Address, Bytes, FixedBytes, U256};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A fault in a vector: where and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A file, a case in it or a field of a case, as far as it is known.
    pub place: String,
    /// What is wrong there.
    pub cause: String,
}

impl Fault {
    /// A fault at `place`.
    pub fn new(place: impl Into<String>, cause: impl Into<String>) -> Fault {
        Fault { place: place.into(), cause: cause.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.cause)
    }
}

impl std::error::Error for Fault {}

/// Longest line on which a list of plain values stands as a whole; a list of numbers always does.
const MAX_LIST_WIDTH: usize = 100;

/// Canonical text: keys sorted, two spaces of indentation, a short list of plain values on one line, a final line feed.
pub fn to_text(value: &Value) -> String {
    let mut text = String::new();
    write_value(value, 0, &mut text);
    text.push('\n');
    text
}

fn write_value(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            // Sorted here, because the order inside `Map` depends on a feature that any dependency may switch on.
            let mut fields: Vec<_> = object.iter().collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            let fields = fields.into_iter().map(|(key, value)| (Some(key.as_str()), value));
            write_lines('{', fields, '}', depth, text);
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            write_lines('[', items.iter().map(|item| (None, item)), ']', depth, text);
        }
        Value::Array(items) => {
            let line = format!("[{}]", items.iter().map(Value::to_string).collect::<Vec<_>>().join(", "));
            if line.len() > MAX_LIST_WIDTH && items.iter().any(Value::is_string) {
                write_lines('[', items.iter().map(|item| (None, item)), ']', depth, text);
            } else {
                text.push_str(&line);
            }
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn write_lines<'a>(
    open: char,
    items: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    close: char,
    depth: usize,
    text: &mut String,
) {
    text.push(open);
    for (index, (key, value)) in items.enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = key {
            text.push_str(&Value::from(key).to_string());
            text.push_str(": ");
        }
        write_value(value, depth + 1, text);
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
}

/// Reads JSON. Errors name line and column. An object in which a field stands twice is refused: readers would differ on
/// which of the two counts.
pub fn parse(text: impl AsRef<[u8]>) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(text.as_ref()).map(|Unique(value)| value)
}

/// Reads a struct from a JSON object with exactly its fields. A list of their values, which serde would take too, is refused.
pub(crate) fn parse_struct<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    match parse(text)? {
        object @ Value::Object(_) => serde_json::from_value(object),
        _ => Err(Error::custom("is not an object")),
    }
}

/// A value in which no object has a field twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unique, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Unique)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the field `{name}` stands twice")));
            }
            let Unique(value) = fields.next_value()?;
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

/// A value of a file together with its place, for errors that say where.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// Where the value is.
    pub place: String,
    /// The value.
    pub value: &'a Value,
}

impl<'a> Node<'a> {
    /// The root of a file.
    pub fn new(place: impl Into<String>, value: &'a Value) -> Node<'a> {
        Node { place: place.into(), value }
    }

    /// A fault at this node.
    pub fn fault(&self, cause: impl Into<String>) -> Fault {
        Fault::new(self.place.clone(), cause)
    }

    /// The object's field, which must exist.
    pub fn field(&self, name: &str) -> Result<Node<'a>, Fault> {
        self.optional(name)?.ok_or_else(|| self.fault(format!("field `{name}` is missing")))
    }

    /// The object's field, if it exists.
    pub fn optional(&self, name: &str) -> Result<Option<Node<'a>>, Fault> {
        let value = self.object()?.get(name);
        Ok(value.map(|value| Node { place: format!("{}.{name}", self.place), value }))
    }

    /// The object, if it has no field beside these.
    pub fn only(&self, names: &[&str]) -> Result<(), Fault> {
        match self.object()?.keys().find(|key| !names.contains(&key.as_str())) {
            Some(key) => Err(self.fault(format!("unknown field `{key}`"))),
            None => Ok(()),
        }
    }

    /// The value as an object.
    pub fn object(&self) -> Result<&'a Map<String, Value>, Fault> {
        self.value.as_object().ok_or_else(|| self.fault("is not an object"))
    }

    /// The items of a list.
    pub fn items(&self) -> Result<Vec<Node<'a>>, Fault> {
        let items = self.value.as_array().ok_or_else(|| self.fault("is not a list"))?;
        let node = |(index, value)| Node { place: format!("{}[{index}]", self.place), value };
        Ok(items.iter().enumerate().map(node).collect())
    }

    /// The value as text.
    pub fn text(&self) -> Result<&'a str, Fault> {
        self.value.as_str().ok_or_else(|| self.fault("is not a string"))
    }

    /// The value as a number of at most 32 bits.
    pub fn number(&self) -> Result<u32, Fault> {
        let number = self.value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| self.fault("is not an integer from 0 to 4294967295"))
    }

    /// The value as a `0x` quantity of 64 bits: no leading zeros, lower case.
    pub fn quantity(&self) -> Result<u64, Fault> {
        let text = self.text()?;
        let value = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let value = value.filter(|value| quantity(*value) == text);
        value.ok_or_else(|| self.fault("is not a `0x` quantity of at most 64 bits"))
    }

    /// The value as bytes in lower-case `0x` hex.
    pub fn hex(&self) -> Result<Vec<u8>, Fault> {
        let digits = self.text()?.strip_prefix("0x").ok_or_else(|| self.fault("does not begin with `0x`"))?;
        if digits.bytes().any(|digit| digit.is_ascii_uppercase()) {
            return Err(self.fault("has upper-case hex digits"));
        }
        hex::decode(digits).map_err(|error| self.fault(format!("is not hex: {error}")))
    }
}

/// Bytes as lower-case `0x` hex.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// A number that may exceed 32 bits, as a `0x` quantity.
pub fn quantity(value: u64) -> String {
    format!("{value:#x}")
}

/// The place and the two values of the first difference between what was expected and what was found.
pub fn first_difference(place: &str, expected: &Value, found: &Value) -> Option<Fault> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let mut keys: Vec<_> = expected.keys().chain(found.keys()).collect();
            keys.sort();
            keys.into_iter().find_map(|key| {
                let null = Value::Null;
                let place = format!("{place}.{key}");
                first_difference(&place, expected.get(key).unwrap_or(&null), found.get(key).unwrap_or(&null))
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.find_map(|(index, (expected, found))| first_difference(&format!("{place}[{index}]"), expected, found))
        }
        (expected, found) if expected == found => None,
        (expected, found) => {
            Some(Fault::new(place, format!("expected {}, found {}", abridged(expected), abridged(found))))
        }
    }
}

/// A value short enough for a message.
fn abridged(value: &Value) -> String {
    let text = if value.is_null() { "nothing".into() } else { value.to_string() };
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
        None => text,
    }
}

/// A type with one form in JSON: bytes are lower-case `0x` hex, numbers wider than 32 bits `0x` quantities, others
/// numbers, maps lists of pairs in ascending order of their keys.
pub trait Json: Sized {
    /// The value as JSON.
    fn to_json(&self) -> Value;
    /// Reads what [`Json::to_json`] writes.
    fn from_json(node: &Node) -> Result<Self, Fault>;
}

/// The keccak-256 of a value's JSON in one line, keys sorted and without spaces: the digest of states in vectors.
pub fn digest(value: &Value) -> B256 {
    fn write(value: &Value, text: &mut String) {
        match value {
            Value::Object(object) => {
                let mut fields: Vec<_> = object.iter().collect();
                fields.sort_by_key(|(key, _)| key.as_str());
                for (index, (key, value)) in fields.into_iter().enumerate() {
                    text.push(if index == 0 { '{' } else { ',' });
                    text.push_str(&Value::from(key.as_str()).to_string());
                    text.push(':');
                    write(value, text);
                }
                text.push_str(if object.is_empty() { "{}" } else { "}" });
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    text.push(if index == 0 { '[' } else { ',' });
                    write(item, text);
                }
                text.push_str(if items.is_empty() { "[]" } else { "]" });
            }
            plain => text.push_str(&plain.to_string()),
        }
    }
    let mut text = String::new();
    write(value, &mut text);
    keccak256(text)
}

/// `max_fee` as `maxFee`.
pub fn camel_case(name: &str) -> String {
    let mut text = String::new();
    for (index, part) in name.split('_').enumerate() {
        match part.chars().next() {
            Some(first) if index > 0 => {
                text.push(first.to_ascii_uppercase());
                text.push_str(&part[first.len_utf8()..]);
            }
            _ => text.push_str(part),
        }
    }
    text
}

/// Whether a value is the default of its type.
#[doc(hidden)]
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Implements [`Json`] for a struct: an object with its fields in camel case. With `default`, a field that has its
/// type's default value is not written, and one that is absent has it.
#[macro_export]
#[doc(hidden)]
macro_rules! json_fields {
    ($type:ty: $($field:ident),* $(,)?) => {
        impl $crate::notation::json::Json for $type {
            fn to_json(&self) -> serde_json::Value {
                let mut object = serde_json::Map::new();
                $(object.insert(
                    $crate::notation::json::camel_case(stringify!($field)),
                    $crate::notation::json::Json::to_json(&self.$field),
                );)*
                serde_json::Value::Object(object)
            }

            fn from_json(
                node: &$crate::notation::json::Node,
            ) -> Result<Self, $crate::notation::json::Fault> {
                let names = [$($crate::notation::json::camel_case(stringify!($field)),)*];
                node.only(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
                Ok(Self { $($field: $crate::notation::json::Json::from_json(
                    &node.field(&$crate::notation::json::camel_case(stringify!($field)))?,
                )?,)* })
            }
        }
    };
    ($type:ty, default: $($field:ident),* $(,)?) => {
        impl $crate::notation::json::Json for $type {
            fn to_json(&self) -> serde_json::Value {
                let mut object = serde_json::Map::new();
                $(if !$crate::notation::json::is_default(&self.$field) {
                    object.insert(
                        $crate::notation::json::camel_case(stringify!($field)),
                        $crate::notation::json::Json::to_json(&self.$field),
                    );
                })*
                serde_json::Value::Object(object)
            }

            fn from_json(
                node: &$crate::notation::json::Node,
            ) -> Result<Self, $crate::notation::json::Fault> {
                let names = [$($crate::notation::json::camel_case(stringify!($field)),)*];
                node.only(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
                Ok(Self { $($field:
                    match node.optional(&$crate::notation::json::camel_case(stringify!($field)))? {
                        Some(field) => $crate::notation::json::Json::from_json(&field)?,
                        None => Default::default(),
                    },
                )* })
            }
        }
    };
}

impl Json for bool {
    fn to_json(&self) -> Value {
        (*self).into()
    }
    fn from_json(node: &Node) -> Result<bool, Fault> {
        node.value.as_bool().ok_or_else(|| node.fault("is not true or false"))
    }
}

impl Json for String {
    fn to_json(&self) -> Value {
        self.as_str().into()
    }
    fn from_json(node: &Node) -> Result<String, Fault> {
        Ok(node.text()?.to_string())
    }
}

/// Numbers of at most 32 bits.
macro_rules! json_numbers {
    ($($number:ty),*) => {$(
        impl Json for $number {
            fn to_json(&self) -> Value {
                (*self).into()
            }
            fn from_json(node: &Node) -> Result<$number, Fault> {
                let cause = concat!("is not a number of type ", stringify!($number));
                <$number>::try_from(node.number()?).map_err(|_| node.fault(cause))
            }
        }
    )*};
}
json_numbers!(u8, u16, u32);

impl Json for u64 {
    fn to_json(&self) -> Value {
        quantity(*self).into()
    }
    fn from_json(node: &Node) -> Result<u64, Fault> {
        node.quantity()
    }
}

impl Json for U256 {
    fn to_json(&self) -> Value {
        format!("{self:#x}").into()
    }
    fn from_json(node: &Node) -> Result<U256, Fault> {
        let text = node.text()?;
        let value = text.strip_prefix("0x").and_then(|digits| U256::from_str_radix(digits, 16).ok());
        let value = value.filter(|value| format!("{value:#x}") == text);
        value.ok_or_else(|| node.fault("is not a `0x` quantity of at most 256 bits"))
    }
}

impl Json for u128 {
    fn to_json(&self) -> Value {
        format!("{self:#x}").into()
    }
    fn from_json(node: &Node) -> Result<u128, Fault> {
        u128::try_from(U256::from_json(node)?).map_err(|_| node.fault("has more than 128 bits"))
    }
}

impl<const N: usize> Json for FixedBytes<N> {
    fn to_json(&self) -> Value {
        hex(self).into()
    }
    fn from_json(node: &Node) -> Result<FixedBytes<N>, Fault> {
        let bytes = node.hex()?;
        FixedBytes::try_from(bytes.as_slice()).map_err(|_| node.fault(format!("has not {N} bytes")))
    }
}

impl Json for Address {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }
    fn from_json(node: &Node) -> Result<Address, Fault> {
        Ok(Address(Json::from_json(node)?))
    }
}

impl Json for Bytes {
    fn to_json(&self) -> Value {
        hex(self).into()
    }
    fn from_json(node: &Node) -> Result<Bytes, Fault> {
        Ok(node.hex()?.into())
    }
}

impl<T: Json> Json for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }
    fn from_json(node: &Node) -> Result<Option<T>, Fault> {
        if node.value.is_null() { Ok(None) } else { T::from_json(node).map(Some) }
    }
}

impl<T: Json> Json for Vec<T> {
    fn to_json(&self) -> Value {
        self.iter().map(T::to_json).collect()
    }
    fn from_json(node: &Node) -> Result<Vec<T>, Fault> {
        node.items()?.iter().map(T::from_json).collect()
    }
}

/// Tuples are lists.
macro_rules! json_tuples {
    ($(($($index:tt $name:ident),*))*) => {$(
        impl<$($name: Json),*> Json for ($($name,)*) {
            fn to_json(&self) -> Value {
                Value::Array(vec![$(self.$index.to_json()),*])
            }
            fn from_json(node: &Node) -> Result<($($name,)*), Fault> {
                let items = node.items()?;
                if items.len() != [$($index),*].len() {
                    return Err(node.fault("has another number of items"));
                }
                Ok(($($name::from_json(&items[$index])?,)*))
            }
        }
    )*};
}
json_tuples!((0 A, 1 B) (0 A, 1 B, 2 C));

impl<T: Json + Ord> Json for BTreeSet<T> {
    fn to_json(&self) -> Value {
        self.iter().map(T::to_json).collect()
    }
    fn from_json(node: &Node) -> Result<BTreeSet<T>, Fault> {
        let items = Vec::<T>::from_json(node)?;
        match items.is_sorted_by(|a, b| a < b) {
            true => Ok(items.into_iter().collect()),
            false => Err(node.fault("is not in strictly ascending order")),
        }
    }
}

impl<K: Json + Ord, V: Json> Json for BTreeMap<K, V> {
    fn to_json(&self) -> Value {
        self.iter().map(|(key, value)| Value::Array(vec![key.to_json(), value.to_json()])).collect()
    }
    fn from_json(node: &Node) -> Result<BTreeMap<K, V>, Fault> {
        let pairs = Vec::<(K, V)>::from_json(node)?;
        match pairs.is_sorted_by(|a, b| a.0 < b.0) {
            true => Ok(pairs.into_iter().collect()),
            false => Err(node.fault("is not in strictly ascending order")),
        }
    }
}
