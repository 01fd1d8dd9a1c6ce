//! The walk over a script's directives.

use super::effects::{Effects, Parts};
use super::engine::{Ending, Engine, Fault, Machines};
use super::report::{Entry, Report, Skip, Verdict};
use super::rewrite::{self, Refusal, Rewritten};
use crate::notation::{Reject, Rejection, Stage, Trap};
use crate::profile::{self, ExportKind, Module, ValueType};
use std::collections::{BTreeMap, BTreeSet};
use wasmparser::{Validator, WasmFeatures};
use wast::core::{WastArgCore, WastRetCore};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::{Id, Span};
use wast::{QuoteWat, QuoteWatTest, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

/// Runs a script. Whatever its text, the result is a report: a text that is no script is one failure.
pub fn run_script(name: &str, text: &str, engine: Engine) -> Report {
    let mut report = Report::new(name);
    let lines = Lines::new(text);
    let mut lexer = Lexer::new(text);
    // The suite's names have every character there is.
    lexer.allow_confusing_unicode(true);
    let mut refuse = |error: wast::Error| {
        let (line, column) = lines.place(error.span());
        report.entries.push(Entry { line, column, directive: "script", verdict: Verdict::Failed(error.message()) });
        report.clone()
    };
    let buffer = match ParseBuffer::new_with_lexer(lexer) {
        Ok(buffer) => buffer,
        Err(error) => return refuse(error),
    };
    let mut directives = match parser::parse::<Wast>(&buffer) {
        Ok(script) => script.directives,
        Err(error) => return refuse(error),
    };
    // Modules first, because instances refer to them.
    let mut registered = BTreeSet::new();
    let modules: Vec<_> = directives.iter_mut().map(|directive| candidate_of(directive, &mut registered)).collect();
    let mut runner = Runner::new(engine);
    for (directive, module) in directives.iter_mut().zip(&modules) {
        let (line, column) = lines.place(directive.span());
        let keyword = keyword(directive);
        let verdict = runner.directive(directive, module.as_ref());
        // Directives that assert nothing are counted only when they fail.
        let count = match verdict {
            Verdict::Failed(_) => 1,
            _ => assertions(directive),
        };
        let entry = Entry { line, column, directive: keyword, verdict };
        report.entries.extend(std::iter::repeat_n(entry, count));
    }
    report
}

/// Line and column of a place in the text, from 1.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn new(text: &str) -> Lines {
        Lines { starts: [0].into_iter().chain(text.match_indices('\n').map(|(index, _)| index + 1)).collect() }
    }

    fn place(&self, span: Span) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= span.offset());
        (line, span.offset() - self.starts[line - 1] + 1)
    }
}

fn keyword(directive: &WastDirective) -> &'static str {
    match directive {
        WastDirective::Module(_) => "module",
        WastDirective::ModuleDefinition(_) => "module definition",
        WastDirective::ModuleInstance { .. } => "module instance",
        WastDirective::AssertMalformed { .. } => "assert_malformed",
        WastDirective::AssertInvalid { .. } => "assert_invalid",
        WastDirective::AssertInvalidCustom { .. } => "assert_invalid_custom",
        WastDirective::Register { .. } => "register",
        WastDirective::Invoke(_) => "invoke",
        WastDirective::AssertTrap { .. } => "assert_trap",
        WastDirective::AssertReturn { .. } => "assert_return",
        WastDirective::AssertExhaustion { .. } => "assert_exhaustion",
        WastDirective::AssertUnlinkable { .. } => "assert_unlinkable",
        WastDirective::AssertException { .. } => "assert_exception",
        WastDirective::AssertSuspension { .. } => "assert_suspension",
        WastDirective::Thread(_) => "thread",
        WastDirective::Wait { .. } => "wait",
        WastDirective::AssertMalformedCustom { .. } => "assert_malformed_custom",
    }
}

/// The number of assertions in a directive: a thread has directives of its own. The parser bounds the nesting.
fn assertions(directive: &WastDirective) -> usize {
    match directive {
        WastDirective::Thread(thread) => thread.directives.iter().map(assertions).sum(),
        _ => usize::from(keyword(directive).starts_with("assert_")),
    }
}

/// A module of the script.
struct Candidate {
    module: Result<Prepared, Unusable>,
    /// The parts of the state that it has in common with other modules that import from `spectest`.
    shared: Parts,
    /// The modules from which it imports.
    exporters: BTreeSet<String>,
}

