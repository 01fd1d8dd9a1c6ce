//! One module instance in each of the engines, with its state from one invocation to the next.

use crate::canonical_code::{CanonicalCode, Finished, Machine, Space, lower_invocation};
use crate::circuit;
use crate::execution::{Halt, Instance};
use crate::host_interface::{Context, Inputs};
use crate::notation::{B256, Outcome, Rejection, Trap};
use crate::profile::Module;

/// Which engine runs a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The direct interpreter.
    Interpreter,
    /// The executor of canonical code.
    Code,
    /// The same, and every invocation's trace has to satisfy the circuit: its program is the entry routine of an
    /// invocation, and its image what the invocation before left.
    Circuit,
    /// Both side by side. They have to agree after every invocation on results, memory and globals.
    #[default]
    Both,
}

/// Instructions of the interpreter, and cycles of canonical code, that one invocation may take. The official suite needs
/// more than 2^19; a script that never ends is stopped within seconds.
pub(super) const STEP_LIMIT: u64 = 1 << 26;

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Returned(Vec<u64>),
    Trapped(Trap),
    /// It took more than [`STEP_LIMIT`] steps.
    Unfinished,
}

/// Why there is no ending to speak of.
pub(super) enum Fault {
    /// Canonical code has a limit that the module exceeds.
    Lowering(Rejection),
    /// The engines do not agree.
    Disagreement(String),
}

/// An instance in the engines of a run.
pub(super) struct Machines<'a> {
    module: &'a Module,
    interpreter: Option<Instance<'a>>,
    code: Option<CodeState>,
}

/// What canonical code left behind: each invocation is a program of its own, which continues from the last one's
/// memory and globals. Before the first, both are as the module says.
struct CodeState {
    left: Option<Machine<'static>>,
    /// Whether traces have to satisfy the circuit.
    in_circuit: bool,
}

/// A program that is never run: its machine only holds a state.
static IDLE: CanonicalCode =
    CanonicalCode { words: Vec::new(), image: Vec::new(), initial_pages: 0, symbols: Vec::new() };

/// Scripts know nothing of the host interface.
static NO_INPUTS: Inputs =
    Inputs { input: Vec::new(), witness: Vec::new(), context: Context { fields: [B256::ZERO; 8] } };

