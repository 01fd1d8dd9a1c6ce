//! The token ledger of `token_ledger` with Poseidon for SHA-256. Elements are 32 bytes,
//! little-endian; a number stands for the element with this value.
//!
//!   leaf = poseidon(poseidon(owner, balance + 2^64 nonce), 2^128)
//!   node = poseidon(left, right)
//!
//! The owner is the number of an address. A leaf cannot be passed off as a node, nor a node as a
//! leaf: one would have to hash to 2^128, or 2^128 would have to be a balance and a nonce.
//!
//! input:   sender's account index, its nonce, then for each payment: recipient's index, amount;
//!          all u64 little-endian
//! witness: depth of the tree (u64, 1 to 32), then an opening for the sender and each recipient:
//!          owner (element), balance, nonce (u64 little-endian), siblings from the leaf upwards
//! output:  total paid, the sender's next nonce; u64 little-endian
//! rejects: as `token_ledger`
//! traps:   an owner or sibling that is no element
#![no_std]
#![no_main]

#[path = "../middle.rs"]
mod middle;
use middle::*;

const MAX_DEPTH: u64 = 32;
const MAX_PAYMENTS: u32 = 256;
/// Words of an opening before its siblings.
const ACCOUNT_WORDS: u32 = 6;

/// The sender as a number: the bytes of a context field are in the other order.
fn sender_number() -> Element {
    let mut number = [0; 4];
    for i in 0..4 {
        number[i] = context(field::SENDER + 3 - i as u32).swap_bytes();
    }
    number
}

struct Account {
    owner: Element,
    balance: u64,
    nonce: u64,
}

impl Account {
    fn leaf(&self) -> Element {
        let account = poseidon(&self.owner, &[self.balance, self.nonce, 0, 0]);
        poseidon(&account, &[0, 0, 1, 0])
    }
}

/// An account with its place in the tree: `word` is where its opening starts in the witness.
struct Opening {
    account: Account,
    index: u64,
    word: u32,
    depth: u32,
}

impl Opening {
    fn read(index: u64, word: u32, depth: u32) -> Self {
        let account = Account {
            owner: element(witness, word),
            balance: witness(word + 4),
            nonce: witness(word + 5),
        };
        Opening { account, index, word, depth }
    }

    /// The root of the tree in which this account is as it is now.
    fn root(&self) -> Element {
        let mut node = self.account.leaf();
        for level in 0..self.depth {
            let sibling = element(witness, self.word + ACCOUNT_WORDS + 4 * level);
            node = if self.index >> level & 1 == 0 {
                poseidon(&node, &sibling)
            } else {
                poseidon(&sibling, &node)
            };
        }
        node
    }
}

fn step() -> Result<(), u32> {
    let bytes = input_len();
    if bytes % 16 != 0 || bytes < 32 || bytes > 16 + 16 * MAX_PAYMENTS {
        return Err(1);
    }
    let payments = bytes / 16 - 1;
    let depth = witness(0);
    if depth < 1 || depth > MAX_DEPTH {
        return Err(2);
    }
    let depth = depth as u32;
    let opening_words = ACCOUNT_WORDS + 4 * depth;
    if witness_len() != 8 * (1 + (1 + payments) * opening_words) {
        return Err(2);
    }
    let open = |root: &Element, at: u32, index: u64| -> Result<Opening, u32> {
        if index >> depth != 0 {
            return Err(3);
        }
        let opening = Opening::read(index, 1 + at * opening_words, depth);
        if opening.root() != *root { Err(4) } else { Ok(opening) }
    };

    let mut sender = open(&element(context, field::PRE_STATE_ROOT), 0, input(0))?;
    if sender.account.owner != sender_number() {
        return Err(5);
    }
    if sender.account.nonce != input(1) {
        return Err(6);
    }
    let mut total = 0u64;
    for payment in 0..payments {
        total = total.checked_add(input(3 + 2 * payment)).ok_or(7u32)?;
    }
    sender.account.balance = sender.account.balance.checked_sub(total).ok_or(7u32)?;
    // 2^64 Operations of one account do not happen; the check costs nothing and leaves no doubt.
    sender.account.nonce = sender.account.nonce.checked_add(1).ok_or(6u32)?;

    let mut root = sender.root();
    for payment in 0..payments {
        let mut recipient = open(&root, 1 + payment, input(2 + 2 * payment))?;
        let amount = input(3 + 2 * payment);
        recipient.account.balance = recipient.account.balance.checked_add(amount).ok_or(8u32)?;
        root = recipient.root();
    }

    put_element(post_state, &root);
    output(0, total);
    output(1, sender.account.nonce);
    output_len(16);
    Ok(())
}

#[no_mangle]
pub extern "C" fn run() -> u32 {
    match step() {
        Ok(()) => 0,
        Err(code) => code,
    }
}
