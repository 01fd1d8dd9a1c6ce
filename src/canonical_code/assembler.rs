//! Words, labels and the three rewritings of the last word.

use super::lower::Source;
use super::program::Symbol;
use super::word::{Class, IMMEDIATE_1, Opcode, Shape, Word};

/// A code address that may not be known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label(u32);

/// The words so far.
#[derive(Default)]
pub(super) struct Assembler {
    words: Vec<Word>,
    /// The address of each label, once bound.
    labels: Vec<Option<u32>>,
    /// The words whose low half is the address of a label.
    references: Vec<(u32, Label)>,
    symbols: Vec<Symbol>,
    /// The last address that a label was bound to: control may arrive there from elsewhere, so a word before it is
    /// not the only producer of what follows.
    barrier: usize,
}

impl Assembler {
    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    pub(super) fn bind(&mut self, label: Label) {
        debug_assert!(!self.is_bound(label));
        self.labels[label.0 as usize] = Some(self.words.len() as u32);
        self.barrier = self.words.len();
    }

    pub(super) fn is_bound(&self, label: Label) -> bool {
        self.labels[label.0 as usize].is_some()
    }

    /// The address of a label; 0 for one that was never bound, which nothing refers to.
    pub(super) fn address(&self, label: Label) -> u32 {
        self.labels[label.0 as usize].unwrap_or(0)
    }

