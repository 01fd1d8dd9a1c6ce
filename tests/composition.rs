//! Composition: claims have one encoding, and every accepted family settles children before parents.

use alloy_primitives::U256;
use middle_client::composition::{Child, MAX_DEPTH, Member, children, encode_children, plan};
use middle_client::notation::B256;
use proptest::prelude::*;

fn child(lane: u64) -> Child {
    Child { authorization: 1, lane: U256::from(lane), ..Child::default() }
}

proptest! {
    #[test]
    fn claims_have_one_encoding(count in 0u64..16, place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let claimed: Vec<Child> = (0..count).map(child).collect();
        let mut output = encode_children(&claimed);
        prop_assert_eq!(children(&output), Ok(claimed));
        let place = place.index(output.len());
        output[place] = byte;
        if let Ok(decoded) = children(&output)
            && place >= 32
        {
            prop_assert_eq!(encode_children(&decoded), output);
        }
    }

    #[test]
    fn families_settle_children_first(parents in prop::collection::vec(any::<prop::sample::Index>(), 0..18)) {
        let mut members = vec![Member { lane: U256::from(1_000), ..Member::default() }];
        for (index, parent) in parents.iter().enumerate() {
            let parent = parent.index(members.len()) as u32;
            members.push(Member { parent: Some(parent), lane: U256::from(index), ..Member::default() });
        }
        for place in 0..members.len() {
            let places: Vec<usize> = (0..members.len()).filter(|it| members[*it].parent == Some(place as u32)).collect();
            let claimed: Vec<Child> = places.iter().map(|it| child(members[*it].lane.to())).collect();
            for (index, (at, claim)) in places.iter().zip(&claimed).enumerate() {
                members[*at].hash = claim.hash(members[place].hash, index as u64);
            }
            if !claimed.is_empty() && claimed.len() < 16 {
                members[place].output = encode_children(&claimed).into();
            }
        }
        let depth = |mut place: usize| {
            let mut depth = 1;
            while let Some(parent) = members[place].parent {
                (place, depth) = (parent as usize, depth + 1);
            }
            depth
        };
        let deepest = (0..members.len()).map(depth).max().unwrap();
        match plan(&members) {
            Ok(order) => {
                prop_assert!(members.len() <= 16 && deepest <= MAX_DEPTH);
                let position = |place: usize| order.iter().position(|it| *it == place).unwrap();
                for (place, member) in members.iter().enumerate() {
                    if let Some(parent) = member.parent {
                        prop_assert!(position(place) < position(parent as usize));
                    }
                }
                prop_assert_eq!(order.len(), members.len());
            }
            Err(_) => prop_assert!(members.len() > 16 || deepest > MAX_DEPTH),
        }
    }
}

#[test]
fn a_child_has_another_name_under_another_parent() {
    let one = child(1);
    assert_ne!(one.hash(B256::ZERO, 0), one.hash(B256::ZERO, 1));
    assert_ne!(one.hash(B256::ZERO, 0), one.hash(B256::with_last_byte(1), 0));
    assert_ne!(Child::sender(B256::ZERO), Child::sender(B256::with_last_byte(1)));
}
