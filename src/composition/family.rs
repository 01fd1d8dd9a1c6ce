//! Families: an Operation with its children, theirs, and so on, settled as one.

use super::{Child, MAX_DEPTH, MAX_MEMBERS, children};
use crate::json_fields;
use crate::notation::{B256, Outcome, Reject, Rejection};
use crate::operation::{Operation, SETTLEMENT_GAS};
use crate::post_operation::PostOperation;
use crate::registry::{DATA_BLOB, DATA_NONE};
use alloy_primitives::{Bytes, U256};

/// A member of a family with its result, in the order of a walk from the root: parents before their children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The place of its parent in the list; none for the first.
    pub parent: Option<u32>,
    /// The operation hash, or the hash of the child.
    pub hash: B256,
    /// The extension that was run.
    pub extension_id: B256,
    /// The lane.
    pub lane: U256,
    /// The output.
    pub output: Bytes,
}

json_fields!(Member: parent, hash, extension_id, lane, output);

fn refuse<T>(reason: Reject, detail: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::new(reason, 0, detail))
}

/// The result of a child in a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChildResult {
    /// The place of its parent in the family; the Operation itself has place 0, and the children follow.
    pub parent: u32,
    /// Its result.
    pub post_operation: PostOperation,
}

json_fields!(ChildResult: parent, post_operation);

/// A family as it is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The Operations of all members, the children's as their statements have them, with the gas limits of their calls.
    pub operations: Vec<Operation>,
    /// The places of the members in the order in which they settle.
    pub order: Vec<usize>,
}

/// Derives the Operations of an Operation's children from what the results claim, and the order of the family.
pub fn assemble(
    operation: &Operation,
    hash: B256,
    post_operation: &PostOperation,
    results: &[ChildResult],
) -> Result<Family, Rejection> {
    // COMP-003: before anything is derived.
    if results.len() >= MAX_MEMBERS {
        return refuse(Reject::FamilyTooLarge, format!("{} members", results.len() + 1));
    }
    let mut operations = vec![operation.clone()];
    let mut members = vec![member(None, hash, operation, post_operation)?];
    for (place, result) in (1..).zip(results) {
        let parent = result.parent as usize;
        let claimed = match members.get(parent) {
            Some(member) => children(&member.output)?,
            None => return refuse(Reject::FamilyIncomplete, format!("member {place} has no parent before it")),
        };
        // COMP-006: in the claimed order, so that the number of its siblings so far says which child it is.
        let index = results[..place - 1].iter().filter(|it| it.parent == result.parent).count();
        let Some(child) = claimed.get(index) else {
            return refuse(Reject::FamilyIncomplete, format!("member {parent} claims no child {index}"));
        };
        let child_hash = child.hash(members[parent].hash, index as u64);
        let operation = child.operation(&operations[parent]);
        members.push(member(Some(result.parent), child_hash, &operation, &result.post_operation)?);
        operations.push(operation);
        // POST-008: it is about this child.
        let found = (result.post_operation.operation_hash, result.post_operation.extension_id);
        if found != (child_hash, child.extension_id) {
            return refuse(Reject::OtherOperation, format!("the child is {child_hash}"));
        }
    }
    let order = plan(&members)?;
    operations[0].gas_limit = own_gas(operation, operations[1..].iter().map(|child| child.gas_limit))?;
    Ok(Family { operations, order })
}

/// What is left of an Operation's gas limit for its own call, after the children with these gas limits.
pub fn own_gas(operation: &Operation, mut children: impl Iterator<Item = u64>) -> Result<u64, Rejection> {
    // COMP-010: what was reserved for the Operation pays for its family.
    let needed = |sum: u64, child: u64| sum.checked_add(child)?.checked_add(SETTLEMENT_GAS);
    let own = children.try_fold(0, needed).and_then(|needed| operation.gas_limit.checked_sub(needed));
    own.map_or_else(|| refuse(Reject::FamilyGas, format!("{} gas is not enough", operation.gas_limit)), Ok)
}

