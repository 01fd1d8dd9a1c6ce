//! One step of a token ledger whose state is a Merkle tree of accounts: the sender pays any number
//! of recipients. Clients keep only the root; the prover brings the accounts in the witness.
//!
//!   leaf = SHA-256(owner || balance || nonce)   48-byte message, integers as in the witness
//!   node = SHA-256(left || right)               64-byte message
//!
//! The two lengths differ, so a node cannot be passed off as an account.
//!
//! The accounts are opened one after another, each against the root that the update before it left
//! behind; the first against the pre-state root. An opening is used only after it has been checked.
//! That order makes a payment to oneself, or two payments to one recipient, come out right.
//!
//! input:   sender's account index, its nonce, then for each payment: recipient's index, amount;
//!          all u64 little-endian
//! witness: depth of the tree (u64, 1 to 32), then an opening for the sender and each recipient:
//!          owner (32 bytes), balance, nonce (u64 little-endian), siblings from the leaf upwards
//! output:  total paid, the sender's next nonce; u64 little-endian
//! rejects: 1 = input length is not 16 + 16 p with 1 <= p <= 256, 2 = depth or witness length is
//!          wrong, 3 = an index is not below 2^depth, 4 = an opening does not match the root,
//!          5 = the account is not the Operation's sender's, 6 = wrong nonce, 7 = total paid
//!          exceeds the balance, 8 = a recipient's balance would overflow
#![no_std]
#![no_main]

#[path = "../middle.rs"]
mod middle;
use middle::*;
#[path = "../sha256.rs"]
mod sha256;
use sha256::Sha256;

const MAX_DEPTH: u64 = 32;
const MAX_PAYMENTS: u32 = 256;
/// Words of an opening before its siblings.
const ACCOUNT_WORDS: u32 = 6;

struct Account {
    owner: [u32; 8],
    balance: u64,
    nonce: u64,
}

impl Account {
    fn leaf(&self) -> [u32; 8] {
        let mut hash = Sha256::new();
        hash.push_all(&self.owner);
        for value in [self.balance, self.nonce] {
            hash.push((value as u32).swap_bytes());
            hash.push(((value >> 32) as u32).swap_bytes());
        }
        hash.finish(0, 0)
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
            owner: digest(witness, word),
            balance: witness(word + 4),
            nonce: witness(word + 5),
        };
        Opening { account, index, word, depth }
    }

    /// The root of the tree in which this account is as it is now.
    fn root(&self) -> [u32; 8] {
        let mut node = self.account.leaf();
        for level in 0..self.depth {
            let sibling = digest(witness, self.word + ACCOUNT_WORDS + 4 * level);
            let mut hash = Sha256::new();
            if self.index >> level & 1 == 0 {
                hash.push_all(&node);
                hash.push_all(&sibling);
            } else {
                hash.push_all(&sibling);
                hash.push_all(&node);
            }
            node = hash.finish(0, 0);
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
    let open = |root: &[u32; 8], at: u32, index: u64| -> Result<Opening, u32> {
        if index >> depth != 0 {
            return Err(3);
        }
        let opening = Opening::read(index, 1 + at * opening_words, depth);
        if opening.root() != *root { Err(4) } else { Ok(opening) }
    };

    let mut sender = open(&digest(context, field::PRE_STATE_ROOT), 0, input(0))?;
    if sender.account.owner != digest(context, field::SENDER) {
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

    put_digest(post_state, &root);
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