/// A module that can be instantiated.
struct Prepared {
    module: Module,
    rewriting: Option<Rewriting>,
}

/// What rewriting changed.
struct Rewriting {
    /// The global that counts the calls of replaced functions, if there are any.
    replaced_calls: Option<u32>,
    /// Which functions have another type than in the script, by function index.
    untyped: Vec<bool>,
    /// What a call may do, by function index.
    effects: Vec<Effects>,
}

impl Prepared {
    fn effects(&self, function: u32) -> Effects {
        let known = self.rewriting.as_ref().and_then(|rewriting| rewriting.effects.get(function as usize).copied());
        known.unwrap_or(Effects::ALL)
    }
}

/// Why a module cannot be instantiated.
enum Unusable {
    Skip(Skip),
    Failed(String),
    /// In the words of the official suite.
    Unlinkable(&'static str),
}

impl From<Unusable> for Candidate {
    fn from(unusable: Unusable) -> Candidate {
        Candidate { module: Err(unusable), shared: Parts::NONE, exporters: BTreeSet::new() }
    }
}

impl From<Refusal> for Candidate {
    fn from(refusal: Refusal) -> Candidate {
        let unusable = match refusal {
            Refusal::Imports(exporters) => {
                return Candidate { module: Err(Unusable::Skip(Skip::Import)), shared: Parts::NONE, exporters };
            }
            Refusal::Unlinkable(message) => Unusable::Unlinkable(message),
            Refusal::Initialiser => Unusable::Skip(Skip::Initialiser),
            Refusal::Broken(message) => Unusable::Failed(format!("the module cannot be rewritten: {message}")),
        };
        unusable.into()
    }
}

fn candidate_of(directive: &mut WastDirective, registered: &mut BTreeSet<String>) -> Option<Candidate> {
    let encoded = match directive {
        WastDirective::Register { name, .. } => {
            registered.insert(name.to_string());
            return None;
        }
        WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => module.encode(),
        WastDirective::AssertTrap { exec: WastExecute::Wat(module), .. }
        | WastDirective::AssertReturn { exec: WastExecute::Wat(module), .. }
        | WastDirective::AssertUnlinkable { module, .. } => module.encode(),
        _ => return None,
    };
    Some(match encoded {
        Ok(wasm) => prepare(&wasm, registered),
        Err(error) => Unusable::Failed(format!("the text is refused: {}", error.message())).into(),
    })
}

fn prepare(wasm: &[u8], registered: &BTreeSet<String>) -> Candidate {
    match profile::decode(wasm) {
        Ok(module) => {
            let prepared = Prepared { module, rewriting: None };
            return Candidate { module: Ok(prepared), shared: Parts::NONE, exporters: BTreeSet::new() };
        }
        Err(rejection) if outside_profile(&rejection) => {}
        Err(_) if is_proposal(wasm) => return Unusable::Skip(Skip::Profile(Reject::UnsupportedProposal)).into(),
        Err(rejection) => return Unusable::Failed(format!("the module is refused: {rejection}")).into(),
    }
    let rewritten = match rewrite::integer_module(wasm, registered) {
        Ok(rewritten) => rewritten,
        Err(refusal) => return refusal.into(),
    };
    let Rewritten { bytes, replaced_calls, untyped, effects, shared, .. } = rewritten;
    let module = match profile::decode(&bytes) {
        Ok(module) => Ok(Prepared { module, rewriting: Some(Rewriting { replaced_calls, untyped, effects }) }),
        Err(rejection) if outside_profile(&rejection) => Err(Unusable::Skip(Skip::Profile(rejection.reason))),
        Err(rejection) => Err(Unusable::Failed(format!("the rewritten module is refused: {rejection}"))),
    };
    Candidate { module, shared, exporters: BTreeSet::new() }
}

/// Whether a module that version 3 refuses is one by proposals since.
fn is_proposal(wasm: &[u8]) -> bool {
    let accepts = |features| Validator::new_with_features(features).validate_all(wasm).is_ok();
    !accepts(WasmFeatures::WASM3.union(WasmFeatures::THREADS)) && accepts(WasmFeatures::all())
}

fn outside_profile(rejection: &Rejection) -> bool {
    !matches!(rejection.reason.stage(), Stage::Malformed | Stage::Invalid)
}

/// The state of a script.
struct Runner<'a> {
    engine: Engine,
    instances: Vec<Slot<'a>>,
    /// The instance that directives without a name mean.
    current: Option<usize>,
    names: BTreeMap<String, usize>,
    definitions: BTreeMap<String, &'a Candidate>,
    latest_definition: Option<&'a Candidate>,
    /// The instances from which others can import.
    registered: BTreeMap<String, usize>,
    /// What instances have written in common.
    shared: Parts,
}

