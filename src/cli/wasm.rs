//! `wasm check`, `lower`, `run` and `stats`.

use super::failure::Failure;
use super::report::{Report, outcome_name};
use super::{proof, source};
use clap::{Args, Subcommand, ValueEnum};
use middle_client::canonical_code::{self, CanonicalCode, Class, Machine};
use middle_client::circuit::{Cost, Needs, Tier, costs};
use middle_client::execution;
use middle_client::host_interface::{Context, Inputs};
use middle_client::notation::{Outcome, Reject, Rejection, Trap, keccak256};
use middle_client::profile::{self, Instruction, Module};
use middle_client::proving::{Extension, Tiers, needs};
use middle_client::statement::{MAX_CYCLES, MAX_SEGMENTS};
use middle_client::vectors::hex;
use serde_json::json;
use std::fmt::Display;
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
    /// Execute a module in both engines and print sizes, counts and ratios, and what a proof costs
    #[command(after_help = "Examples:
  middle-client wasm stats extension.wasm --input @message.bin
  middle-client wasm stats extension.wasm --input @message.bin --tier hash
  middle-client wasm stats extension.wasm --json")]
    Stats {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        run: Run,
        /// The tier of the proof, by name [default: the one with the fewest rows in all segments]
        #[arg(long, value_name = "NAME")]
        tier: Option<String>,
    },
}

#[derive(Args)]
pub struct Source {
    /// A module: binary, or text if it is called .wat; - is standard input
    pub file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
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
    pub cycle_limit: u64,
}

impl Run {
    /// The cycle limit is one that a statement can have.
    pub fn check_provable(&self) -> Result<(), Failure> {
        if (1..=MAX_CYCLES).contains(&self.cycle_limit) {
            return Ok(());
        }
        Err(Failure::Usage(format!("--cycle-limit: a proof has 1 to {MAX_CYCLES} cycles")))
    }
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
        Command::Stats { source, run, tier } => stats(&source, &run, tier.as_deref(), out),
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

fn stats(source: &Source, run: &Run, tier: Option<&str>, out: &mut impl Write) -> Result<(), Failure> {
    let chosen = tier.map(proof::tier_named).transpose()?;
    let (wasm, module) = source.load(out)?;
    let code = source.lower(&module, out)?;
    let inputs = run.inputs(source, out)?;
    run.check_provable()?;
    let mut executed = vec![0u64; Class::ALL.len()];
    let finished = Machine::new(&code, &inputs)
        .run_traced(run.cycle_limit, |cycle| executed[class_index(cycle.word.opcode.class())] += 1);
    // What ends without the limit ends in the interpreter, too; instructions have no limit of their own.
    let at_limit = finished.execution.outcome == Outcome::Trapped(Trap::CycleLimitExhausted);
    let interpreted = if at_limit { None } else { Some(interpret(source, &module, &inputs, u64::MAX)?) };
    if interpreted.as_ref().is_some_and(|interpreted| finished.execution != interpreted.execution) {
        return Err(Failure::input(source.file.display(), "interpreter and canonical code end in different ways"));
    }
    let executed_instructions = interpreted.map(|interpreted| interpreted.instructions);
    let body = module.functions.iter().flat_map(|function| &function.body);
    // As the interpreter counts them: `else` and `end` do nothing.
    let instructions = body.filter(|instruction| !matches!(instruction, Instruction::Else { .. } | Instruction::End));
    let instructions = instructions.count() as u64;
    let mut result = Report::new("outcome", outcome_name(finished.execution.outcome));
    result.add("size", wasm.len());
    result.add_counts(&module);
    result.add_code(&code);
    result.add("code size", code.to_bytes().len());
    if let Some(instructions) = executed_instructions {
        result.add("instructions executed", instructions);
    }
    result.add("cycles", finished.cycles);
    if let Some(instructions) = executed_instructions {
        result.add("instructions per word, executed", ratio(instructions, finished.cycles));
    }
    result.add("instructions per word, static", ratio(instructions, code.words.len() as u64));
    for (index, class) in Class::ALL.into_iter().enumerate() {
        let words = code.words.iter().filter(|word| word.opcode.class() == class).count();
        result.add(&format!("words {}", class.name()), words);
        result.add(&format!("cycles {}", class.name()), executed[index]);
    }
    let extension = Extension::of(code);
    let needs = needs(&extension, &inputs, run.cycle_limit);
    let needs = needs.map_err(|rejection| Failure::input(source.file.display(), rejection))?;
    let best = || needs.best_tier().and_then(|number| Some((number, Tiers::get(number).ok()?)));
    let tier = chosen.or_else(best).map(|(_, tier)| tier);
    add_proof(&mut result, &needs, tier, finished.cycles, executed_instructions);
    Ok(result.print(source.json, out)?)
}

/// What a proof of the execution costs in a tier.
fn add_proof(result: &mut Report, needs: &Needs, tier: Option<&'static Tier>, cycles: u64, instructions: Option<u64>) {
    let Some(tier) = tier else { return result.add("tier", format!("none: {}", proof::no_tier(needs))) };
    let Some(segments) = needs.segments(tier) else {
        return result.add("tier", format!("none: {} has no room for it", tier.name));
    };
    if segments > MAX_SEGMENTS {
        return result.add("tier", format!("none: {}", proof::too_many(segments, tier.name)));
    }
    let costs = costs();
    let (segment, domain) = (tier.cost(&costs), tier.domain(&costs));
    let all_rows = u64::from(segments) * domain;
    result.add("tier", tier.name);
    result.add("segments", segments);
    result.add("constraints in a segment", segment.rows());
    result.add("domain of a segment", domain);
    // Public: constants, whether it is the first segment, and the sum.
    result.add("wires public", tier.constants() + 2);
    result.add("wires committed", segment.wires);
    result.add("wires private", segment.products + segment.fractions);
    result.add("weighted milliseconds of a segment", segment.microseconds() / 1_000);
    result.add("constraints", all_rows);
    result.add("constraints per cycle", ratio(all_rows, cycles));
    if let Some(instructions) = instructions {
        result.add("constraints per instruction", ratio(all_rows, instructions));
    }

    let segments = u64::from(segments);
    let chips = needs.chips(tier);
    let cost_of = |chip: &str| costs.get(chip).copied().unwrap_or_default();
    // Those that are the same in all segments come last.
    let others: Vec<&str> = costs.keys().copied().filter(|chip| !chips.iter().any(|(name, ..)| name == chip)).collect();
    let rows = chips.iter().map(|(chip, ..)| *chip).chain(others.iter().copied()).map(|chip| {
        let used: u64 = (0..segments).map(|segment| needs.used(chip, tier, segment)).sum();
        let (cost, all) = (cost_of(chip), tier.capacity(chip) * segments);
        let Cost { constraints, dense: _, products, fractions, wires } = cost;
        json!({
            "chip": chip,
            "used": used,
            "rows": all,
            "constraints": constraints,
            "products": products,
            "fractions": fractions,
            "wires": wires,
            "allConstraints": cost.times(all).rows(),
            "allMicroseconds": cost.times(all).microseconds(),
        })
    });
    result.add_table("chips", rows.collect());

    let fill = (0..segments).map(|index| {
        let used = costs.iter().map(|(chip, cost)| cost.times(needs.used(chip, tier, index)).rows());
        // And the sum and the row of the blinder.
        let used = 2 + used.sum::<u64>();
        json!({"segment": index, "constraintsUsed": used, "percent": ratio(100 * used, domain)})
    });
    result.add_table("fill", fill.collect());
}

fn interpret(source: &Source, module: &Module, inputs: &Inputs, limit: u64) -> Result<execution::Finished, Failure> {
    execution::run(module, inputs, limit).map_err(|error| Failure::input(source.file.display(), error))
}

impl Source {
    pub fn load(&self, out: &mut impl Write) -> Result<(Vec<u8>, Module), Failure> {
        let wasm = source::read_module(&self.file)?;
        match profile::load(&wasm) {
            Ok(module) => Ok((wasm, module)),
            Err(rejection) => Err(self.refuse(&rejection, out)?),
        }
    }