impl<'a> Machines<'a> {
    /// Instantiates a module; the start function does not run.
    pub fn new(module: &'a Module, engine: Engine) -> Machines<'a> {
        let (interprets, executes) = match engine {
            Engine::Interpreter => (true, false),
            Engine::Code | Engine::Circuit => (false, true),
            Engine::Both => (true, true),
        };
        let interpreter = interprets.then(|| Instance::new(module, &NO_INPUTS));
        let code = executes.then_some(CodeState { left: None, in_circuit: engine == Engine::Circuit });
        Machines { module, interpreter, code }
    }

    /// Calls a function with arguments of the number that its type has.
    pub fn invoke(&mut self, function: u32, arguments: &[u64]) -> Result<Ending, Fault> {
        let interpreted = self.interpreter.as_mut().map(|instance| {
            match instance.invoke(function, arguments, &mut STEP_LIMIT.clone()) {
                Ok(results) => Ending::Returned(results),
                Err(Halt::Trap(trap)) => Ending::Trapped(trap),
                Err(Halt::OutOfFuel) => Ending::Unfinished,
            }
        });
        let executed = match &mut self.code {
            Some(state) => Some(state.invoke(self.module, function, arguments)?),
            None => None,
        };
        match (interpreted, executed) {
            (Some(interpreted), Some(executed)) => {
                self.compare(&interpreted, &executed)?;
                Ok(interpreted)
            }
            (Some(ending), None) | (None, Some(ending)) => Ok(ending),
            (None, None) => unreachable!("every choice of engines has one"),
        }
    }

    /// The value of a global.
    pub fn global(&self, index: u32) -> u64 {
        let module = self.module;
        match (&self.interpreter, &self.code) {
            (Some(instance), _) => instance.globals()[index as usize],
            (None, Some(state)) => state.global(module, index),
            (None, None) => unreachable!("every choice of engines has one"),
        }
    }

    /// Whether the engines agree on an ending and on the state that it left.
    fn compare(&self, interpreted: &Ending, executed: &Ending) -> Result<(), Fault> {
        let (Some(instance), Some(state)) = (&self.interpreter, &self.code) else { return Ok(()) };
        // Steps are counted differently, so an unfinished run tells nothing.
        if *interpreted == Ending::Unfinished || *executed == Ending::Unfinished {
            return Ok(());
        }
        let globals = (0..self.module.globals.len() as u32).map(|index| state.global(self.module, index));
        let differs = if interpreted != executed {
            format!("the interpreter {interpreted}, canonical code {executed}")
        } else if !globals.eq(instance.globals().iter().copied()) {
            "the engines leave different globals".into()
        } else if state.left.as_ref().is_some_and(|machine| machine.memory() != instance.memory()) {
            "the engines leave different memories".into()
        } else {
            return Ok(());
        };
        Err(Fault::Disagreement(differs))
    }
}

impl CodeState {
    fn invoke(&mut self, module: &Module, function: u32, arguments: &[u64]) -> Result<Ending, Fault> {
        let code = lower_invocation(module, function, arguments).map_err(Fault::Lowering)?;
        let mut machine = Machine::new(&code, &NO_INPUTS);
        if let Some(left) = &self.left {
            machine.resume(left);
        }
        let begin = self.in_circuit.then(|| (machine.image(), machine.pages()));
        let finished = machine.run(STEP_LIMIT);
        let outcome = finished.execution.outcome;
        let results = module.function_type(function).results.len() as u32;
        let ending = match outcome {
            Outcome::Accepted => {
                Ending::Returned((0..results).map(|index| machine.cell(Space::Output, index)).collect())
            }
            Outcome::Trapped(Trap::CycleLimitExhausted) => Ending::Unfinished,
            Outcome::Trapped(trap) => Ending::Trapped(trap),
            Outcome::Rejected(code) => {
                return Err(Fault::Disagreement(format!("canonical code halts with status {code}")));
            }
        };
        if let Some((image, initial_pages)) = begin
            && ending != Ending::Unfinished
        {
            let code = CanonicalCode { image, initial_pages, ..code.clone() };
            satisfies_circuit(&code, &finished)?;
        }
        self.left.get_or_insert_with(|| Machine::new(&IDLE, &NO_INPUTS)).resume(&machine);
        Ok(ending)
    }

    fn global(&self, module: &Module, index: u32) -> u64 {
        match &self.left {
            Some(machine) => machine.cell(Space::Global, index),
            None => module.globals[index as usize].initial,
        }
    }
}

/// Whether the trace of a program satisfies the circuit, as a proof that it ends like this.
fn satisfies_circuit(code: &CanonicalCode, finished: &Finished) -> Result<(), Fault> {
    let plan = circuit::check::plan(code, &NO_INPUTS, STEP_LIMIT);
    if (&plan.execution, plan.cycles) != (&finished.execution, finished.cycles) {
        return Err(Fault::Disagreement("a program with the state in its image behaves differently".into()));
    }
    match circuit::check::faults(code, &NO_INPUTS, &plan).into_iter().next() {
        Some(fault) => Err(Fault::Disagreement(format!("the circuit is not satisfied: {fault}"))),
        None => Ok(()),
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Ending::Returned(results) => {
                let results: Vec<String> = results.iter().map(|value| format!("{value:#x}")).collect();
                write!(f, "returns ({})", results.join(" "))
            }
            Ending::Trapped(trap) => write!(f, "traps: {}", trap.name()),
            Ending::Unfinished => write!(f, "takes more than {STEP_LIMIT} steps"),
        }
    }
}