/// What became of a module.
enum Slot<'a> {
    Live(Box<Live<'a>>),
    Skipped(Skip),
    Failed,
}

struct Live<'a> {
    prepared: &'a Prepared,
    machines: Machines<'a>,
    /// What calls could have written that reached replaced functions, or modules that are not run.
    unknown: Parts,
    /// What the instance has in common with others.
    shared: Parts,
}

impl<'a> Runner<'a> {
    fn new(engine: Engine) -> Runner<'a> {
        Runner {
            engine,
            instances: Vec::new(),
            current: None,
            names: BTreeMap::new(),
            definitions: BTreeMap::new(),
            latest_definition: None,
            registered: BTreeMap::new(),
            shared: Parts::NONE,
        }
    }

    fn directive(&mut self, directive: &mut WastDirective, module: Option<&'a Candidate>) -> Verdict {
        match (directive, module) {
            (WastDirective::Module(text), Some(module)) => self.instantiate(text.name(), module),
            (WastDirective::ModuleDefinition(text), Some(module)) => {
                self.latest_definition = Some(module);
                if let Some(name) = text.name() {
                    self.definitions.insert(name.name().into(), module);
                }
                Verdict::Passed
            }
            (WastDirective::ModuleInstance { instance, module, .. }, _) => {
                let definition = match module {
                    Some(name) => self.definitions.get(name.name()).copied(),
                    None => self.latest_definition,
                };
                match definition {
                    Some(definition) => self.instantiate(*instance, definition),
                    None => failed("there is no such module definition"),
                }
            }
            (WastDirective::Register { name, module, .. }, _) => {
                let index = match module {
                    Some(module) => self.names.get(module.name()).copied(),
                    None => self.current,
                };
                match index {
                    Some(index) => {
                        self.registered.insert(name.to_string(), index);
                        Verdict::Passed
                    }
                    None => failed("there is no such instance"),
                }
            }
            (WastDirective::Wait { .. }, _) => Verdict::Passed,
            (WastDirective::Invoke(invoke), _) => match self.invoke(invoke) {
                Ok(Ending::Returned(_)) => Verdict::Passed,
                Ok(ending) => failed(format!("expected to return, {ending}")),
                Err(verdict) => verdict,
            },
            (WastDirective::AssertReturn { exec: WastExecute::Invoke(invoke), results, .. }, _) => {
                self.assert_return(invoke, results)
            }
            (WastDirective::AssertReturn { exec: WastExecute::Get { module, global, .. }, results, .. }, _) => {
                self.assert_global(*module, global, results)
            }
            (WastDirective::AssertReturn { exec: WastExecute::Wat(_), .. }, Some(module)) => match self.start(module) {
                Ok(_) => Verdict::Passed,
                Err(NoInstance::Skip(skip)) => Verdict::Skipped(skip),
                Err(no_instance) => failed(format!("expected to instantiate, {no_instance}")),
            },
            (WastDirective::AssertTrap { exec: WastExecute::Invoke(invoke), message, .. }, _) => {
                self.assert_trap(invoke, message)
            }
            (WastDirective::AssertExhaustion { call, message, .. }, _) => self.assert_trap(call, message),
            (WastDirective::AssertTrap { exec: WastExecute::Get { .. }, .. }, _) => {
                failed("reading a global cannot trap")
            }
            (WastDirective::AssertTrap { exec: WastExecute::Wat(_), message, .. }, Some(module)) => {
                match self.start(module) {
                    Ok(_) => failed(format!("expected the trap \"{message}\", instantiates")),
                    Err(no_instance) => no_instance.judge_trap(message),
                }
            }
            (WastDirective::AssertUnlinkable { message, .. }, Some(candidate)) => match &candidate.module {
                Err(Unusable::Unlinkable(reason)) if agree(reason, message) => Verdict::Passed,
                Err(Unusable::Unlinkable(reason)) => failed(format!("expected \"{message}\", found \"{reason}\"")),
                Err(Unusable::Skip(skip)) => Verdict::Skipped(*skip),
                Err(Unusable::Failed(message)) => failed(message),
                Ok(_) => failed(format!("expected \"{message}\", links")),
            },
            (WastDirective::AssertMalformed { module, message, .. }, _) => assert_malformed(module, message),
            (WastDirective::AssertInvalid { module, message, .. }, _) => match module.encode() {
                Ok(wasm) => judge_refusal(&wasm, Stage::Invalid, message),
                Err(error) => failed(format!("expected \"{message}\", the text is refused: {}", error.message())),
            },
            (
                WastDirective::AssertInvalidCustom { .. }
                | WastDirective::AssertMalformedCustom { .. }
                | WastDirective::AssertException { .. }
                | WastDirective::AssertSuspension { .. }
                | WastDirective::Thread(_),
                _,
            ) => Verdict::Skipped(Skip::Directive),
            // `candidate_of` has a module for each of these.
            (
                WastDirective::Module(_)
                | WastDirective::ModuleDefinition(_)
                | WastDirective::AssertReturn { .. }
                | WastDirective::AssertTrap { .. }
                | WastDirective::AssertUnlinkable { .. },
                None,
            ) => failed("there is no module"),
        }
    }

    /// Instantiates a module under a name and makes it the current one.
    fn instantiate(&mut self, name: Option<Id>, module: &'a Candidate) -> Verdict {
        let (slot, verdict) = match self.start(module) {
            Ok(live) => (Slot::Live(Box::new(live)), Verdict::Passed),
            Err(NoInstance::Skip(skip)) => (Slot::Skipped(skip), Verdict::Skipped(skip)),
            Err(no_instance) => (Slot::Failed, failed(format!("expected to instantiate, {no_instance}"))),
        };
        if let Some(previous) = self.current.replace(self.instances.len())
            && !self.names.values().chain(self.registered.values()).any(|named| *named == previous)
        {
            // No directive can mean it any more, and it may hold much memory.
            self.instances[previous] = Slot::Failed;
        }
        if let Some(name) = name {
            self.names.insert(name.name().into(), self.instances.len());
        }
        self.instances.push(slot);
        verdict
    }

    /// Instantiates a module and runs its start function.
    fn start(&mut self, candidate: &'a Candidate) -> Result<Live<'a>, NoInstance> {
        let unknown = self.shared.both(candidate.shared);
        self.disturb(candidate);
        let prepared = match &candidate.module {
            Ok(prepared) => prepared,
            // Traps of instantiation in WebAssembly.
            Err(Unusable::Skip(Skip::Profile(Reject::DataSegmentOutOfBounds))) => {
                return Err(NoInstance::Trap("out of bounds memory access"));
            }
            Err(Unusable::Skip(Skip::Profile(Reject::ElementSegmentOutOfBounds))) => {
                return Err(NoInstance::Trap("out of bounds table access"));
            }
            Err(Unusable::Skip(skip)) => return Err(NoInstance::Skip(*skip)),
            Err(Unusable::Failed(message)) => return Err(NoInstance::Failed(message.clone())),
            Err(Unusable::Unlinkable(reason)) => return Err(NoInstance::Failed((*reason).into())),
        };
        let machines = Machines::new(&prepared.module, self.engine);
        let mut live = Live { prepared, machines, unknown, shared: candidate.shared };
        if let Some(start) = prepared.module.start {
            match live.call(start, &[]) {
                Ok(Ending::Returned(_)) => {}
                Ok(Ending::Trapped(trap)) => return Err(NoInstance::Trap(suite_message(trap))),
                Ok(ending @ Ending::Unfinished) => {
                    return Err(NoInstance::Failed(format!("the start function {ending}")));
                }
                Err(Verdict::Skipped(skip)) => return Err(NoInstance::Skip(skip)),
                Err(verdict) => return Err(NoInstance::Failed(verdict.to_string())),
            }
        }
        Ok(live)
    }

    /// Notes what a module that is being instantiated may write in other instances: they are run apart.
    fn disturb(&mut self, candidate: &Candidate) {
        self.shared = self.shared.and(candidate.shared);
        for slot in &mut self.instances {
            if let Slot::Live(live) = slot {
                live.unknown = live.unknown.and(live.shared.both(candidate.shared));
            }
        }
        for exporter in &candidate.exporters {
            let index = self.registered.get(exporter);
            if let Some(Slot::Live(live)) = index.and_then(|index| self.instances.get_mut(*index)) {
                live.unknown = Parts::ALL;
            }
        }
    }

    fn live(&mut self, name: Option<Id>) -> Result<&mut Live<'a>, Verdict> {
        let index = match name {
            Some(name) => self.names.get(name.name()).copied(),
            None => self.current,
        };
        match index.and_then(|index| self.instances.get_mut(index)) {
            Some(Slot::Live(live)) => Ok(live),
            Some(Slot::Skipped(skip)) => Err(Verdict::Skipped(*skip)),
            Some(Slot::Failed) => Err(failed("its module could not be instantiated")),
            None => Err(failed("there is no such instance")),
        }
    }

    fn invoke(&mut self, invoke: &WastInvoke) -> Result<Ending, Verdict> {
        let live = self.live(invoke.module)?;
        let Some(ExportKind::Function(function)) = live.prepared.module.export(invoke.name) else {
            return Err(failed(format!("no function is exported as {:?}", invoke.name)));
        };
        let arguments: Vec<Argument> = invoke.args.iter().map(Argument::new).collect();
        if live.prepared.rewriting.as_ref().is_some_and(|rewriting| rewriting.untyped[function as usize]) {
            live.unknown = live.unknown.and(live.prepared.effects(function).writes);
            return Err(Verdict::Skipped(Skip::Replaced));
        }
        let types = arguments.iter().map(|argument| argument.value_type);
        if !types.eq(live.prepared.module.function_type(function).params.iter().copied()) {
            return Err(failed("the arguments have not the types of the parameters"));
        }
        let values: Vec<u64> = arguments.iter().map(|argument| argument.value).collect();
        // It is called even if the result does not count, since it may write to the state.
        let called = live.call(function, &values);
        match (called, arguments.iter().find_map(|argument| argument.skip)) {
            (Err(Verdict::Failed(message)), _) => Err(Verdict::Failed(message)),
            (_, Some(skip)) => Err(Verdict::Skipped(skip)),
            (called, None) => called,
        }
    }

    fn assert_return(&mut self, invoke: &WastInvoke, expected: &[WastRet]) -> Verdict {
        let ending = match (self.invoke(invoke), expected.iter().find_map(excluded)) {
            (Err(Verdict::Failed(message)), _) => return Verdict::Failed(message),
            (_, Some(skip)) => return Verdict::Skipped(skip),
            (Err(verdict), None) => return verdict,
            (Ok(ending), None) => ending,
        };
        let Ending::Returned(results) = ending else {
            return failed(format!("expected {}, {ending}", describe(expected)));
        };
        match self.live(invoke.module).map(|live| (live.prepared, live.prepared.module.export(invoke.name))) {
            Ok((prepared, Some(ExportKind::Function(function)))) => {
                judge_results(&results, &prepared.module.function_type(function).results, expected)
            }
            Ok(_) => failed(format!("no function is exported as {:?}", invoke.name)),
            Err(verdict) => verdict,
        }
    }

    fn assert_global(&mut self, module: Option<Id>, name: &str, expected: &[WastRet]) -> Verdict {
        let live = match self.live(module) {
            Ok(live) => live,
            Err(verdict) => return verdict,
        };
        let Some(ExportKind::Global(index)) = live.prepared.module.export(name) else {
            return failed(format!("no global is exported as {name:?}"));
        };
        if let Some(skip) = expected.iter().find_map(excluded) {
            return Verdict::Skipped(skip);
        }
        if live.unknown.overlaps(Parts::GLOBALS) {
            return Verdict::Skipped(Skip::State);
        }
        let value_type = live.prepared.module.globals[index as usize].value_type;
        judge_results(&[live.machines.global(index)], &[value_type], expected)
    }

    fn assert_trap(&mut self, invoke: &WastInvoke, message: &str) -> Verdict {
        match self.invoke(invoke) {
            Ok(Ending::Trapped(trap)) if agree(suite_message(trap), message) => Verdict::Passed,
            Ok(ending) => failed(format!("expected the trap \"{message}\", {ending}")),
            Err(verdict) => verdict,
        }
    }
}

