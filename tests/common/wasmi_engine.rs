//! The independent engine: `wasmi`, with a host of its own.

use middle_client::host_interface::Inputs;
use middle_client::notation::{B256, Execution, Outcome, Trap};
use middle_client::poseidon::{element_from_bytes, element_to_bytes, hash};
use std::collections::HashMap;
use wasmi::*;

/// The interpreter's frames are at most 61,440 deep.
const RECURSION_DEPTH: usize = 70_000;
const STACK_BYTES: usize = 64 << 20;
const MEMORY_BYTES: usize = 1_024 << 16;

/// A module that is ready to be instantiated.
pub struct Translated {
    engine: Engine,
    module: Module,
    fuel: Option<u64>,
}

/// An instance with the state of its host.
pub struct Instance {
    store: Store<Host>,
    instance: wasmi::Instance,
}

struct Host {
    input: Vec<u8>,
    witness: Vec<u8>,
    context: Vec<u8>,
    output: HashMap<u32, u64>,
    output_len: u32,
    post_state: Vec<u8>,
    limits: StoreLimits,
}

#[derive(Debug)]
struct HostTrap(Trap);

impl std::fmt::Display for HostTrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())
    }
}

impl errors::HostError for HostTrap {}

fn word(bytes: &[u8], index: u32) -> u64 {
    (0..8).rev().fold(0, |word, i| word << 8 | u64::from(*bytes.get(index as usize * 8 + i).unwrap_or(&0)))
}

fn host_trap(trap: Trap) -> Error {
    Error::host(HostTrap(trap))
}

fn linker(engine: &Engine) -> Result<Linker<Host>, Error> {
    let mut linker = Linker::<Host>::new(engine);
    type Host_<'a> = Caller<'a, Host>;
    linker.func_wrap("middle", "input", |host: Host_, index: u32| word(&host.data().input, index))?;
    linker.func_wrap("middle", "witness", |host: Host_, index: u32| word(&host.data().witness, index))?;
    linker.func_wrap("middle", "context", |host: Host_, index: u32| word(&host.data().context, index))?;
    linker.func_wrap("middle", "input_len", |host: Host_| host.data().input.len() as u32)?;
    linker.func_wrap("middle", "witness_len", |host: Host_| host.data().witness.len() as u32)?;
    linker.func_wrap("middle", "output", |mut host: Host_, index: u32, value: u64| {
        if index > 8_191 {
            return Err(host_trap(Trap::HostIndexOutOfBounds));
        }
        host.data_mut().output.insert(index, value);
        Ok(())
    })?;
    linker.func_wrap("middle", "output_len", |mut host: Host_, bytes: u32| {
        if bytes > 65_536 {
            return Err(host_trap(Trap::HostIndexOutOfBounds));
        }
        host.data_mut().output_len = bytes;
        Ok(())
    })?;
    linker.func_wrap("middle", "post_state", |mut host: Host_, index: u32, value: u64| {
        let bytes = host.data_mut().post_state.get_mut(8 * index as usize..).and_then(|rest| rest.get_mut(..8));
        bytes.ok_or_else(|| host_trap(Trap::HostIndexOutOfBounds))?.copy_from_slice(&value.to_le_bytes());
        Ok(())
    })?;
    linker.func_wrap("middle", "poseidon", |mut host: Host_, input: u32, output: u32| {
        if !input.is_multiple_of(8) || !output.is_multiple_of(8) {
            return Err(host_trap(Trap::UnalignedAddress));
        }
        let outside = || host_trap(Trap::OutOfBoundsMemoryAccess);
        // A host reaches exported memories only; what imports this function in the tests has the export.
        let memory = host.get_export("memory").and_then(Extern::into_memory).ok_or_else(outside)?;
        let bytes = memory.data_mut(&mut host);
        let elements = bytes.get(input as usize..).and_then(|rest| rest.get(..64)).ok_or_else(outside)?.to_vec();
        let target = bytes.get_mut(output as usize..).and_then(|rest| rest.get_mut(..32)).ok_or_else(outside)?;
        // The encoding of the chapter on Poseidon has the highest byte first.
        let element = |half: &[u8]| element_from_bytes(&half.iter().rev().copied().collect::<Vec<_>>());
        let elements: Result<Vec<_>, _> = elements.chunks(32).map(element).collect();
        let elements = elements.map_err(|_| host_trap(Trap::ElementNotCanonical))?;
        let digest = element_to_bytes(hash(&elements).expect("a hash of two"));
        target.iter_mut().zip(digest.iter().rev()).for_each(|(target, byte)| *target = *byte);
        Ok(())
    })?;
    linker.func_wrap("env", "abort", |_: Host_, _: i32, _: i32, _: i32, _: i32| -> Result<(), Error> {
        Err(host_trap(Trap::Aborted))
    })?;
    Ok(linker)
}