    pub fn lower(&self, module: &Module, out: &mut impl Write) -> Result<CanonicalCode, Failure> {
        match canonical_code::lower(module) {
            Ok(code) => Ok(code),
            Err(rejection) => Err(self.refuse(&rejection, out)?),
        }
    }

    /// The failure that a refusal is. Who asked for JSON gets the refusal in it too.
    fn refuse(&self, rejection: &Rejection, out: &mut impl Write) -> Result<Failure, Failure> {
        self.refuse_at(self.file.display(), rejection, out)
    }

    fn refuse_at(&self, place: impl Display, rejection: &Rejection, out: &mut impl Write) -> Result<Failure, Failure> {
        if self.json {
            Report::rejection(rejection).print(true, out)?;
        }
        Ok(Failure::input(place, rejection))
    }
}

impl Run {
    pub fn inputs(&self, source: &Source, out: &mut impl Write) -> Result<Inputs, Failure> {
        let input = source::bytes("--input", &self.input)?;
        let witness = source::bytes("--witness", &self.witness)?;
        let context = match &self.context {
            Some(context) => source::bytes("--context", context)?,
            None => vec![0; Context::BYTES],
        };
        match Inputs::new(&input, &witness, &context) {
            Ok(inputs) => Ok(inputs),
            Err(rejection) => {
                let option = match rejection.reason {
                    Reject::WitnessTooLarge => "--witness",
                    Reject::ContextLengthMismatch => "--context",
                    _ => "--input",
                };
                Err(source.refuse_at(option, &rejection, out)?)
            }
        }
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