    pub(super) fn symbol(&mut self, name: String) {
        self.symbols.push(Symbol { address: self.words.len() as u32, name });
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn emit(&mut self, word: Word) {
        self.words.push(word);
    }

    /// Emits a word whose low half will be the address of `target`.
    pub(super) fn emit_to(&mut self, target: Label, word: Word) {
        self.references.push((self.words.len() as u32, target));
        self.words.push(word);
    }

    /// CODE-031: emits a jump; back to a loop that begins with a branch, the branch is taken here, inverted, so that a
    /// turn of the loop costs one word less.
    pub(super) fn jump(&mut self, target: Label) {
        let head = self.labels[target.0 as usize];
        let repeated =
            head.and_then(|head| self.words.get(head as usize)).filter(|word| word.opcode.class() == Class::Branch);
        let (Some(head), Some(branch)) = (head, repeated.copied()) else {
            return self
                .emit_to(target, Word { opcode: Opcode::Jump, mode: 0, dst: 0, src1: 0, src2: 0, immediate: 0 });
        };
        let reference = self.references.binary_search_by_key(&head, |(address, _)| *address);
        let (_, exit) = self.references[reference.expect("a branch refers to a label")];
        let behind = self.label();
        self.labels[behind.0 as usize] = Some(head + 1);
        self.emit_to(behind, Word { opcode: inverse(branch.opcode), ..branch });
        self.emit_to(exit, Word { opcode: Opcode::Jump, mode: 0, dst: 0, src1: 0, src2: 0, immediate: 0 });
    }

    /// Emits a move, unless the value is there already.
    pub(super) fn move_to(&mut self, dst: u16, source: Source) {
        let (src1, mode, immediate) = match source {
            Source::Register(slot) if slot == dst => return,
            Source::Register(slot) => (slot, 0, 0),
            Source::Immediate(value) => (0, IMMEDIATE_1, value),
        };
        self.emit(Word { opcode: Opcode::Move, mode, dst, src1, src2: 0, immediate });
    }

    /// The last word, if control reaches what follows it only through it and it writes `dst` without reading it first.
    fn producer(&mut self, dst: u16) -> Option<&mut Word> {
        let first = self.barrier.min(self.words.len());
        self.words[first..].last_mut().filter(|word| produces(word, dst))
    }

    /// CODE-013: lets the word that produced slot `from` write slot `to` instead. A conditional move is redirected
    /// together with the word in front of it, whose value it may keep.
    pub(super) fn redirect(&mut self, from: u16, to: u16) -> bool {
        let first = self.barrier.min(self.words.len());
        match &mut self.words[first..] {
            [.., word] if produces(word, from) => word.dst = to,
            [.., word, conditional]
                if produces(word, from)
                    && conditional.opcode == Opcode::MoveIfZero
                    && conditional.dst == from
                    && conditional.src2 != to
                    && (conditional.mode != 0 || conditional.src1 != to) =>
            {
                word.dst = to;
                conditional.dst = to;
                if word.opcode == Opcode::Move && word.mode == 0 && word.src1 == to {
                    self.words.swap_remove(self.words.len() - 2);
                }
            }
            _ => return false,
        }
        true
    }

    /// CODE-014: inverts the comparison that produced slot `dst`.
    pub(super) fn invert_comparison(&mut self, dst: u16) -> bool {
        let Some(word) = self.producer(dst).filter(|word| word.opcode.class() == Class::Compare) else {
            return false;
        };
        word.opcode = inverse(word.opcode);
        true
    }

    /// CODE-015: turns the comparison that produced slot `dst` into a branch to `target`, taken when it holds (`sense`)
    /// or does not hold. Its immediate must fit the half that a branch has for it.
    pub(super) fn fuse_branch(&mut self, dst: u16, sense: bool, target: Label) -> bool {
        let fits = |word: &&mut Word| word.opcode.class() == Class::Compare && word.immediate <= u32::MAX.into();
        let Some(comparison) = self.producer(dst).filter(fits).map(|word| *word) else {
            return false;
        };
        self.words.pop();
        let branch = branch(comparison.opcode);
        let opcode = if sense { branch } else { inverse(branch) };
        self.emit_to(target, Word { opcode, dst: 0, immediate: comparison.immediate << 32, ..comparison });
        true
    }

    /// Resolves the labels.
    pub(super) fn finish(mut self) -> (Vec<Word>, Vec<Symbol>) {
        for (address, label) in &self.references {
            let target = self.labels[label.0 as usize].expect("every label that a word names is bound");
            self.words[*address as usize].immediate |= u64::from(target);
        }
        (self.words, self.symbols)
    }
}

/// Whether a word writes `dst` and does nothing else with it.
fn produces(word: &Word, dst: u16) -> bool {
    let shape = word.opcode.shape();
    word.dst == dst
        && matches!(shape, Shape::Binary | Shape::Unary | Shape::Load | Shape::Get | Shape::Size | Shape::Grow)
}

/// The comparison, or branch on it, that holds exactly when this one does not.
fn inverse(comparison: Opcode) -> Opcode {
    match comparison {
        Opcode::Eq => Opcode::Ne,
        Opcode::Ne => Opcode::Eq,
        Opcode::LtU => Opcode::GeU,
        Opcode::GeU => Opcode::LtU,
        Opcode::LtS32 => Opcode::GeS32,
        Opcode::GeS32 => Opcode::LtS32,
        Opcode::LtS64 => Opcode::GeS64,
        Opcode::GeS64 => Opcode::LtS64,
        Opcode::BranchEq => Opcode::BranchNe,
        Opcode::BranchNe => Opcode::BranchEq,
        Opcode::BranchLtU => Opcode::BranchGeU,
        Opcode::BranchGeU => Opcode::BranchLtU,
        Opcode::BranchLtS32 => Opcode::BranchGeS32,
        Opcode::BranchGeS32 => Opcode::BranchLtS32,
        Opcode::BranchLtS64 => Opcode::BranchGeS64,
        Opcode::BranchGeS64 => Opcode::BranchLtS64,
        other => other,
    }
}

/// The branch on this comparison.
fn branch(comparison: Opcode) -> Opcode {
    match comparison {
        Opcode::Eq => Opcode::BranchEq,
        Opcode::Ne => Opcode::BranchNe,
        Opcode::LtU => Opcode::BranchLtU,
        Opcode::GeU => Opcode::BranchGeU,
        Opcode::LtS32 => Opcode::BranchLtS32,
        Opcode::GeS32 => Opcode::BranchGeS32,
        Opcode::LtS64 => Opcode::BranchLtS64,
        Opcode::GeS64 => Opcode::BranchGeS64,
        other => other,
    }
}
