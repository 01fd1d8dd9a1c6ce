//! A case as its author writes it: input and stated expectation.
//!
//! ```
//! use middle_client::notation::Trap;
//! use middle_client::vectors::{case, wat};
//!
//! let module = wat(r#"(module (func (export "run") (result i32) unreachable))"#);
//! let trapped = case("execution-unreachable", "The instruction unreachable traps.", ["EXEC-001"])
//!     .module(module)
//!     .derived_from("execution-minimal", "replace the constant by unreachable")
//!     .trapped(Trap::Unreachable);
//! assert!(!trapped.is_accepted());
//! ```

use super::bytes::{self, Blobs};
use super::json::{self, Fault, Node};
use crate::host_interface::Context;
use crate::notation::{B256, Reject, Trap};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::{Map, Value, json};

/// What a case gives to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What is accepted or refused.
    pub subject: Subject,
    /// What an execution is given, for the formats and cases that execute.
    pub run: Option<Run>,
}

/// What is accepted or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The bytes of a module.
    Module(Vec<u8>),
    /// The encoding of canonical code; only in the format of that name.
    Code(Vec<u8>),
    /// Encoded field elements to hash: by the sponge if there is a domain. Only in the format `poseidon`.
    Elements {
        /// The domain of the sponge; none for the hash of a fixed number of elements.
        domain: Option<u64>,
        /// The encodings one after the other.
        elements: Vec<u8>,
    },
    /// An object with a field `kind`, for the formats on the proof system and the protocol.
    Object(Value),
}

/// What an execution is given, before the limits are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The public input.
    pub input: Vec<u8>,
    /// The private witness input.
    pub witness: Vec<u8>,
    /// The context: 256 bytes, unless the case is about its length.
    pub context: Vec<u8>,
    /// The cycle limit; only canonical code has one.
    pub cycle_limit: Option<u64>,
}

impl Default for Run {
    fn default() -> Run {
        Run { input: Vec::new(), witness: Vec::new(), context: vec![0; Context::BYTES], cycle_limit: None }
    }
}

/// A case: what a client is given and what it must find.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Unique over all formats, and never renamed or reused. Begins with the name of its format.
    pub id: String,
    /// One sentence.
    pub description: String,
    /// The ids of the rules that the case exercises.
    pub requirements: Vec<String>,
    /// The accepted case from which it is derived; always there unless the case is accepted.
    pub derived_from: Option<String>,
    /// What was changed in the case from which it is derived.
    pub mutation: Option<String>,
    /// What the client is given.
    pub input: Input,
    /// The fields of the expectation that the author states by himself. The reference implementation fills in the
    /// others, and building the vectors fails if it disagrees with one of these.
    pub stated: Map<String, Value>,
}

/// Begins a case; one of the methods that state an outcome ends it.
pub fn case<'a>(id: &str, description: &str, requirements: impl AsRef<[&'a str]>) -> Draft {
    Draft(Case {
        id: id.into(),
        description: description.into(),
        requirements: requirements.as_ref().iter().map(|rule| rule.to_string()).collect(),
        derived_from: None,
        mutation: None,
        input: Input { subject: Subject::Module(Vec::new()), run: None },
        stated: Map::new(),
    })
}

/// The binary form of a module in text.
///
/// # Panics
/// If the text is wrong: cases are constants of this crate.
pub fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("a case's module: {error}"))
}

/// Randomness for a case: ChaCha20 seeded by the keccak256 of a domain and the case's id. What is drawn is in the
/// vector, so a client never needs it.
pub fn random(id: &str) -> ChaCha20Rng {
    let seed = crate::notation::keccak256(format!("middle-client vectors v1\0{id}"));
    ChaCha20Rng::from_seed(seed.0)
}

/// A case whose outcome is not stated yet.
#[derive(Clone, Debug)]
pub struct Draft(Case);

impl Draft {
    /// The module.
    pub fn module(mut self, module: impl Into<Vec<u8>>) -> Draft {
        self.0.input.subject = Subject::Module(module.into());
        self
    }

    /// The encoding of canonical code, instead of a module.
    pub fn code(mut self, encoding: impl Into<Vec<u8>>) -> Draft {
        self.0.input.subject = Subject::Code(encoding.into());
        self
    }

    /// Encoded field elements to hash, instead of a module: by the sponge if there is a domain.
    pub fn elements(mut self, domain: Option<u64>, elements: impl Into<Vec<u8>>) -> Draft {
        self.0.input.subject = Subject::Elements { domain, elements: elements.into() };
        self
    }

    /// An object with a field `kind`, instead of a module.
    pub fn object(mut self, input: Value) -> Draft {
        self.0.input.subject = Subject::Object(input);
        self
    }

    /// The case executes: with empty input and witness and an all-zero context unless they are set.
    pub fn run(mut self) -> Draft {
        self.run_mut();
        self
    }

