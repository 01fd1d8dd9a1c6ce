//! The body of one generated function.

use super::choices::Choices;
use super::operators::{binary, comparison, constant, conversion, division, is_zero, loads, stores, unary};
use super::{CALL_BUDGET, Plan};
use wasm_encoder::{BlockType, Function, Instruction, MemArg, MemArgTarget, ValType};

/// Bound of the instructions that a call of `run` and of any other function executes.
const RUN_COST: u64 = 60_000;
const OTHER_COST: u64 = 1_000;
/// Instructions of one body, more or less.
const RUN_SIZE: u32 = 600;
const OTHER_SIZE: u32 = 150;
/// Expressions and statements inside each other.
const MAX_DEPTH: u32 = 12;
/// Passes of the innermost of nested loops.
const MAX_REPETITIONS: u64 = 500;
/// Where the frame pointer may be at most; what descends does so to about here.
const MAX_FRAME_POINTER: u32 = 61_440;

struct Label {
    /// What a branch to it carries.
    types: Vec<ValType>,
    /// The local that counts down the passes, if it is a loop.
    counter: Option<u32>,
    /// Whether something else than the end of the loop counts, too.
    continued: bool,
}

pub struct Body<'p, 'c, 'b> {
    plan: &'p mut Plan,
    choices: &'p mut Choices<'c>,
    code: &'b mut Vec<Instruction<'static>>,
    index: usize,
    /// Types of the locals, parameters first.
    locals: Vec<ValType>,
    params: usize,
    /// The locals below this index may be written; the others count loops.
    writable: usize,
    labels: Vec<Label>,
    /// How often the present place is executed at most.
    repetitions: u64,
    cost: u64,
    cost_bound: u64,
    /// How many instructions are still to be made.
    size: u32,
    depth: u32,
}

/// Makes the body of a function of the plan.
pub fn body(plan: &mut Plan, choices: &mut Choices, index: usize) -> Function {
    let params = plan.functions[index].params.clone();
    let mut locals = params.clone();
    locals.extend(choices.value_types(0, 5));
    if choices.chance(5) {
        // Frames of another size than a handful.
        locals.extend(vec![ValType::I64; choices.between(20, 90) as usize]);
    }
    let is_run = index + 1 == plan.functions.len();
    let mut code = Vec::new();
    let mut body = Body {
        plan,
        choices,
        code: &mut code,
        index,
        params: params.len(),
        writable: locals.len(),
        locals,
        labels: Vec::new(),
        repetitions: 1,
        cost: 0,
        cost_bound: if is_run { RUN_COST } else { OTHER_COST },
        size: if is_run { RUN_SIZE } else { OTHER_SIZE },
        depth: 0,
    };
    body.function();
    let locals = body.locals.split_off(body.params);
    let mut function = Function::new_with_locals_types(locals);
    for instruction in &code {
        function.instruction(instruction);
    }
    function
}

