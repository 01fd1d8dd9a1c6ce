//! JSON as vectors have it: one text for a value, faults that name their place, and bytes inline, as patterns or as files.

use middle_client::notation::json::{Node, first_difference, parse, to_text};
use middle_client::vectors::{Blobs, MAX_BYTES, MAX_INLINE_BYTES, bytes_from_json, bytes_to_json};
use serde_json::{Value, json};

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
fn a_field_stands_once() {
    let text = r#"{"a": [1, -2, 0.5, null, true, "b"], "c": {"a": {}}}"#;
    assert_eq!(parse(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    for text in [r#"{"a": 1, "a": 1}"#, r#"[{"b": {"a": 1, "\u0061": 2}}]"#] {
        let error = parse(text).unwrap_err();
        assert!(error.to_string().starts_with("the field `a` stands twice at line 1 column "), "{error}");
    }
    assert!(parse("[".repeat(1_000)).unwrap_err().to_string().starts_with("recursion limit exceeded"));
    assert!(parse("{} {}").is_err());
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

fn round_trip(bytes: &[u8]) -> Value {
    let mut blobs = Blobs::new();
    let value = bytes_to_json(bytes, "bin", &mut blobs);
    assert_eq!(bytes_from_json(&Node::new("bytes", &value), &blobs).unwrap(), bytes);
    value
}

#[test]
fn short_bytes_are_inline() {
    assert_eq!(round_trip(&[0xab, 0]), "0xab00");
    assert!(round_trip(&[0; MAX_INLINE_BYTES]).is_string());
}

#[test]
fn patterns_are_found() {
    let mut bytes = b"head".to_vec();
    bytes.extend([1, 2, 3].repeat(100_000));
    bytes.extend(b"tail");
    let parts = round_trip(&bytes)["parts"].clone();
    assert_eq!(parts, json!(["0x68656164", {"repeat": "0x010203", "times": 100_000}, "0x7461696c"]));
    assert_eq!(round_trip(&[0; 1 << 20])["parts"], json!([{"repeat": "0x00", "times": 1 << 20}]));
}

#[test]
fn other_bytes_are_a_file() {
    let bytes: Vec<u8> = (0..2_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    assert!(round_trip(&bytes)["blob"].is_string());
}

#[test]
fn faults_name_their_place() {
    let blobs = Blobs::new();
    let fault = |value: Value| bytes_from_json(&Node::new("module", &value), &blobs).unwrap_err().to_string();
    assert_eq!(fault(json!("abc")), "module: does not begin with `0x`");
    assert_eq!(fault(json!({"blob": "x"})), "module.blob: there is no file blobs/\"x\"");
    let huge = json!({"parts": [{"repeat": "0x0000", "times": u32::MAX}], "sha256": "", "size": 0});
    assert_eq!(fault(huge), format!("module.parts[0]: the bytes grow beyond {MAX_BYTES}"));
    let wrong = json!({"parts": ["0x00"], "sha256": "00", "size": 1});
    assert!(fault(wrong).starts_with("module.sha256: the digest of the parts is 6e34"));
    assert!(fault(json!({"parts": ["0x00"], "sha256": "00", "size": 2})).starts_with("module.size:"));
    assert_eq!(fault(json!(7)), "module: is not an object");
}