    /// The public input.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Draft {
        self.run_mut().input = input.into();
        self
    }

    /// The private witness input.
    pub fn witness(mut self, witness: impl Into<Vec<u8>>) -> Draft {
        self.run_mut().witness = witness.into();
        self
    }

    /// The bytes of the context.
    pub fn context(mut self, context: impl Into<Vec<u8>>) -> Draft {
        self.run_mut().context = context.into();
        self
    }

    /// The cycle limit of an execution of canonical code.
    pub fn cycle_limit(mut self, cycles: u64) -> Draft {
        self.run_mut().cycle_limit = Some(cycles);
        self
    }

    /// The accepted case from which this one is derived, and the one change that was made.
    pub fn derived_from(mut self, id: &str, mutation: &str) -> Draft {
        self.0.derived_from = Some(id.into());
        self.0.mutation = Some(mutation.into());
        self
    }

    /// The module, code or elements are accepted. States nothing about an execution.
    pub fn accept(self) -> Case {
        self.state(json!({"outcome": "accept"}))
    }

    /// What is given is refused for this reason.
    pub fn reject(self, reason: Reject) -> Case {
        self.state(json!({"outcome": reason.outcome(), "stage": reason.stage().name(), "reasons": [reason.name()]}))
    }

    /// The execution accepts with this output and keeps the state: the post-state is the pre-state root.
    pub fn accepted(self, output: impl AsRef<[u8]>) -> Case {
        let root = self.pre_state_root();
        self.accepted_with_state(output, root)
    }

    /// The execution accepts with this output and this post-state root.
    pub fn accepted_with_state(self, output: impl AsRef<[u8]>, post_state: B256) -> Case {
        self.ended("accepted", 0, output.as_ref(), post_state)
    }

    /// The extension rejects with its own code and this output.
    pub fn rejected(self, code: u32, output: impl AsRef<[u8]>) -> Case {
        let root = self.pre_state_root();
        self.ended("rejected", code, output.as_ref(), root)
    }

    /// The execution traps.
    pub fn trapped(mut self, trap: Trap) -> Case {
        // Each of these cases shows the code of its trap.
        self.0.requirements.push("NOTE-003".into());
        let root = self.pre_state_root();
        self.ended("trapped", trap.code(), &[], root).stating("trap", trap.name())
    }

    fn ended(mut self, outcome: &str, code: u32, output: &[u8], post_state: B256) -> Case {
        self.run_mut();
        // An output too long to be written inline is compared by its description, whose digest is then in it.
        let output = bytes::to_json(output, "bin", &mut Blobs::new());
        self.state(json!({
            "outcome": outcome,
            "stage": "execution",
            "code": code,
            "output": output,
            "postState": json::hex(post_state),
        }))
    }

    fn state(mut self, stated: Value) -> Case {
        if let Value::Object(stated) = stated {
            self.0.stated = stated;
        }
        self.0
    }

    fn run_mut(&mut self) -> &mut Run {
        self.0.input.run.get_or_insert_default()
    }

    fn pre_state_root(&self) -> B256 {
        let context = self.0.input.run.clone().unwrap_or_default().context;
        Context::from_bytes(&context).unwrap_or_default().pre_state_root()
    }
}

impl Case {
    /// States one more field of the expectation.
    pub fn stating(mut self, field: &str, value: impl Into<Value>) -> Case {
        self.stated.insert(field.into(), value.into());
        self
    }

    /// Whether it belongs to the accepted cases.
    pub fn is_accepted(&self) -> bool {
        matches!(self.stated.get("outcome").and_then(Value::as_str), Some("accept" | "accepted"))
    }
}

impl Input {
    /// The input as it stands in a file.
    pub fn to_json(&self, blobs: &mut Blobs) -> Value {
        let mut value = match &self.subject {
            Subject::Module(module) => json!({"module": bytes::to_json(module, "wasm", blobs)}),
            Subject::Code(code) => json!({"code": bytes::to_json(code, "code", blobs)}),
            Subject::Elements { domain, elements } => {
                let mut value = json!({"elements": json::hex(elements)});
                if let Some(domain) = domain {
                    value["domain"] = json::quantity(*domain).into();
                }
                value
            }
            Subject::Object(input) => input.clone(),
        };
        if let Some(run) = &self.run {
            value["input"] = bytes::to_json(&run.input, "bin", blobs);
            value["witness"] = bytes::to_json(&run.witness, "bin", blobs);
            value["context"] = bytes::to_json(&run.context, "bin", blobs);
            if let Some(cycle_limit) = run.cycle_limit {
                value["cycleLimit"] = json::quantity(cycle_limit).into();
            }
        }
        value
    }

    /// Reads what [`Input::to_json`] writes.
    pub fn from_json(node: &Node, blobs: &Blobs) -> Result<Input, Fault> {
        if node.optional("kind")?.is_some() {
            return Ok(Input { subject: Subject::Object(node.value.clone()), run: None });
        }
        if let Some(elements) = node.optional("elements")? {
            node.only(&["domain", "elements"])?;
            let domain = node.optional("domain")?.map(|domain| domain.quantity()).transpose()?;
            let elements = elements.hex()?;
            return Ok(Input { subject: Subject::Elements { domain, elements }, run: None });
        }
        let (name, subject) = match node.optional("code")? {
            Some(code) => ("code", Subject::Code(bytes::from_json(&code, blobs)?)),
            None => ("module", Subject::Module(bytes::from_json(&node.field("module")?, blobs)?)),
        };
        node.only(&[name, "input", "witness", "context", "cycleLimit"])?;
        let run = match node.optional("input")? {
            None => {
                node.only(&[name])?;
                None
            }
            Some(input) => Some(Run {
                input: bytes::from_json(&input, blobs)?,
                witness: bytes::from_json(&node.field("witness")?, blobs)?,
                context: bytes::from_json(&node.field("context")?, blobs)?,
                cycle_limit: node.optional("cycleLimit")?.map(|limit| limit.quantity()).transpose()?,
            }),
        };
        Ok(Input { subject, run })
    }
}