impl Live<'_> {
    /// Calls a function, unless the result depends on something unknown.
    fn call(&mut self, function: u32, arguments: &[u64]) -> Result<Ending, Verdict> {
        let effects = self.prepared.effects(function);
        if effects.reads.overlaps(self.unknown) {
            self.unknown = self.unknown.and(effects.writes);
            return Err(Verdict::Skipped(Skip::State));
        }
        let counter = self.prepared.rewriting.as_ref().and_then(|rewriting| rewriting.replaced_calls);
        let before = counter.map(|counter| self.machines.global(counter));
        let ending = match self.machines.invoke(function, arguments) {
            Ok(ending) => ending,
            Err(Fault::Lowering(rejection)) => {
                self.unknown = self.unknown.and(effects.writes);
                return Err(Verdict::Skipped(Skip::Profile(rejection.reason)));
            }
            Err(Fault::Disagreement(message)) => return Err(Verdict::Failed(message)),
        };
        if counter.map(|counter| self.machines.global(counter)) == before {
            return Ok(ending);
        }
        self.unknown = self.unknown.and(effects.writes);
        Err(Verdict::Skipped(Skip::Replaced))
    }
}

/// Why there is no instance.
enum NoInstance {
    Skip(Skip),
    Failed(String),
    /// In the words of the official suite.
    Trap(&'static str),
}

impl NoInstance {
    fn judge_trap(self, expected: &str) -> Verdict {
        match self {
            NoInstance::Skip(skip) => Verdict::Skipped(skip),
            NoInstance::Trap(message) if agree(message, expected) => Verdict::Passed,
            no_instance => failed(format!("expected the trap \"{expected}\", {no_instance}")),
        }
    }
}

impl std::fmt::Display for NoInstance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoInstance::Skip(skip) => write!(f, "skipped: {skip}"),
            NoInstance::Failed(message) => f.write_str(message),
            NoInstance::Trap(message) => write!(f, "traps: {message}"),
        }
    }
}

