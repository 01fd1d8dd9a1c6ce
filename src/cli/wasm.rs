//! `wasm check`, `lower`, `run` and `stats`.

use super::failure::Failure;
use super::source;
use clap::{Args, Subcommand, ValueEnum};
use middle_client::canonical_code::{self, CanonicalCode, Class, Machine};
use middle_client::execution;
use middle_client::host_interface::{Context, Inputs};
use middle_client::notation::{Execution, Outcome, Rejection, keccak256};
use middle_client::profile::{self, Instruction, Module};
use middle_client::vectors::{hex, quantity, to_text};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Command {
    /// Accept or refuse a module; a refusal names reason and byte offset
    #[command(after_help = "Examples:
  middle-client wasm check extension.wasm
  middle-client wasm check extension.wat --json
  cat extension.wasm | middle-client wasm check -")]
    Check(Source),
    /// Print the canonical code of a module as an assembly listing
    #[command(after_help = "Examples:
  middle-client wasm lower extension.wasm
  middle-client wasm lower extension.wasm --output extension.code")]
    Lower {
        #[command(flatten)]
        source: Source,
        /// Write the binary encoding to this file and print the commitment instead of the listing
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Execute a module and print outcome, output and post-state
    #[command(after_help = "Examples:
  middle-client wasm run extension.wasm --input 0x2a00000000000000
  middle-client wasm run extension.wasm --input @message.bin --witness @secret.bin
  middle-client wasm run extension.wasm --engine interpreter --json")]
    Run {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        run: Run,
        /// What executes the module
        #[arg(long, value_enum, default_value_t = Engine::Code)]
        engine: Engine,
    },
    /// Execute a module in both engines and print sizes, counts and ratios
    #[command(after_help = "Examples:
  middle-client wasm stats extension.wasm --input @message.bin
  middle-client wasm stats extension.wasm --json")]
    Stats {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        run: Run,
    },
}

#[derive(Args)]
pub struct Source {
    /// A module: binary, or text if it is called .wat; - is standard input
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Run {
    /// Public input: hex, or @FILE with the bytes themselves
    #[arg(long, default_value = "", hide_default_value = true, value_name = "HEX|@FILE")]
    input: String,
    /// Private witness input
    #[arg(long, default_value = "", hide_default_value = true, value_name = "HEX|@FILE")]
    witness: String,
    /// Context of 256 bytes; all zero if it is not given
    #[arg(long, value_name = "HEX|@FILE")]
    context: Option<String>,
    /// Cycles after which canonical code traps; the interpreter gives up after as many instructions, without an outcome
    #[arg(long, default_value_t = 1_000_000_000, value_name = "CYCLES")]
    cycle_limit: u64,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Engine {
    /// The interpreter of WebAssembly, which is the semantic reference
    Interpreter,
    /// Canonical code, which has cycles
    Code,
}

pub fn run(command: Command, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        Command::Check(source) => check(&source, out),
        Command::Lower { source, output } => lower(&source, output.as_deref(), out),
        Command::Run { source, run, engine } => execute(&source, &run, engine, out),
        Command::Stats { source, run } => stats(&source, &run, out),
    }
}

fn check(source: &Source, out: &mut impl Write) -> Result<(), Failure> {
    let (wasm, module) = source.load(out)?;
    let mut result = Report::new("outcome", "accepted");
    result.add("code hash", hex(keccak256(&wasm)));
    result.add("size", wasm.len());
    result.add_counts(&module);
    Ok(result.print(source.json, out)?)
}

fn lower(source: &Source, output: Option<&Path>, out: &mut impl Write) -> Result<(), Failure> {
    let (_, module) = source.load(out)?;
    let code = source.lower(&module, out)?;
    let mut result = Report::new("commitment", hex(code.commitment()));
    result.add_code(&code);
    if let Some(path) = output {
        std::fs::write(path, code.to_bytes()).map_err(|error| Failure::input(path.display(), error))?;
        return Ok(result.print(source.json, out)?);
    }
    if source.json {
        result.add("encoding", hex(code.to_bytes()));
        result.add("listing", code.to_string().lines().collect::<Vec<_>>());
        return Ok(result.print(true, out)?);
    }
    writeln!(out, "; commitment {}", hex(code.commitment()))?;
    Ok(write!(out, "{code}")?)
}

fn execute(source: &Source, run: &Run, engine: Engine, out: &mut impl Write) -> Result<(), Failure> {
    let (_, module) = source.load(out)?;
    let inputs = run.inputs(source, out)?;
    let (execution, count, steps) = match engine {
        Engine::Interpreter => {
            let finished = interpret(source, &module, &inputs, run.cycle_limit)?;
            (finished.execution, "instructions", finished.instructions)
        }
        Engine::Code => {
            let code = source.lower(&module, out)?;
            let finished = canonical_code::execute(&code, &inputs, run.cycle_limit);
            (finished.execution, "cycles", finished.cycles)
        }
    };
    let mut result = Report::new("outcome", outcome_name(execution.outcome));
    result.add_execution(&execution);
    result.add(count, steps);
    Ok(result.print(source.json, out)?)
}

fn stats(source: &Source, run: &Run, out: &mut impl Write) -> Result<(), Failure> {
    let (wasm, module) = source.load(out)?;
    let code = source.lower(&module, out)?;
    let inputs = run.inputs(source, out)?;
    let interpreted = interpret(source, &module, &inputs, run.cycle_limit)?;
    let mut executed = vec![0u64; Class::ALL.len()];
    let finished = Machine::new(&code, &inputs)
        .run_traced(run.cycle_limit, |cycle| executed[class_index(cycle.word.opcode.class())] += 1);
    if finished.execution != interpreted.execution {
        return Err(Failure::input(
            source.file.display(),
            format!(
                "the interpreter ends with {:?}, canonical code with {:?}",
                interpreted.execution, finished.execution
            ),
        ));
    }
    let body = module.functions.iter().flat_map(|function| &function.body);
    // As the interpreter counts them: `else` and `end` do nothing.
    let instructions = body.filter(|instruction| !matches!(instruction, Instruction::Else { .. } | Instruction::End));
    let instructions = instructions.count() as u64;
    let mut result = Report::new("outcome", outcome_name(finished.execution.outcome));
    result.add("size", wasm.len());
    result.add_counts(&module);
    result.add_code(&code);
    result.add("code size", code.to_bytes().len());
    result.add("instructions executed", interpreted.instructions);
    result.add("cycles", finished.cycles);
    result.add("instructions per word, executed", ratio(interpreted.instructions, finished.cycles));
    result.add("instructions per word, static", ratio(instructions, code.words.len() as u64));
    for (index, class) in Class::ALL.into_iter().enumerate() {
        let words = code.words.iter().filter(|word| word.opcode.class() == class).count();
        result.add(&format!("words {}", class.name()), words);
        result.add(&format!("cycles {}", class.name()), executed[index]);
    }
    Ok(result.print(source.json, out)?)
}

fn interpret(source: &Source, module: &Module, inputs: &Inputs, limit: u64) -> Result<execution::Finished, Failure> {
    execution::run(module, inputs, limit).map_err(|error| Failure::input(source.file.display(), error))
}

impl Source {
    fn load(&self, out: &mut impl Write) -> Result<(Vec<u8>, Module), Failure> {
        let wasm = source::read_module(&self.file)?;
        match profile::load(&wasm) {
            Ok(module) => Ok((wasm, module)),
            Err(rejection) => Err(self.refuse(&rejection, out)?),
        }
    }

    fn lower(&self, module: &Module, out: &mut impl Write) -> Result<CanonicalCode, Failure> {
        match canonical_code::lower(module) {
            Ok(code) => Ok(code),
            Err(rejection) => Err(self.refuse(&rejection, out)?),
        }
    }

    /// The failure that a refusal is. Who asked for JSON gets the refusal in it too.
    fn refuse(&self, rejection: &Rejection, out: &mut impl Write) -> Result<Failure, Failure> {
        if self.json {
            let mut result = Report::new("outcome", "reject");
            result.add("stage", rejection.reason.stage().name());
            result.add("reason", rejection.reason.name());
            result.add("offset", rejection.offset);
            result.add("detail", rejection.detail.clone());
            result.print(true, out)?;
        }
        Ok(Failure::input(self.file.display(), rejection))
    }
}

impl Run {
    fn inputs(&self, source: &Source, out: &mut impl Write) -> Result<Inputs, Failure> {
        let input = source::bytes("--input", &self.input)?;
        let witness = source::bytes("--witness", &self.witness)?;
        let context = match &self.context {
            Some(context) => source::bytes("--context", context)?,
            None => vec![0; Context::BYTES],
        };
        match Inputs::new(&input, &witness, &context) {
            Ok(inputs) => Ok(inputs),
            Err(rejection) => Err(source.refuse(&rejection, out)?),
        }
    }
}

/// Named values, printed as lines or as JSON.
struct Report(Vec<(String, Value)>);

impl Report {
    fn new(name: &str, value: impl Into<Value>) -> Report {
        Report(vec![(name.into(), value.into())])
    }

    fn add(&mut self, name: &str, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    fn add_counts(&mut self, module: &Module) {
        self.add("imports", module.imports.len());
        self.add("functions", module.functions.len());
        self.add("instructions", module.functions.iter().map(|function| function.body.len()).sum::<usize>());
        let largest = module.functions.iter().map(|function| function.frame_slots).max();
        self.add("largest frame", largest.unwrap_or(0));
        self.add("globals", module.globals.len());
        self.add("table entries", module.table.unwrap_or(0));
        self.add("memory pages", module.memory.map_or(0, |memory| memory.initial_pages));
        self.add("data bytes", module.data.iter().map(|segment| segment.bytes.len()).sum::<usize>());
    }

    fn add_code(&mut self, code: &CanonicalCode) {
        self.add("words", code.words.len());
        self.add("image cells", code.image.len());
        self.add("initial pages", code.initial_pages);
    }

    fn add_execution(&mut self, execution: &Execution) {
        match execution.outcome {
            Outcome::Accepted => {}
            Outcome::Rejected(code) => self.add("code", code),
            Outcome::Trapped(trap) => {
                self.add("trap", trap.name());
                self.add("code", trap.code());
            }
        }
        self.add("output", hex(&execution.output));
        self.add("post-state", hex(execution.post_state));
    }

    /// Lines of name and value, or one JSON object whose names are in camel case.
    fn print(self, as_json: bool, out: &mut impl Write) -> std::io::Result<()> {
        if as_json {
            let fields: Map<String, Value> =
                self.0.into_iter().map(|(name, value)| (camel_case(&name), json_value(value))).collect();
            return write!(out, "{}", to_text(&Value::Object(fields)));
        }
        let width = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in self.0 {
            let text = value.as_str().map_or_else(|| value.to_string(), String::from);
            writeln!(out, "{name:width$}  {text}")?;
        }
        Ok(())
    }
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Rejected(_) => "rejected",
        Outcome::Trapped(_) => "trapped",
    }
}

fn class_index(class: Class) -> usize {
    Class::ALL.iter().position(|other| *other == class).expect("every class is in the list")
}

/// A quotient with two decimals, rounded down.
fn ratio(dividend: u64, divisor: u64) -> String {
    let hundredths = u128::from(dividend) * 100 / u128::from(divisor.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// As in vectors: numbers beyond 32 bits are quantities, because not every reader of JSON holds them.
fn json_value(value: Value) -> Value {
    match value.as_u64() {
        Some(number) if number > u32::MAX.into() => json!(quantity(number)),
        _ => value,
    }
}

fn camel_case(name: &str) -> String {
    let words = name.split([' ', ',', '-', '_']).filter(|word| !word.is_empty()).enumerate();
    words
        .map(|(index, word)| match (index, word.split_at(1)) {
            (0, _) => word.to_string(),
            (_, (first, rest)) => first.to_uppercase() + rest,
        })
        .collect()
}
