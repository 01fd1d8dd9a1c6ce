//! Cases of the format `composition`: claims of children, families, data rules.

use super::evaluate::Stop;
use super::fixture::{broken, child, extension, field, with_item};
use super::json::{Fault, Json, Node, hex};
use super::{Case, Draft, case};
use crate::composition::{Child, Member, check_data, children, encode_children, plan};
use crate::notation::{B256, Reject};
use crate::operation::rlp;
use alloy_primitives::U256;
use serde_json::{Value, json};

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    match node.field("kind")?.text()? {
        "children" => {
            node.only(&["extensionId", "kind", "output", "parent"])?;
            let claimed = children(&node.field("output")?.hex()?)?;
            let parent: B256 = field(&node, "parent")?;
            let hashes = claimed.iter().enumerate().map(|(index, child)| hex(child.hash(parent, index as u64)));
            Ok(json!({
                "outcome": "accept",
                "stage": "encoding",
                "hashes": hashes.collect::<Value>(),
                "sender": Child::sender(field(&node, "extensionId")?).to_json(),
                "children": claimed.to_json(),
            }))
        }
        "family" => {
            node.only(&["kind", "members"])?;
            let order = plan(&field::<Vec<Member>>(&node, "members")?)?;
            Ok(json!({"outcome": "accept", "stage": "settlement", "order": order}))
        }
        "data" => {
            node.only(&["carried", "claimed", "dataRule", "isStateful", "kind"])?;
            let carried: Vec<B256> = field(&node, "carried")?;
            check_data(field(&node, "dataRule")?, field(&node, "isStateful")?, field(&node, "claimed")?, &carried)?;
            Ok(json!({"outcome": "accept", "stage": "settlement"}))
        }
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [claims(), families(), data()].concat()
}

fn claims() -> Vec<Case> {
    let claim = |name: &str, rules: &[&str], output: Vec<u8>| -> Draft {
        case(&format!("composition-children-{name}"), "An output and the children that it claims.", rules).object(
            json!({
                "kind": "children",
                "extensionId": hex(extension("one")),
                "output": hex(output),
                "parent": hex(B256::repeat_byte(7)),
            }),
        )
    };
    let rules: &[&str] = &["COMP-001", "COMP-002", "COMP-004"];
    let two = encode_children(&vec![child(1), child(2)]);
    let refuse = |name: &str, rule: &str, mutation: &str, output: Vec<u8>, reason| {
        claim(name, &[rule], output).derived_from("composition-children-two", mutation).reject(reason)
    };
    let with = |authorization| encode_children(&vec![Child { authorization, ..child(1) }, child(2)]);
    let (mark, claimed) = two.split_at(32);
    let unreadable = |name: &str, rule: &str, mutation: &str, list: &[u8], reason| {
        claim(name, &["COMP-001", rule], [mark, list].concat())
            .derived_from("composition-children-two", mutation)
            .reject(reason)
    };
    let last = rlp::encode(&child(2));
    let with_last = |last: Vec<u8>| with_item(claimed, 1, last);
    let mut cases = vec![
        claim("two", rules, two.clone()).accept(),
        claim("none", rules, encode_children(&Vec::new())).accept(),
        claim("no-mark", rules, two[1..].to_vec()).accept(),
        claim("empty-output", rules, Vec::new()).accept(),
        claim("fifteen", &["COMP-003"], encode_children(&(0..15).map(child).collect())).accept(),
        refuse(
            "sixteen",
            "COMP-003",
            "claim sixteen",
            encode_children(&(0..16).map(child).collect()),
            Reject::FamilyTooLarge,
        ),
        refuse("trailing", "COMP-001", "append a byte", [two.clone(), vec![0]].concat(), Reject::RlpLengthMismatch),
        refuse("authorization-0", "COMP-002", "set an authorization to 0", with(0), Reject::AuthorizationUnknown),
        refuse("authorization-2", "COMP-002", "set an authorization to 2", with(2), Reject::AuthorizationUnknown),
        unreadable("string", "OP-003", "make the list of children an empty string", &[0x80], Reject::RlpUnexpectedKind),
        unreadable(
            "authorization-256",
            "OP-005",
            "set the last child's authorization to 256",
            &with_last(with_item(&last, 0, vec![0x82, 1, 0])),
            Reject::RlpFieldLength,
        ),
    ];
    // A byte after a child would be the next child.
    cases.extend(broken(&last).into_iter().filter(|it| it.name != "trailing").map(|it| {
        let (name, mutation) = (format!("child-{}", it.name), format!("in the last child, {}", it.mutation));
        unreadable(&name, it.rule, &mutation, &with_last(it.list), it.reason)
    }));
    cases
}