impl Body<'_, '_, '_> {
    fn function(&mut self) {
        let results = self.plan.functions[self.index].results.clone();
        self.labels.push(Label { types: results.clone(), counter: None, continued: false });
        if self.plan.functions[self.index].descends {
            self.descend(&results);
        } else {
            if self.plan.functions[self.index].guarded {
                self.guard(&results);
            }
            let least = if self.cost_bound == RUN_COST { 4 } else { 1 };
            for _ in 0..self.choices.between(least, 12) {
                self.statement();
            }
            self.values(&results);
            if self.choices.chance(10) {
                self.emit(Instruction::Return);
            }
        }
        self.emit(Instruction::End);
        self.plan.functions[self.index].cost = self.cost;
    }

    /// Returns at once when the call budget is used up, else uses it.
    fn guard(&mut self, results: &[ValType]) {
        self.emit(Instruction::GlobalGet(CALL_BUDGET));
        self.emit(Instruction::I32Eqz);
        self.emit(Instruction::If(BlockType::Empty));
        for result in results {
            self.leaf(*result);
        }
        self.emit(Instruction::Return);
        self.emit(Instruction::End);
        self.emit(Instruction::GlobalGet(CALL_BUDGET));
        self.emit(Instruction::I32Const(1));
        self.emit(Instruction::I32Sub);
        self.emit(Instruction::GlobalSet(CALL_BUDGET));
    }

    /// Calls itself as often as the first parameter says, above some operands.
    fn descend(&mut self, results: &[ValType]) {
        self.emit(Instruction::LocalGet(0));
        self.emit(Instruction::I32Eqz);
        self.emit(Instruction::If(BlockType::Empty));
        for result in results {
            self.leaf(*result);
        }
        self.emit(Instruction::Return);
        self.emit(Instruction::End);
        let below = self.choices.value_types(0, 5);
        for value_type in &below {
            self.leaf(*value_type);
        }
        self.emit(Instruction::LocalGet(0));
        self.emit(Instruction::I32Const(1));
        self.emit(Instruction::I32Sub);
        for param in self.plan.functions[self.index].params.clone().into_iter().skip(1) {
            self.leaf(param);
        }
        self.emit(Instruction::Call(self.index as u32));
        for _ in below.iter().chain(results) {
            self.emit(Instruction::Drop);
        }
        for result in results {
            self.leaf(*result);
        }
        let function = &mut self.plan.functions[self.index];
        let first_free = function.params.len().max(function.results.len()) + 1 + self.locals.len() - self.params;
        function.frame_step = (first_free + below.len()) as u32;
    }

    fn emit(&mut self, instruction: Instruction<'static>) {
        self.code.push(instruction);
        self.cost += self.repetitions;
        self.size = self.size.saturating_sub(1);
    }

    fn exhausted(&self) -> bool {
        self.size == 0 || self.cost >= self.cost_bound || self.depth > MAX_DEPTH
    }

    /// Whether this place is not to be protected from a trap.
    fn hazard(&mut self) -> bool {
        self.plan.hazard > 0 && self.choices.chance(self.plan.hazard)
    }

    // Values.

    /// Leaves a value of this type.
    fn expression(&mut self, value_type: ValType) {
        if self.exhausted() {
            return self.leaf(value_type);
        }
        self.depth += 1;
        match self.choices.below(32) {
            0..3 => self.leaf(value_type),
            3..9 => self.binary(value_type),
            9 => self.division(value_type),
            10..12 => self.unary(value_type),
            12..14 => self.comparison(value_type),
            14..17 => self.load(value_type),
            17..19 => self.select(value_type),
            19..22 => self.construct(&[value_type]),
            22..24 => self.call_for(value_type),
            24 => self.global_get(value_type),
            25 => self.tee(value_type),
            26 => self.memory_size(value_type),
            27 => {
                self.statement();
                self.expression(value_type);
            }
            28 => self.branch_keeping(value_type),
            29..31 => self.alias(value_type),
            _ => self.host_read(value_type),
        }
        self.depth -= 1;
    }

    /// Leaves a constant or a local.
    fn leaf(&mut self, value_type: ValType) {
        match self.pick_local(value_type, self.locals.len()) {
            Some(local) if self.choices.chance(70) => self.emit(Instruction::LocalGet(local)),
            _ => {
                let value = self.choices.constant();
                self.emit(constant(value_type, value));
            }
        }
    }

    /// Some local of this type below an index.
    fn pick_local(&mut self, value_type: ValType, below: usize) -> Option<u32> {
        let fitting: Vec<u32> = (0..below as u32).filter(|local| self.locals[*local as usize] == value_type).collect();
        (!fitting.is_empty()).then(|| self.choices.pick(&fitting))
    }

    /// Leaves values of these types.
    fn values(&mut self, types: &[ValType]) {
        if types.len() > 1 && !self.exhausted() && self.choices.chance(30) {
            self.depth += 1;
            self.construct(types);
            self.depth -= 1;
            return;
        }
        for value_type in types {
            self.expression(*value_type);
        }
    }

    /// Uses up values of these types.
    fn consume(&mut self, types: &[ValType]) {
        for value_type in types.iter().rev() {
            match self.pick_local(*value_type, self.writable) {
                Some(local) if self.choices.chance(70) => self.emit(Instruction::LocalSet(local)),
                _ => self.emit(Instruction::Drop),
            }
        }
    }

    fn binary(&mut self, value_type: ValType) {
        self.expression(value_type);
        if self.choices.chance(15) {
            // The first operand waits while something else happens.
            self.statement();
        }
        self.expression(value_type);
        let operator = self.choices.pick(binary(value_type));
        self.emit(operator);
    }

    fn division(&mut self, value_type: ValType) {
        self.expression(value_type);
        self.expression(value_type);
        if !self.hazard() {
            self.emit(constant(value_type, 1));
            self.emit(if value_type == ValType::I32 { Instruction::I32Or } else { Instruction::I64Or });
        }
        let operator = self.choices.pick(division(value_type));
        self.emit(operator);
    }

    fn unary(&mut self, value_type: ValType) {
        let (operand, operators) = match (self.choices.below(2), value_type) {
            (0, _) => (value_type, unary(value_type)),
            (_, ValType::I32) => (ValType::I64, conversion(value_type)),
            _ => (ValType::I32, conversion(value_type)),
        };
        self.expression(operand);
        let operator = self.choices.pick(operators);
        self.emit(operator);
    }

    fn comparison(&mut self, value_type: ValType) {
        self.condition();
        if value_type == ValType::I64 {
            self.emit(Instruction::I64ExtendI32U);
        }
    }

    /// Leaves an `i32` that is likely to be zero, and likely not to be.
    fn condition(&mut self) {
        let operands = self.choices.value_type();
        self.expression(operands);
        match self.choices.below(4) {
            0 => self.emit(is_zero(operands)),
            1 if operands == ValType::I32 => {}
            _ => {
                self.expression(operands);
                let operator = self.choices.pick(comparison(operands));
                self.emit(operator);
            }
        }
    }

    fn select(&mut self, value_type: ValType) {
        self.expression(value_type);
        self.expression(value_type);
        self.condition();
        self.emit(Instruction::Select);
    }

    fn tee(&mut self, value_type: ValType) {
        self.expression(value_type);
        if let Some(local) = self.pick_local(value_type, self.writable) {
            self.emit(Instruction::LocalTee(local));
        }
    }

    /// Reads a local, writes it while its value waits, and uses both.
    fn alias(&mut self, value_type: ValType) {
        let Some(local) = self.pick_local(value_type, self.writable) else { return self.leaf(value_type) };
        self.emit(Instruction::LocalGet(local));
        match self.choices.below(3) {
            0 => {
                self.expression(value_type);
                self.emit(Instruction::LocalSet(local));
            }
            1 => {
                self.condition();
                self.block(Instruction::If(BlockType::Empty), Vec::new(), |body| {
                    body.expression(value_type);
                    body.emit(Instruction::LocalSet(local));
                });
            }
            _ => self.repeat(&[], &[], |body| {
                body.expression(value_type);
                body.emit(Instruction::LocalSet(local));
            }),
        }
        self.emit(Instruction::LocalGet(local));
        let operator = self.choices.pick(binary(value_type));
        self.emit(operator);
    }

    fn global_get(&mut self, value_type: ValType) {
        let globals = &self.plan.globals;
        let fitting: Vec<u32> =
            (0..globals.len() as u32).filter(|index| globals[*index as usize].value_type == value_type).collect();
        match fitting.as_slice() {
            [] => self.leaf(value_type),
            fitting => {
                let global = self.choices.pick(fitting);
                self.emit(Instruction::GlobalGet(global));
            }
        }
    }

    // Blocks.

    fn block_type(&mut self, params: &[ValType], results: &[ValType]) -> BlockType {
        match (params, results) {
            ([], []) => BlockType::Empty,
            ([], [result]) if self.choices.chance(80) => BlockType::Result(*result),
            _ => BlockType::FunctionType(self.plan.type_index(params, results)),
        }
    }

    /// A block, or one arm of it, with the instruction that opens it; the caller pushed its parameters.
    fn block(&mut self, opening: Instruction<'static>, types: Vec<ValType>, inside: impl FnOnce(&mut Self)) {
        self.emit(opening);
        self.labels.push(Label { types, counter: None, continued: false });
        inside(self);
        self.labels.pop();
        self.emit(Instruction::End);
    }

    /// A loop that runs a few times; the caller pushed its parameters.
    fn repeat(&mut self, params: &[ValType], results: &[ValType], inside: impl FnOnce(&mut Self)) {
        let most = (MAX_REPETITIONS / self.repetitions).min(if self.choices.chance(20) { 40 } else { 6 }).max(1) as u32;
        let passes = self.choices.between(1, most);
        let counter = self.locals.len() as u32;
        self.locals.push(ValType::I32);
        self.emit(Instruction::I32Const(passes as i32));
        self.emit(Instruction::LocalSet(counter));
        let block_type = self.block_type(params, results);
        self.emit(Instruction::Loop(block_type));
        self.repetitions *= u64::from(passes);
        self.labels.push(Label { types: params.to_vec(), counter: Some(counter), continued: false });
        inside(self);
        self.values(params);
        self.count_down(counter);
        if self.labels.last().is_some_and(|label| label.continued) || self.choices.chance(50) {
            self.emit(Instruction::I32Const(0));
            self.emit(Instruction::I32GtS);
        }
        self.emit(Instruction::BrIf(0));
        if results != params {
            self.consume(params);
            self.values(results);
        }
        self.labels.pop();
        self.emit(Instruction::End);
        self.repetitions /= u64::from(passes);
    }

    /// Leaves the number of passes that a loop has still to do.
    fn count_down(&mut self, counter: u32) {
        self.emit(Instruction::LocalGet(counter));
        self.emit(Instruction::I32Const(1));
        self.emit(Instruction::I32Sub);
        self.emit(Instruction::LocalTee(counter));
    }

    /// What stands between the parameters and the results of a block.
    fn inside(&mut self, params: &[ValType], results: &[ValType]) {
        // Parameters that become results stay where they are.
        let kept = if results.starts_with(params) && self.choices.chance(50) { params.len() } else { 0 };
        if kept == 0 {
            self.consume(params);
        }
        for _ in 0..self.choices.between(0, 3) {
            self.statement();
        }
        self.values(&results[kept..]);
        if self.choices.chance(5) {
            self.leave();
        }
    }

    /// Leaves values of these types by a block, an `if`, a loop or a function with these results.
    fn construct(&mut self, results: &[ValType]) {
        let params = match self.choices.below(3) {
            0 => Vec::new(),
            1 => self.choices.value_types(0, 3),
            _ => results.to_vec(),
        };
        self.values(&params);
        match self.choices.below(4) {
            0 => {
                let block_type = self.block_type(&params, results);
                self.block(Instruction::Block(block_type), results.to_vec(), |body| body.inside(&params, results));
            }
            1 => {
                let again = params.clone();
                // The end of the loop makes the results.
                self.repeat(&params, results, |body| body.inside(&again, &[]));
            }
            _ => self.if_else(&params, results),
        }
    }

    fn if_else(&mut self, params: &[ValType], results: &[ValType]) {
        self.condition();
        let block_type = self.block_type(params, results);
        self.block(Instruction::If(block_type), results.to_vec(), |body| {
            body.inside(params, results);
            if params != results || body.choices.chance(60) {
                body.emit(Instruction::Else);
                body.inside(params, results);
            }
        });
    }

    // Branches.

    /// The depth of some label that is no loop.
    fn pick_exit(&mut self) -> u32 {
        let exits: Vec<u32> =
            (0..self.labels.len() as u32).filter(|depth| self.label(*depth).counter.is_none()).collect();
        let several: Vec<u32> = exits.iter().copied().filter(|depth| self.label(*depth).types.len() > 1).collect();
        // Several values have to be moved without one overwriting another.
        if several.is_empty() || self.choices.chance(50) {
            self.choices.pick(&exits)
        } else {
            self.choices.pick(&several)
        }
    }

    /// Leaves a block with several values, past others.
    fn carry(&mut self) {
        let types = self.choices.value_types(2, 4);
        let block_type = self.block_type(&[], &types);
        self.block(Instruction::Block(block_type), types.clone(), |body| {
            let carried = body.carried(0);
            if body.choices.chance(50) {
                body.condition();
                body.emit(Instruction::BrIf(0));
                body.consume(&carried);
                body.values(&types);
            } else {
                body.emit(Instruction::Br(0));
            }
        });
        self.consume(&types);
    }

    /// Leaves the values that a branch carries, and their types, above some that it drops.
    fn carried(&mut self, depth: u32) -> Vec<ValType> {
        let mut types = if self.choices.chance(50) { self.choices.value_types(1, 2) } else { Vec::new() };
        types.extend(self.label(depth).types.clone());
        for value_type in &types {
            self.expression(*value_type);
        }
        types
    }

    fn label(&self, depth: u32) -> &Label {
        &self.labels[self.labels.len() - 1 - depth as usize]
    }

    /// Leaves a value of this type after a conditional branch that would have carried it.
    fn branch_keeping(&mut self, value_type: ValType) {
        let fitting: Vec<u32> = (0..self.labels.len() as u32)
            .filter(|depth| {
                let label = self.label(*depth);
                label.counter.is_none() && label.types == [value_type]
            })
            .collect();
        self.expression(value_type);
        if !fitting.is_empty() {
            let depth = self.choices.pick(&fitting);
            self.condition();
            self.emit(Instruction::BrIf(depth));
        }
    }

    /// Leaves some block, or the function, conditionally.
    fn maybe_leave(&mut self) {
        if self.choices.chance(50) {
            let depth = self.pick_exit();
            let types = self.carried(depth);
            self.condition();
            self.emit(Instruction::BrIf(depth));
            self.consume(&types);
        } else {
            self.condition();
            self.block(Instruction::If(BlockType::Empty), Vec::new(), |body| {
                body.leave();
                body.dead_code();
            });
        }
    }

    /// Leaves some block, or the function.
    fn leave(&mut self) {
        let depth = self.pick_exit();
        let types = self.label(depth).types.clone();
        match self.choices.below(3) {
            0 => {
                self.carried(depth);
                self.emit(Instruction::Br(depth));
            }
            1 => {
                self.carried(self.labels.len() as u32 - 1);
                self.emit(Instruction::Return);
            }
            _ => {
                let alike: Vec<u32> = (0..self.labels.len() as u32)
                    .filter(|other| {
                        let label = self.label(*other);
                        label.counter.is_none() && label.types == types
                    })
                    .collect();
                let targets: Vec<u32> = (0..self.choices.between(0, 4)).map(|_| self.choices.pick(&alike)).collect();
                self.carried(depth);
                self.small_index();
                self.emit(Instruction::BrTable(targets.into(), depth));
            }
        }
    }

    /// Leaves an `i32` that is likely to be an index of a short list.
    fn small_index(&mut self) {
        self.expression(ValType::I32);
        if self.choices.chance(80) {
            let mask = self.choices.pick(&[1, 3, 7]);
            self.emit(Instruction::I32Const(mask));
            self.emit(Instruction::I32And);
        }
    }

    /// What nothing can reach: ordinary code, or code that only typechecks because of that.
    fn dead_code(&mut self) {
        match self.choices.below(4) {
            0 | 1 => {}
            2 => self.statement(),
            _ => {
                self.emit(Instruction::I32Add);
                self.emit(Instruction::Select);
                self.emit(Instruction::Drop);
            }
        }
    }

    /// Starts the next pass of some loop early.
    fn maybe_continue(&mut self) {
        let loops: Vec<u32> =
            (0..self.labels.len() as u32).filter(|depth| self.label(*depth).counter.is_some()).collect();
        if loops.is_empty() {
            return;
        }
        let depth = self.choices.pick(&loops);
        let index = self.labels.len() - 1 - depth as usize;
        self.labels[index].continued = true;
        let types = self.labels[index].types.clone();
        let counter = self.labels[index].counter.expect("only loops were listed");
        if self.choices.chance(50) {
            self.values(&types);
            self.may_repeat(counter);
            self.emit(Instruction::BrIf(depth));
            self.consume(&types);
        } else {
            self.may_repeat(counter);
            self.block(Instruction::If(BlockType::Empty), Vec::new(), |body| {
                body.values(&types);
                body.emit(Instruction::Br(depth + 1));
            });
        }
    }

    /// Counts, and leaves whether the loop is to be and may be repeated.
    fn may_repeat(&mut self, counter: u32) {
        self.condition();
        self.count_down(counter);
        self.emit(Instruction::I32Const(0));
        self.emit(Instruction::I32GtS);
        self.emit(Instruction::I32And);
    }

    /// Blocks inside each other, one of which a `br_table` leaves, with code after each.
    fn switch(&mut self) {
        let types = self.choices.value_types(0, 2);
        let cases = self.choices.between(1, 4);
        let block_type = self.block_type(&[], &types);
        for _ in 0..=cases {
            self.emit(Instruction::Block(block_type));
            self.labels.push(Label { types: types.clone(), counter: None, continued: false });
        }
        self.values(&types);
        self.small_index();
        let targets: Vec<u32> = (0..self.choices.between(0, 6)).map(|_| self.choices.between(0, cases)).collect();
        let default = self.choices.between(0, cases);
        self.emit(Instruction::BrTable(targets.into(), default));
        for case in 0..cases {
            self.labels.pop();
            self.emit(Instruction::End);
            self.inside(&types, &types);
            if self.choices.chance(70) {
                self.emit(Instruction::Br(cases - 1 - case));
            }
        }
        self.labels.pop();
        self.emit(Instruction::End);
        self.consume(&types);
    }

    // Calls.

    /// The functions that may be called here, of those that have a property.
    fn callable(&self, wanted: impl Fn(&super::Function) -> bool) -> Vec<u32> {
        let this = &self.plan.functions[self.index];
        let allowed = |index: usize, callee: &super::Function| {
            callee.host.is_none()
                && !callee.descends
                && (callee.guarded
                    || index < self.index
                        && !(this.in_table && !this.guarded && callee.reaches_table)
                        && self.cost + self.repetitions * callee.cost < self.cost_bound)
        };
        let functions = self.plan.functions.iter().enumerate();
        functions
            .filter(|(index, callee)| allowed(*index, callee) && wanted(callee))
            .map(|(index, _)| index as u32)
            .collect()
    }

    /// Leaves a value of this type, with the help of a function.
    fn call_for(&mut self, value_type: ValType) {
        let fitting = self.callable(|callee| callee.results.contains(&value_type));
        if fitting.is_empty() {
            return self.binary(value_type);
        }
        let callee = self.choices.pick(&fitting);
        let results = self.call(callee);
        let last = results.iter().rposition(|result| *result == value_type).expect("such a function was picked");
        self.consume(&results[last + 1..]);
        if last > 0 {
            // Something has to carry the value past the results below it.
            match self.pick_local(value_type, self.writable) {
                Some(local) => {
                    self.emit(Instruction::LocalSet(local));
                    self.consume(&results[..last]);
                    self.emit(Instruction::LocalGet(local));
                }
                None => {
                    self.emit(Instruction::Drop);
                    self.consume(&results[..last]);
                    self.leaf(value_type);
                }
            }
        }
    }

    fn call_any(&mut self) {
        if self.choices.chance(50) && self.call_indirect() {
            return;
        }
        let fitting = self.callable(|_| true);
        if !fitting.is_empty() {
            let callee = self.choices.pick(&fitting);
            let results = self.call(callee);
            self.consume(&results);
        }
    }

    fn call(&mut self, callee: u32) -> Vec<ValType> {
        let super::Function { params, results, guarded, reaches_table, cost, .. } =
            &self.plan.functions[callee as usize];
        let (params, results) = (params.clone(), results.clone());
        let (reaches_table, cost) = if *guarded { (false, 0) } else { (*reaches_table, *cost) };
        self.values(&params);
        self.emit(Instruction::Call(callee));
        self.cost += self.repetitions * cost;
        self.plan.functions[self.index].reaches_table |= reaches_table;
        results
    }

    /// Calls through the table if it may; whether it did.
    fn call_indirect(&mut self) -> bool {
        let this = &self.plan.functions[self.index];
        let affordable = self.cost + self.repetitions * OTHER_COST < self.cost_bound;
        if this.in_table && !this.guarded || !affordable {
            return false;
        }
        let Some(entries) = self.plan.table.clone() else { return false };
        let slots: Vec<u32> = (0..entries.len() as u32).filter(|slot| entries[*slot as usize].is_some()).collect();
        if slots.is_empty() {
            return false;
        }
        let slot = self.choices.pick(&slots);
        let function = |slot: u32| &self.plan.functions[entries[slot as usize].expect("not null") as usize];
        let (params, results) = (function(slot).params.clone(), function(slot).results.clone());
        let alike: Vec<u32> = slots
            .into_iter()
            .filter(|other| function(*other).params == params && function(*other).results == results)
            .collect();
        // Any type index with this type will do.
        let types: Vec<u32> = (0..self.plan.types.len() as u32)
            .filter(|index| self.plan.types[*index as usize] == (params.clone(), results.clone()))
            .collect();
        self.values(&params);
        // There are fewer of these than of loads, and more ways in which they trap.
        if self.hazard() || self.hazard() || self.hazard() {
            self.small_index();
        } else {
            let other = self.choices.pick(&alike);
            self.emit(Instruction::I32Const(slot as i32));
            if other != slot {
                self.emit(Instruction::I32Const(other as i32));
                self.condition();
                self.emit(Instruction::Select);
            }
        }
        let type_index = self.choices.pick(&types);
        self.emit(Instruction::CallIndirect { type_index, table_index: 0 });
        self.cost += self.repetitions * OTHER_COST;
        let this = &mut self.plan.functions[self.index];
        this.reaches_table |= !this.guarded;
        self.consume(&results);
        true
    }

    /// Descends to about where the register stack ends.
    fn call_descending(&mut self) {
        let descending = (0..self.index).find(|index| self.plan.functions[*index].descends);
        let Some(callee) = descending.filter(|_| self.repetitions == 1 && self.cost_bound == RUN_COST) else { return };
        let super::Function { params, results, frame_step, .. } = &self.plan.functions[callee];
        let (params, results, deepest) = (params.clone(), results.clone(), MAX_FRAME_POINTER / frame_step);
        // Half of them stay away from the limit, whatever frames are below.
        let depth = if self.choices.chance(50) { deepest - self.choices.between(0, 3) } else { deepest / 2 };
        self.emit(Instruction::I32Const(depth as i32));
        self.values(&params[1..]);
        self.emit(Instruction::Call(callee as u32));
        self.consume(&results);
    }

    // Memory.

    fn memory_bytes(&self) -> Option<u32> {
        self.plan.memory.as_ref().map(|memory| memory.pages * 65_536)
    }

    /// Leaves an address; with the immediate returned an access of this width is mostly in bounds.
    fn address(&mut self, bytes: u32, width_log2: u32) -> MemArg {
        let width = 1 << width_log2;
        let align = self.choices.between(0, width_log2);
        let offset = if self.hazard() {
            self.expression(ValType::I32);
            self.choices.constant() as u32
        } else {
            match self.choices.below(6) {
                0 => {
                    let address = self.choices.between(0, 64);
                    self.emit(Instruction::I32Const(address as i32));
                    self.choices.between(0, 16)
                }
                1 => {
                    // The last byte of the memory.
                    let offset = self.choices.pick(&[0, 0, 1, 8, 4_096, bytes - width]);
                    self.emit(Instruction::I32Const((bytes - width - offset) as i32));
                    offset
                }
                2 => {
                    self.masked(0xff);
                    bytes - width - 0xff
                }
                _ => {
                    let mask = self.choices.pick(&[0x1f, 0x3f, 0xff, 0xff8, 0x7fff]);
                    self.masked(mask);
                    self.choices.between(0, 40)
                }
            }
        };
        MemArg { offset: offset.into(), align, target: MemArgTarget::default(), ordering: None }
    }

    fn masked(&mut self, mask: i32) {
        self.expression(ValType::I32);
        self.emit(Instruction::I32Const(mask));
        self.emit(Instruction::I32And);
    }

    fn load(&mut self, value_type: ValType) {
        let Some(bytes) = self.memory_bytes() else { return self.binary(value_type) };
        let (load, width_log2) = self.choices.pick(loads(value_type));
        let immediate = self.address(bytes, width_log2);
        self.emit(load(immediate));
    }

    fn store(&mut self) {
        let Some(bytes) = self.memory_bytes() else { return };
        let value_type = self.choices.value_type();
        let (store, width_log2) = self.choices.pick(stores(value_type));
        let immediate = self.address(bytes, width_log2);
        self.expression(value_type);
        self.emit(store(immediate));
    }

    fn memory_size(&mut self, value_type: ValType) {
        if self.plan.memory.is_none() {
            return self.leaf(value_type);
        }
        if self.choices.chance(70) {
            self.emit(Instruction::MemorySize(0));
        } else {
            let pages = self.choices.pick(&[0, 1, 1, 2, 1_024, 65_536, -1]);
            self.emit(Instruction::I32Const(pages));
            self.emit(Instruction::MemoryGrow(0));
        }
        if value_type == ValType::I64 {
            self.emit(Instruction::I64ExtendI32S);
        }
    }

    fn bulk(&mut self) {
        let Some(bytes) = self.memory_bytes() else { return };
        match self.choices.below(4) {
            0 => {
                self.range_start(bytes);
                self.expression(ValType::I32);
                self.range_length();
                self.emit(Instruction::MemoryFill(0));
            }
            1 | 2 => {
                self.range_start(bytes);
                self.range_start(bytes);
                self.range_length();
                self.emit(Instruction::MemoryCopy { src_mem: 0, dst_mem: 0 });
            }
            _ if !self.plan.data.is_empty() => {
                let segment = self.choices.below(self.plan.data.len());
                let super::Segment { offset, bytes: content } = &self.plan.data[segment];
                // An active segment is empty once it has been written.
                let (passive, length) = (offset.is_none(), if offset.is_none() { content.len() as u32 } else { 0 });
                if !passive || self.hazard() {
                    self.emit(Instruction::DataDrop(segment as u32));
                }
                let start = self.choices.between(0, length);
                let mut count = self.choices.between(0, length - start);
                if self.hazard() {
                    count += 1;
                }
                self.range_start(bytes);
                self.emit(Instruction::I32Const(start as i32));
                self.emit(Instruction::I32Const(count as i32));
                self.emit(Instruction::MemoryInit { mem: 0, data_index: segment as u32 });
            }
            _ => {}
        }
    }

    /// Leaves the start of a range of at most 127 bytes.
    fn range_start(&mut self, bytes: u32) {
        if self.hazard() {
            return self.expression(ValType::I32);
        }
        match self.choices.below(3) {
            0 => self.masked(0x3f),
            1 => self.masked(0x3fff),
            _ => {
                let start = bytes - 127;
                self.emit(Instruction::I32Const(start as i32));
            }
        }
    }

    fn range_length(&mut self) {
        if self.hazard() {
            return self.expression(ValType::I32);
        }
        let mask = self.choices.pick(&[0, 1, 7, 31, 127]);
        self.masked(mask);
    }

    // The host interface.

    fn import(&self, name: &str) -> Option<u32> {
        self.plan.functions.iter().position(|function| function.host == Some(name)).map(|index| index as u32)
    }

    fn host_read(&mut self, value_type: ValType) {
        let names: &[&str] = match value_type {
            ValType::I32 => &["input_len", "witness_len"],
            _ => &["input", "witness", "context"],
        };
        let name = self.choices.pick(names);
        let Some(import) = self.import(name) else { return self.leaf(value_type) };
        if value_type == ValType::I64 {
            match self.choices.below(2) {
                0 => self.masked(0x1f),
                _ => self.expression(ValType::I32),
            }
        }
        self.emit(Instruction::Call(import));
    }

    fn host_write(&mut self) {
        let name =
            self.choices.pick(&["output", "output", "output_len", "post_state", "poseidon", "poseidon", "abort"]);
        let Some(import) = self.import(name) else { return };
        match name {
            "output_len" if self.choices.chance(50) => {
                let length = self.choices.pick(&[0, 1, 8, 63, 64, 65_535, 65_536]);
                self.emit(Instruction::I32Const(length));
            }
            "abort" => {
                if self.hazard() {
                    self.condition();
                    self.block(Instruction::If(BlockType::Empty), Vec::new(), |body| {
                        body.values(&[ValType::I32; 4]);
                        body.emit(Instruction::Call(import));
                    });
                }
                return;
            }
            "poseidon" => return self.hash(import),
            _ if self.hazard() => self.expression(ValType::I32),
            "output" => {
                let mask = self.choices.pick(&[7, 0x1fff]);
                self.masked(mask);
            }
            "output_len" => self.masked(0xffff),
            _ => self.masked(3),
        }
        if name != "output_len" {
            self.expression(ValType::I64);
        }
        self.emit(Instruction::Call(import));
    }

    /// Hashes two elements somewhere in the memory. Random words are mostly no element, so the upper words are bounded
    /// first.
    fn hash(&mut self, import: u32) {
        let Some(bytes) = self.memory_bytes().filter(|bytes| *bytes > 0) else { return };
        let input = 8 * self.choices.below(bytes as usize / 8 - 8) as i32;
        let output = match self.choices.below(3) {
            // It takes the place of what was read, or of a part of it.
            0 => input + 8 * self.choices.below(8) as i32 - if input > 0 { 8 } else { 0 },
            _ => 8 * self.choices.below(bytes as usize / 8 - 4) as i32,
        };
        let output = output.min(bytes as i32 - 32);
        if !self.hazard() {
            for offset in [24, 56] {
                self.emit(Instruction::I32Const(input));
                self.emit(Instruction::I32Const(input));
                let argument = MemArg { offset, align: 3, target: MemArgTarget::default(), ordering: None };
                self.emit(Instruction::I64Load(argument));
                self.emit(Instruction::I64Const(0x0fff_ffff_ffff_ffff));
                self.emit(Instruction::I64And);
                self.emit(Instruction::I64Store(argument));
            }
        }
        for address in [input, output] {
            if self.hazard() {
                self.expression(ValType::I32);
            } else {
                self.emit(Instruction::I32Const(address));
            }
        }
        self.emit(Instruction::Call(import));
    }

    // Statements.

    /// Leaves nothing.
    fn statement(&mut self) {
        if self.exhausted() {
            return;
        }
        self.depth += 1;
        match self.choices.below(32) {
            0..4 => self.local_set(),
            4..8 => self.store(),
            8..10 => self.global_set(),
            10..13 => self.if_else(&[], &[]),
            13..17 => self.repeat(&[], &[], |body| body.inside(&[], &[])),
            17 => {
                self.block(Instruction::Block(BlockType::Empty), Vec::new(), |body| body.inside(&[], &[]));
            }
            18..21 => self.call_any(),
            21 => self.switch(),
            22 => self.bulk(),
            23..25 => self.host_write(),
            25 => self.permute(),
            26 => self.maybe_leave(),
            27 => self.maybe_continue(),
            28 => {
                let results = self.choices.value_types(0, 4);
                self.construct(&results);
                self.consume(&results);
            }
            29 => self.call_descending(),
            30 => {
                if self.hazard() {
                    self.condition();
                    self.block(Instruction::If(BlockType::Empty), Vec::new(), |body| {
                        body.emit(Instruction::Unreachable);
                        body.dead_code();
                    });
                } else {
                    self.emit(Instruction::Nop);
                }
            }
            _ => self.carry(),
        }
        self.depth -= 1;
    }

    fn local_set(&mut self) {
        let value_type = self.choices.value_type();
        self.expression(value_type);
        match self.pick_local(value_type, self.writable) {
            Some(local) => self.emit(Instruction::LocalSet(local)),
            None => self.emit(Instruction::Drop),
        }
    }

    fn global_set(&mut self) {
        let globals = &self.plan.globals;
        let writable: Vec<u32> =
            (CALL_BUDGET + 1..globals.len() as u32).filter(|index| globals[*index as usize].mutable).collect();
        if !writable.is_empty() {
            let global = self.choices.pick(&writable);
            self.expression(self.plan.globals[global as usize].value_type);
            self.emit(Instruction::GlobalSet(global));
        }
    }

    /// Moves locals among each other through the operand stack.
    fn permute(&mut self) {
        let value_type = self.choices.value_type();
        let count = self.choices.between(2, 4);
        for _ in 0..count {
            match self.pick_local(value_type, self.writable) {
                Some(local) => self.emit(Instruction::LocalGet(local)),
                None => self.leaf(value_type),
            }
        }
        self.consume(&vec![value_type; count as usize]);
    }
}
