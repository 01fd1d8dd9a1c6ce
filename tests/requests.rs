//! Requests: every text has an answer of the same form.

use middle_client::node::Node;
use middle_client::requests::{Library, handle};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_text_has_an_answer(text in any::<String>(), method in 0usize..6, params in "[\\[\\]{}0x1\",a]{0,12}") {
        let methods = ["mid_sendOperation", "mid_getOperation", "mid_getPostOperation", "mid_extensions", "mid_estimateCycles", "mid_getReputation"];
        let request = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{}","params":{params}}}"#, methods[method]);
        for text in [text, request] {
            let (answer, _) = handle(&mut Node::default(), &Library::new(), &text, &|_, _| Ok(()));
            prop_assert_eq!(&answer["jsonrpc"], "2.0");
            prop_assert!(answer.get("result").is_some() != answer.get("error").is_some());
        }
    }
}