impl Translated {
    /// Translates a module, which is metered if there is fuel.
    pub fn new(wasm: &[u8], fuel: Option<u64>) -> Translated {
        let mut config = Config::default();
        config.consume_fuel(fuel.is_some());
        config.compilation_mode(CompilationMode::Eager);
        config.set_max_recursion_depth(RECURSION_DEPTH).set_max_stack_height(STACK_BYTES);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).expect("a module of the profile is a module");
        Translated { engine, module, fuel }
    }

    /// Instantiates the module and calls its start function.
    pub fn instantiate(&self, inputs: &Inputs) -> Result<Instance, Trap> {
        let host = Host {
            input: inputs.input.clone(),
            witness: inputs.witness.clone(),
            context: inputs.context.fields.iter().flat_map(|field| field.0).collect(),
            output: HashMap::new(),
            output_len: 0,
            post_state: inputs.context.fields[7].to_vec(),
            limits: StoreLimitsBuilder::new().memory_size(MEMORY_BYTES).build(),
        };
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| &mut host.limits);
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel).expect("the engine meters fuel");
        }
        let linker = linker(&self.engine).expect("the host functions have different names");
        let instance = linker.instantiate_and_start(&mut store, &self.module).map_err(trap)?;
        Ok(Instance { store, instance })
    }
}

impl Instance {
    /// Calls `run` and says what the execution leaves behind.
    pub fn run(&mut self) -> Execution {
        let result = self.call("run", &[]);
        self.finish(match result.as_deref() {
            Err(trap) => Outcome::Trapped(*trap),
            Ok([0]) => Outcome::Accepted,
            Ok(results) => Outcome::Rejected(results[0] as u32),
        })
    }

    /// Calls an exported function.
    pub fn call(&mut self, name: &str, arguments: &[u64]) -> Result<Vec<u64>, Trap> {
        let function = self.instance.get_func(&self.store, name).expect("the profile kept the exports");
        let function_type = function.ty(&self.store);
        let arguments: Vec<Val> = function_type
            .params()
            .iter()
            .zip(arguments)
            .map(|(param, argument)| match param {
                ValType::I32 => Val::I32(*argument as i32),
                _ => Val::I64(*argument as i64),
            })
            .collect();
        let mut results = vec![Val::I32(0); function_type.results().len()];
        function.call(&mut self.store, &arguments, &mut results).map_err(trap)?;
        Ok(results.into_iter().map(value).collect())
    }

    fn finish(&self, outcome: Outcome) -> Execution {
        let host = self.store.data();
        let mut output = vec![0; host.output_len as usize];
        for (index, value) in &host.output {
            let start = *index as usize * 8;
            for (target, byte) in output.iter_mut().skip(start).zip(value.to_le_bytes()) {
                *target = byte;
            }
        }
        match outcome {
            Outcome::Accepted => Execution { outcome, output, post_state: B256::from_slice(&host.post_state) },
            _ => {
                let kept = B256::from_slice(&host.context[224..]);
                let output = if matches!(outcome, Outcome::Trapped(_)) { Vec::new() } else { output };
                Execution { outcome, output, post_state: kept }
            }
        }
    }

    /// The bytes of an exported memory.
    pub fn memory(&self, name: &str) -> Option<&[u8]> {
        self.instance.get_memory(&self.store, name).map(|memory| memory.data(&self.store))
    }

    /// The value of an exported global.
    pub fn global(&self, name: &str) -> Option<u64> {
        self.instance.get_global(&self.store, name).map(|global| value(global.get(&self.store)))
    }
}

fn value(value: Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(value as u32),
        Val::I64(value) => value as u64,
        other => unreachable!("the profile has no {other:?}"),
    }
}

fn trap(error: Error) -> Trap {
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => Trap::Unreachable,
        Some(TrapCode::MemoryOutOfBounds) => Trap::OutOfBoundsMemoryAccess,
        Some(TrapCode::TableOutOfBounds) => Trap::UndefinedElement,
        Some(TrapCode::IndirectCallToNull) => Trap::UninitializedElement,
        Some(TrapCode::IntegerDivisionByZero) => Trap::IntegerDivideByZero,
        Some(TrapCode::IntegerOverflow) => Trap::IntegerOverflow,
        Some(TrapCode::StackOverflow) => Trap::CallStackExhausted,
        Some(TrapCode::BadSignature) => Trap::IndirectCallTypeMismatch,
        _ => match error.downcast_ref::<HostTrap>() {
            Some(HostTrap(trap)) => *trap,
            None => panic!("wasmi failed otherwise: {error}"),
        },
    }
}