fn failed(message: impl Into<String>) -> Verdict {
    Verdict::Failed(message.into())
}

/// What the official suite calls a trap.
fn suite_message(trap: Trap) -> &'static str {
    match trap {
        Trap::Unreachable => "unreachable",
        Trap::IntegerDivideByZero => "integer divide by zero",
        Trap::IntegerOverflow => "integer overflow",
        Trap::OutOfBoundsMemoryAccess => "out of bounds memory access",
        Trap::UndefinedElement => "undefined element",
        Trap::UninitializedElement => "uninitialized element",
        Trap::IndirectCallTypeMismatch => "indirect call type mismatch",
        Trap::CallStackExhausted => "call stack exhausted",
        // No script can cause these.
        Trap::HostIndexOutOfBounds
        | Trap::Aborted
        | Trap::CycleLimitExhausted
        | Trap::UnalignedAddress
        | Trap::ElementNotCanonical => trap.name(),
    }
}

/// Whether a message means what a script expects: some append the number of the element, some shorten.
fn agree(message: &str, expected: &str) -> bool {
    !expected.is_empty() && (message.starts_with(expected) || expected.starts_with(message))
}

/// An argument as the engines take it.
struct Argument {
    value: u64,
    value_type: ValueType,
    /// Why the result of the call does not count.
    skip: Option<Skip>,
}

