//! Builds a batch from a pool of operations: the highest fee first, each sender's operations in the
//! order of their nonces, as much as the gas limit holds.
//!
//! Greedy rule: every sender offers its operation with the lowest nonce not yet taken. The offer
//! with the highest fee per gas wins; ties go to the one that stands first in the pool. If it fits
//! in the gas that is left, it joins the batch and its sender offers the next nonce; if it does not
//! fit, or the next nonce is missing, the sender offers nothing more.
//!
//! input:   gas limit (u64), then the pool, 40 bytes each: sender (20 bytes), nonce (u32),
//!          fee per gas (u64), gas (u64); integers little-endian
//! output:  gas of the batch (u64), fees of the batch (u64), then for each operation of the batch
//!          its index in the pool (u32); little-endian
//! rejects: 1 = input length is not 8 + 40 p, 2 = more than 1,024 operations,
//!          3 = a sender's nonce occurs twice, 4 = gas is 0 or fee per gas is not below 2^32,
//!          5 = gas is not below 2^22
#![no_std]
#![no_main]

#[path = "../middle.rs"]
mod middle;
use middle::*;

const MAX_OPERATIONS: u32 = 1024;
const OPERATION_WORDS: u32 = 5;

#[derive(Clone, Copy)]
struct Operation {
    /// The address as numbers that compare like its bytes.
    sender: (u64, u64, u32),
    nonce: u32,
    fee: u32,
    gas: u32,
    index: u32,
}

impl Operation {
    fn read(index: u32) -> Result<Self, u32> {
        let word = 1 + index * OPERATION_WORDS;
        let last = input(word + 2);
        let (fee, gas) = (input(word + 3), input(word + 4));
        if fee >> 32 != 0 || gas == 0 {
            return Err(4);
        }
        // With 1,024 operations the fees stay below 2^(32 + 22 + 10) = 2^64.
        if gas >> 22 != 0 {
            return Err(5);
        }
        Ok(Operation {
            sender: (input(word).swap_bytes(), input(word + 1).swap_bytes(), (last as u32).swap_bytes()),
            nonce: (last >> 32) as u32,
            fee: fee as u32,
            gas: gas as u32,
            index,
        })
    }

    /// Does this offer win against the other one?
    fn beats(&self, other: &Operation) -> bool {
        (self.fee, !self.index) > (other.fee, !other.index)
    }

    fn follows(&self, before: &Operation) -> bool {
        self.sender == before.sender && before.nonce.checked_add(1) == Some(self.nonce)
    }
}

/// Binary heap of the offers, as positions in the sorted pool; the best one is first.
struct Offers<'a> {
    pool: &'a [Operation],
    heap: &'a mut [u16],
    len: usize,
}

impl Offers<'_> {
    fn beats(&self, a: usize, b: usize) -> bool {
        self.pool[self.heap[a] as usize].beats(&self.pool[self.heap[b] as usize])
    }

    fn push(&mut self, position: u16) {
        let mut at = self.len;
        self.heap[at] = position;
        self.len += 1;
        while at > 0 && self.beats(at, (at - 1) / 2) {
            self.heap.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    fn sink_first(&mut self) {
        let mut at = 0;
        loop {
            let mut best = 2 * at + 1;
            if best >= self.len {
                return;
            }
            if best + 1 < self.len && self.beats(best + 1, best) {
                best += 1;
            }
            if !self.beats(best, at) {
                return;
            }
            self.heap.swap(at, best);
            at = best;
        }
    }

    fn replace_first(&mut self, position: u16) {
        self.heap[0] = position;
        self.sink_first();
    }

    fn drop_first(&mut self) {
        self.len -= 1;
        self.heap[0] = self.heap[self.len];
        self.sink_first();
    }
}

// Static memory instead of the stack, which the toolchain makes no larger than it has to.
static mut POOL: [Operation; MAX_OPERATIONS as usize] =
    [Operation { sender: (0, 0, 0), nonce: 0, fee: 0, gas: 0, index: 0 }; MAX_OPERATIONS as usize];
static mut HEAP: [u16; MAX_OPERATIONS as usize] = [0; MAX_OPERATIONS as usize];

fn bundle() -> Result<(), u32> {
    let bytes = input_len();
    if bytes % 40 != 8 {
        return Err(1);
    }
    let count = bytes / 40;
    if count > MAX_OPERATIONS {
        return Err(2);
    }
    // Sound: there is one thread, and `run` is entered once.
    let (pool, heap) = unsafe { (&mut POOL[..count as usize], &mut HEAP[..]) };
    for (index, operation) in pool.iter_mut().enumerate() {
        *operation = Operation::read(index as u32)?;
    }
    pool.sort_unstable_by_key(|operation| (operation.sender, operation.nonce));

    let pool: &[Operation] = pool;
    let mut offers = Offers { pool, heap, len: 0 };
    for (position, operation) in pool.iter().enumerate() {
        match position.checked_sub(1).map(|before| &pool[before]) {
            Some(before) if before.sender == operation.sender => {
                if before.nonce == operation.nonce {
                    return Err(3);
                }
            }
            _ => offers.push(position as u16),
        }
    }

    let (mut gas_left, mut fees) = (input(0), 0u64);
    let gas_limit = gas_left;
    let (mut taken, mut pair) = (0u32, 0u64);
    while offers.len > 0 {
        let position = offers.heap[0];
        let operation = &pool[position as usize];
        if operation.gas as u64 > gas_left {
            offers.drop_first();
            continue;
        }
        gas_left -= operation.gas as u64;
        fees += operation.gas as u64 * operation.fee as u64;
        // Two indices share an output word.
        pair |= (operation.index as u64) << (32 * (taken % 2));
        output(2 + taken / 2, pair);
        taken += 1;
        if taken % 2 == 0 {
            pair = 0;
        }
        match pool.get(position as usize + 1) {
            Some(next) if next.follows(operation) => offers.replace_first(position + 1),
            _ => offers.drop_first(),
        }
    }
    output(0, gas_limit - gas_left);
    output(1, fees);
    output_len(16 + 4 * taken);
    Ok(())
}

#[no_mangle]
pub extern "C" fn run() -> u32 {
    match bundle() {
        Ok(()) => 0,
        Err(code) => code,
    }
}
