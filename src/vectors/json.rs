//! The one way in which vectors are written, and reading with places in the errors.

use serde_json::{Map, Value};
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_sorted_and_indented() {
        let value = json!({"b": [1, 2], "a": {"d": "x\n", "c": []}, "e": [{"f": null}], "g": {}});
        let expected = r#"{
  "a": {
    "c": [],
    "d": "x\n"
  },
  "b": [1, 2],
  "e": [
    {
      "f": null
    }
  ],
  "g": {}
}
"#;
        assert_eq!(to_text(&value), expected);
        assert_eq!(serde_json::from_str::<Value>(&to_text(&value)).unwrap(), value);
    }

    #[test]
    fn differences_name_their_place() {
        let expected = json!({"a": {"b": [1, 2]}, "c": 3});
        let found = json!({"a": {"b": [1, 4]}, "c": 3});
        let fault = first_difference("case", &expected, &found).unwrap();
        assert_eq!(fault.to_string(), "case.a.b[1]: expected 2, found 4");
        assert_eq!(first_difference("case", &expected, &expected), None);
        let fault = first_difference("case", &expected, &json!({"a": {"b": [1, 2]}})).unwrap();
        assert_eq!(fault.to_string(), "case.c: expected 3, found nothing");
    }

    #[test]
    fn quantities_have_one_form() {
        for (text, value) in [("0x0", Some(0)), ("0xff", Some(255)), ("0x0f", None), ("0xFF", None), ("255", None)] {
            let json = Value::from(text);
            assert_eq!(Node::new("", &json).quantity().ok(), value, "{text}");
        }
    }
}