fn member(parent: Option<u32>, hash: B256, operation: &Operation, result: &PostOperation) -> Result<Member, Rejection> {
    // COMP-001: what was not accepted claims nothing.
    let output = match result.outcome()? {
        Outcome::Accepted => result.output.clone(),
        Outcome::Rejected(_) | Outcome::Trapped(_) => Bytes::new(),
    };
    Ok(Member { parent, hash, extension_id: operation.extension_id, lane: operation.lane, output })
}

/// The order in which a family is settled, as places in the list: children before their parents.
pub fn plan(members: &[Member]) -> Result<Vec<usize>, Rejection> {
    // COMP-003: bounded, before anything is walked.
    if members.is_empty() || members.len() > MAX_MEMBERS {
        return refuse(Reject::FamilyTooLarge, format!("{} members", members.len()));
    }
    let mut depths = vec![1];
    for (place, member) in members.iter().enumerate().skip(1) {
        let Some(parent) = member.parent.map(|it| it as usize).filter(|it| *it < place) else {
            return refuse(Reject::FamilyIncomplete, format!("member {place} has no parent before it"));
        };
        let depth: usize = depths[parent] + 1;
        if depth > MAX_DEPTH {
            return refuse(Reject::FamilyTooDeep, format!("member {place} has depth {depth}"));
        }
        depths.push(depth);
        // COMP-005: nobody waits for himself.
        let mut ancestor = Some(parent);
        while let Some(place) = ancestor {
            if (members[place].extension_id, members[place].lane) == (member.extension_id, member.lane) {
                return refuse(Reject::FamilyCyclic, format!("lane {} again", member.lane));
            }
            ancestor = members[place].parent.map(|it| it as usize).filter(|it| *it < place);
        }
    }
    // COMP-006: exactly the claimed children are there, in the claimed order.
    for (place, member) in members.iter().enumerate() {
        let claimed = children(&member.output)?;
        let here = members.iter().filter(|it| it.parent == Some(place as u32));
        let named: Vec<B256> = here.map(|it| it.hash).collect();
        let expected: Vec<B256> = claimed
            .iter()
            .enumerate()
            .map(|(index, child): (usize, &Child)| child.hash(member.hash, index as u64))
            .collect();
        if named != expected {
            return refuse(Reject::FamilyIncomplete, format!("the children of member {place} are not those it claims"));
        }
    }
    let mut order = Vec::new();
    visit(members, 0, &mut order);
    Ok(order)
}

// COMP-007: post-order; the depth is bounded, so is this recursion.
fn visit(members: &[Member], place: usize, order: &mut Vec<usize>) {
    let children = members.iter().enumerate().filter(|(_, it)| it.parent == Some(place as u32));
    for (child, _) in children {
        visit(members, child, order);
    }
    order.push(place);
}

// COMP-008: the program sees the name of its data.
/// The versioned hash of the blob that an Operation of an extension with data rule 2 claims.
pub fn claimed_blob(operation: &Operation) -> Option<B256> {
    operation.data.first_chunk::<32>().map(|hash| B256::new(*hash))
}

/// Whether an extension with this data rule may settle: `blob` is the hash of the blob that the settlement carries for
/// these data, if it carries one.
pub fn check_data(data_rule: u8, is_stateful: bool, claimed: Option<B256>, carried: &[B256]) -> Result<(), Rejection> {
    // COMP-008, COMP-013: who keeps a state must let others follow it.
    if is_stateful && data_rule == DATA_NONE {
        return refuse(Reject::DataUnavailable, "a state needs data that stay available");
    }
    match (data_rule, claimed) {
        (DATA_BLOB, Some(hash)) if carried.contains(&hash) => Ok(()),
        (DATA_BLOB, _) => refuse(Reject::DataUnavailable, "the blob is not carried"),
        _ => Ok(()),
    }
}