impl Argument {
    fn new(argument: &WastArg) -> Argument {
        let WastArg::Core(argument) = argument else {
            return Argument { value: 0, value_type: ValueType::I64, skip: Some(Skip::Directive) };
        };
        let (value, value_type, skip) = match argument {
            WastArgCore::I32(value) => (u64::from(*value as u32), ValueType::I32, None),
            WastArgCore::I64(value) => (*value as u64, ValueType::I64, None),
            WastArgCore::F32(value) => (u64::from(value.bits), ValueType::I32, Some(Skip::Float)),
            WastArgCore::F64(value) => (value.bits, ValueType::I64, Some(Skip::Float)),
            WastArgCore::V128(_) | WastArgCore::RefNull(_) | WastArgCore::RefExtern(_) | WastArgCore::RefHost(_) => {
                (0, ValueType::I64, Some(Skip::Reference))
            }
        };
        Argument { value, value_type, skip }
    }
}

/// Why an expected result is outside the profile, if it is.
fn excluded(expected: &WastRet) -> Option<Skip> {
    fn of_core(expected: &WastRetCore) -> Option<Skip> {
        match expected {
            WastRetCore::I32(_) | WastRetCore::I64(_) => None,
            WastRetCore::F32(_) | WastRetCore::F64(_) => Some(Skip::Float),
            WastRetCore::Either(choices) => choices.iter().find_map(of_core),
            _ => Some(Skip::Reference),
        }
    }
    match expected {
        WastRet::Core(expected) => of_core(expected),
        _ => Some(Skip::Directive),
    }
}