/// A family in which member `i` is the child of the member at `parents[i - 1]`, in lanes of their own.
fn family(parents: &[u32]) -> Vec<Member> {
    let mut members = vec![Member { hash: B256::repeat_byte(7), extension_id: extension("one"), ..Member::default() }];
    for (index, parent) in parents.iter().enumerate() {
        let lane = index as u64 + 1;
        members.push(Member {
            parent: Some(*parent),
            extension_id: extension("two"),
            lane: U256::from(lane),
            ..Member::default()
        });
    }
    // From the root on: what a member claims names its children.
    for place in 0..members.len() {
        let places: Vec<usize> = (0..members.len()).filter(|it| members[*it].parent == Some(place as u32)).collect();
        let claimed: Vec<Child> = places.iter().map(|it| child(members[*it].lane.to())).collect();
        for (index, (at, claim)) in places.iter().zip(&claimed).enumerate() {
            members[*at].hash = claim.hash(members[place].hash, index as u64);
        }
        if !claimed.is_empty() {
            members[place].output = encode_children(&claimed).into();
        }
    }
    members
}

fn families() -> Vec<Case> {
    let rules: &[&str] = &["COMP-003", "COMP-005", "COMP-006", "COMP-007"];
    let settle = |name: &str, rules: &[&str], members: &[Member]| -> Draft {
        case(&format!("composition-family-{name}"), "A family and the order in which it settles.", rules)
            .object(json!({"kind": "family", "members": members.to_vec().to_json()}))
    };
    let refuse = |name: &str, rule: &str, origin: &str, mutation: &str, members: &[Member], reason| {
        settle(name, &[rule], members).derived_from(&format!("composition-family-{origin}"), mutation).reject(reason)
    };
    let changed = |change: &dyn Fn(&mut Vec<Member>)| {
        let mut members = family(&[0, 0, 1]);
        change(&mut members);
        members
    };
    vec![
        settle("one", rules, &family(&[])).accept(),
        settle("tree", rules, &family(&[0, 0, 1])).accept().stating("order", json!([3, 1, 2, 0])),
        settle("deepest", rules, &family(&[0, 1, 2])).accept().stating("order", json!([3, 2, 1, 0])),
        settle("largest", rules, &family(&[0; 15])).accept(),
        refuse("too-large", "COMP-003", "largest", "add a member", &family(&[0; 16]), Reject::FamilyTooLarge),
        refuse("empty", "COMP-003", "one", "remove the member", &[], Reject::FamilyTooLarge),
        refuse("too-deep", "COMP-003", "deepest", "add a level", &family(&[0, 1, 2, 3]), Reject::FamilyTooDeep),
        refuse(
            "cyclic",
            "COMP-005",
            "tree",
            "let a grandchild run in its parent's lane",
            &changed(&|it| it[3].lane = U256::from(1)),
            Reject::FamilyCyclic,
        ),
        refuse(
            "cyclic-root",
            "COMP-005",
            "tree",
            "let a child run in the root's lane",
            &changed(&|it| {
                (it[1].extension_id, it[1].lane) = (extension("one"), U256::ZERO);
            }),
            Reject::FamilyCyclic,
        ),
        refuse(
            "missing",
            "COMP-006",
            "tree",
            "remove the last child",
            &changed(&|it| drop(it.pop())),
            Reject::FamilyIncomplete,
        ),
        refuse(
            "exchanged",
            "COMP-006",
            "tree",
            "exchange two children's hashes",
            &changed(&|it| {
                let hash = it[1].hash;
                it[1].hash = it[2].hash;
                it[2].hash = hash;
            }),
            Reject::FamilyIncomplete,
        ),
        refuse(
            "orphan",
            "COMP-006",
            "tree",
            "let a child have no parent",
            &changed(&|it| it[2].parent = None),
            Reject::FamilyIncomplete,
        ),
        refuse(
            "parent-after",
            "COMP-006",
            "tree",
            "let a parent come later",
            &changed(&|it| it[1].parent = Some(3)),
            Reject::FamilyIncomplete,
        ),
    ]
}

fn data() -> Vec<Case> {
    let blob = B256::repeat_byte(1);
    let check = |name: &str, rule: u8, is_stateful: bool, claimed: Option<B256>, carried: &[B256]| -> Draft {
        case(&format!("composition-data-{name}"), "Which data must be available.", ["COMP-008"]).object(json!({
            "kind": "data",
            "dataRule": rule,
            "isStateful": is_stateful,
            "claimed": claimed.to_json(),
            "carried": carried.to_vec().to_json(),
        }))
    };
    vec![
        check("none", 0, false, None, &[]).accept(),
        check("calldata", 1, true, None, &[]).accept(),
        check("blob", 2, true, Some(blob), &[B256::ZERO, blob]).accept(),
        check("none-stateful", 0, true, None, &[])
            .derived_from("composition-data-none", "keep a state")
            .reject(Reject::DataUnavailable),
        check("blob-missing", 2, true, Some(blob), &[B256::ZERO])
            .derived_from("composition-data-blob", "do not carry the blob")
            .reject(Reject::DataUnavailable),
        check("blob-unnamed", 2, true, None, &[blob])
            .derived_from("composition-data-blob", "name no blob")
            .reject(Reject::DataUnavailable),
    ]
}