fn judge_results(results: &[u64], types: &[ValueType], expected: &[WastRet]) -> Verdict {
    let equal = results.len() == expected.len()
        && results.iter().zip(types).zip(expected).all(|((result, value_type), expected)| match expected {
            WastRet::Core(expected) => is_expected(*result, *value_type, expected),
            _ => false,
        });
    match equal {
        true => Verdict::Passed,
        false => failed(format!("expected {}, {}", describe(expected), Ending::Returned(results.to_vec()))),
    }
}

fn is_expected(result: u64, value_type: ValueType, expected: &WastRetCore) -> bool {
    match expected {
        WastRetCore::I32(value) => value_type == ValueType::I32 && result == u64::from(*value as u32),
        WastRetCore::I64(value) => value_type == ValueType::I64 && result == *value as u64,
        WastRetCore::Either(choices) => choices.iter().any(|choice| is_expected(result, value_type, choice)),
        _ => false,
    }
}

fn describe(expected: &[WastRet]) -> String {
    fn of_core(expected: &WastRetCore) -> String {
        match expected {
            WastRetCore::I32(value) => format!("{value:#x}"),
            WastRetCore::I64(value) => format!("{value:#x}"),
            WastRetCore::Either(choices) => choices.iter().map(of_core).collect::<Vec<_>>().join(" or "),
            other => format!("{other:?}"),
        }
    }
    let values: Vec<String> = expected
        .iter()
        .map(|expected| match expected {
            WastRet::Core(expected) => of_core(expected),
            other => format!("{other:?}"),
        })
        .collect();
    format!("({})", values.join(" "))
}

fn assert_malformed(module: &mut QuoteWat, message: &str) -> Verdict {
    let text = match module.to_test() {
        Ok(QuoteWatTest::Binary(wasm)) => return judge_refusal(&wasm, Stage::Malformed, message),
        Ok(QuoteWatTest::Text(text)) => text,
        Err(error) => {
            return failed(format!("expected \"{message}\", the text is refused: {}", error.message()));
        }
    };
    let Ok(text) = std::str::from_utf8(&text) else { return Verdict::Passed };
    let encoded =
        ParseBuffer::new(text).and_then(|buffer| parser::parse::<Wat>(&buffer).and_then(|mut module| module.encode()));
    match encoded.map(|wasm| profile::decode(&wasm)) {
        Err(_) => Verdict::Passed,
        // The text parser leaves some checks to the validator.
        Ok(Err(_)) => Verdict::Skipped(Skip::Text),
        Ok(Ok(_)) => failed(format!("expected \"{message}\", the text is accepted")),
    }
}

/// Faults of binary modules by which WebAssembly 1.0 and 2.0 call malformed what 3.0 calls invalid, because it gave the
/// bytes a meaning: 64-bit limits and offsets, the index of a memory.
const NO_LONGER_MALFORMED: [&str; 4] =
    ["integer too large", "malformed memop flags", "zero byte expected", "zero flag expected"];

/// Judges a module that should be refused at a stage.
fn judge_refusal(wasm: &[u8], stage: Stage, message: &str) -> Verdict {
    let mut decoded = profile::decode(wasm);
    if let Err(Rejection { reason: Reject::UnknownImport | Reject::ImportNotFunction, .. }) = decoded
        && let Ok(rewritten) = rewrite::integer_module(wasm, &BTreeSet::new())
        && rewritten.only_imports
    {
        decoded = profile::decode(&rewritten.bytes);
    }
    match decoded {
        Ok(_) => failed(format!("expected \"{message}\", the module is accepted")),
        Err(rejection) if rejection.reason.stage() == stage => Verdict::Passed,
        Err(rejection) if outside_profile(&rejection) => Verdict::Skipped(Skip::Profile(rejection.reason)),
        Err(rejection)
            if rejection.reason == Reject::InvalidModule
                && NO_LONGER_MALFORMED.iter().any(|moved| agree(moved, message)) =>
        {
            Verdict::Skipped(Skip::NoLongerMalformed)
        }
        Err(rejection) => failed(format!("expected the module to be {}: \"{message}\", {rejection}", stage.name())),
    }
}
