//! `setup`, `prove` and `verify`.

use super::failure::Failure;
use super::progress::{Bar, Spinner};
use super::report::{Report, outcome_name};
use super::source;
use super::wasm::{Run, Source};
use clap::Args;
use middle_client::circuit::{Needs, TIERS, Tier, fit};
use middle_client::host_interface::{Context, Inputs};
use middle_client::notation::{B256, Reject, Rejection};
use middle_client::proof_system::{
    CacheError, Commitment, G1_BYTES, KeyStep, Origin, ProvingKey, VerifyingKey, domain_size, point_from_bytes,
    point_to_bytes,
};
use middle_client::proving::{
    CUSTOM_TIER, CUSTOM_WARNING, CustomKey, Extension, Job, Phase, Prepared, Proof, ProofFile, ProveError, Randomness,
    SegmentProof, TierVerifier, Tiers, cached_verifying_key, commit_segment, insecure_custom_key, insecure_tier_key,
    needs, prove_segment, published, tier_name, verify as verify_proof,
};
use middle_client::statement::{MAX_SEGMENTS, Statement, Terms};
use middle_client::vectors::{hex, quantity};
use rand_chacha::rand_core::{OsRng, RngCore};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Said wherever a key is used: all keys are from a published seed.
const WARNING: &str = "the key is from a published seed: everybody can forge proofs under it";
/// How much longer a segment takes to prove than to commit to: for the estimate of the remaining time.
const PROVE_WEIGHT: u64 = 12;
/// What the file of a secret begins with, and no other file of a job does: nothing that is public passes for the secret.
const SECRET: &str = "secret ";
/// More than the file of a secret has.
const MAX_SECRET_BYTES: u64 = 1_000;
/// Cycles after which a sample execution ends.
const MAX_SAMPLE_CYCLES: u64 = 1_000_000_000;

#[derive(Args, Default)]
pub struct Cache {
    /// Directory of cached keys [default: $MIDDLE_CLIENT_CACHE, else middle-client in the user's cache directory]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl Cache {
    /// The directory: never one inside the repository by default.
    pub fn directory(&self) -> Result<PathBuf, Failure> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let user = || {
            let caches = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
            caches.map(|caches| caches.join("middle-client"))
        };
        let directory = self.cache.clone().or_else(|| variable("MIDDLE_CLIENT_CACHE")).or_else(user);
        directory.ok_or_else(|| Failure::Usage("--cache: there is no MIDDLE_CLIENT_CACHE and no HOME".into()))
    }
}

#[derive(Args)]
#[command(after_help = "Examples:
  middle-client setup                       the key of the smallest tier, for short Operations
  middle-client setup --tier hash --json    a key of 2^20 rows; takes minutes and 3 GB of memory

Custom mode: a key for one extension, whose program is part of the circuit. Whoever runs this setup can forge proofs of the \
extension. The rows of each chip are fitted to sample executions: an input, a witness input and a context, each hex or @FILE.

  middle-client setup --custom extension.wasm --sample 0x2a --output key.json
  middle-client setup --custom extension.wasm --sample @message.bin,@secret.bin --sample @long.bin --output key.json")]
pub struct SetupArguments {
    /// The tier, by name
    #[arg(long, default_value = "small", value_name = "NAME")]
    tier: String,
    /// A module that gets a key of its own
    #[arg(long, value_name = "FILE", conflicts_with = "tier", requires = "output")]
    custom: Option<PathBuf>,
    /// A sample execution; can be given several times. Without one each chip has one row
    #[arg(long, value_name = "INPUT[,WITNESS[,CONTEXT]]", requires = "custom")]
    sample: Vec<String>,
    /// Where the custom key is written to, for provers and verifiers
    #[arg(long, value_name = "FILE", requires = "custom")]
    output: Option<PathBuf>,
    #[command(flatten)]
    cache: Cache,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:
  middle-client prove extension.wasm --input @message.bin --output proof.json
  middle-client prove extension.wasm --input 0x2a --witness @secret.bin --segments 4 --output proof.json
  middle-client prove extension.wasm --input 0x2a --custom key.json --output proof.json

Segments can be proven by separate processes, on any machines that share a directory. All of them get \
the same module and inputs. Who can read the directory can learn the private witness input from the proof.

  First commit to all segments, or to some of them:
  middle-client prove extension.wasm --input 0x2a --job job --commit
  middle-client prove extension.wasm --input 0x2a --job job --commit --segment 0

  Then prove each segment, and at last join the proofs:
  middle-client prove extension.wasm --input 0x2a --job job --segment 0
  middle-client prove extension.wasm --input 0x2a --job job --join --output proof.json")]
pub struct ProveArguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    run: Run,
    /// The tier, by name; which one suffices may depend on the witness, so that the default shows something of it [default:
    /// the one with the fewest rows in all segments]
    #[arg(long, value_name = "NAME")]
    tier: Option<String>,
    /// A custom key of the extension, from `setup --custom`
    #[arg(long, value_name = "FILE", conflicts_with = "tier")]
    custom: Option<PathBuf>,
    /// Segments of the proof, so that their number does not show what was executed; 0 stands for as many as are needed
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "K")]
    segments: u32,
    /// The chain on which the result is settled
    #[arg(long, default_value_t = 1)]
    chain_id: u64,
    /// The extension's id in the registry: 32 bytes; all zero if it is not given
    #[arg(long, value_name = "HEX")]
    extension_id: Option<String>,
    /// Who makes the proof and is paid for it: 20 bytes; all zero if it is not given
    #[arg(long, value_name = "ADDRESS")]
    prover: Option<String>,
    #[command(flatten)]
    cache: Cache,
    /// Where the proof is written to
    #[arg(long, value_name = "FILE", required_unless_present_any = ["commit", "segment"])]
    output: Option<PathBuf>,
    /// Directory of a proof that several processes make; it holds a secret
    #[arg(long, value_name = "DIR")]
    job: Option<PathBuf>,
    /// Commit to all segments, or to those of --segment
    #[arg(long, requires = "job", conflicts_with = "output")]
    commit: bool,
    /// A segment, from 0 on; can be given several times
    #[arg(long, value_name = "I", requires = "job", conflicts_with = "output")]
    segment: Vec<u32>,
    /// Join the proofs of all segments
    #[arg(long, requires_all = ["job", "output"], conflicts_with_all = ["commit", "segment"])]
    join: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:
  middle-client verify extension.wasm proof.json
  middle-client verify extension.wasm proof.json --json
  middle-client verify extension.wasm proof.json --custom key.json --key-hash 0x...

The key is the published one of the proof's tier: `middle-client setup` puts it into the cache. A custom key has the key hash \
that is registered for the extension; whoever ran its setup can forge proofs under it. The exit code is 0 if the \
statement that is printed has been proven, and 1 if it has not.

With --json `proof` is `accepted`, beside the statement. Otherwise there is no `proof`, and `outcome` is `reject`, with \
the reason if a rule speaks of it, or `unknown` if the key is not there.")]
pub struct VerifyArguments {
    /// The extension's module: binary, or text if it is called .wat
    file: PathBuf,
    /// The proof file
    proof: PathBuf,
    /// A file with the verifying key; its digest has to be the published one
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A custom key of the extension
    #[arg(long, value_name = "FILE", conflicts_with = "key", requires = "key_hash")]
    custom: Option<PathBuf>,
    /// The key hash of the extension's entry in the registry
    #[arg(long, value_name = "HEX", requires = "custom")]
    key_hash: Option<String>,
    /// The digest of the statement that is expected; without it, any statement of the file is verified
    #[arg(long, value_name = "HEX")]
    statement_digest: Option<String>,
    #[command(flatten)]
    cache: Cache,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn setup(arguments: &SetupArguments, out: &mut impl Write) -> Result<(), Failure> {
    let start = Instant::now();
    if let (Some(file), Some(output)) = (&arguments.custom, &arguments.output) {
        let (custom, key, origin) = custom_setup(arguments, file, output)?;
        let mut result = Report::new("tier", tier_name(CUSTOM_TIER));
        result.add("circuit digest", hex(custom.circuit));
        result.add("key digest", hex(custom.verifying_key.digest()));
        result.add("key hash", hex(custom.digest()));
        result.add("code words", custom.capacities.code_words);
        result.add("image cells", custom.capacities.image_cells);
        add_key(&mut result, &key, origin, start);
        result.add("custom warning", CUSTOM_WARNING);
        return Ok(result.print(arguments.json, out)?);
    }
    let (_, tier) = tier_named(&arguments.tier)?;
    let (key, origin) = key_of(&arguments.cache, tier)?;
    let (circuit, digest) = (key.shape.digest(), key.verifying_key.digest());
    let mut result = Report::new("tier", tier.name);
    result.add("circuit digest", hex(circuit));
    result.add("key digest", hex(digest));
    let is_published = match published(tier) {
        Some(published) if published.circuit != circuit => "of another circuit",
        Some(published) if published.key != digest => "another key",
        Some(_) => "the same key",
        None => "none",
    };
    result.add("published", is_published);
    add_key(&mut result, &key, origin, start);
    Ok(result.print(arguments.json, out)?)
}

/// Makes the key of an extension's own circuit and writes what is published of it.
fn custom_setup(
    arguments: &SetupArguments,
    file: &Path,
    output: &Path,
) -> Result<(CustomKey, ProvingKey, Origin), Failure> {
    check_writable(output)?;
    let fail = |rejection: Rejection| Failure::input(file.display(), rejection);
    let extension = Extension::from_wasm(&source::read_module(file)?).map_err(fail)?;
    let mut samples = Vec::new();
    for sample in &arguments.sample {
        let mut parts = sample.split(',').map(|part| source::bytes("--sample", part));
        let mut next = || parts.next().transpose();
        let (input, witness, context) = (next()?, next()?, next()?);
        if next()?.is_some() {
            return Err(Failure::Usage("--sample: more than an input, a witness input and a context".into()));
        }
        let context = context.unwrap_or_else(|| vec![0; Context::BYTES]);
        let inputs = Inputs::new(&input.unwrap_or_default(), &witness.unwrap_or_default(), &context)
            .map_err(|rejection| Failure::input(format!("--sample {sample}"), rejection))?;
        samples.push(needs(&extension, &inputs, MAX_SAMPLE_CYCLES).map_err(fail)?);
    }
    let capacities = fit(extension.code(), &samples)
        .ok_or_else(|| Failure::input(file.display(), "the program is too large for a circuit of its own"))?;
    let directory = arguments.cache.directory()?;
    let (key, custom, origin) = waiting(&directory, "the custom key", |progress| {
        insecure_custom_key(&directory, &extension, &capacities, progress)
    })?;
    fs::write(output, custom.to_json()).map_err(|error| Failure::input(output.display(), error))?;
    Ok((custom, key, origin))
}

/// Whether a file can be written, before minutes are spent on what it is for.
fn check_writable(path: &Path) -> Result<(), Failure> {
    let is_new = !path.exists();
    let opened = fs::OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|error| Failure::input(path.display(), error))?;
    // What is not made in the end is not there.
    if is_new {
        fs::remove_file(path).map_err(|error| Failure::input(path.display(), error))?;
    }
    Ok(())
}

/// Why a tier does not suffice.
pub fn too_many(segments: u32, tier: &str) -> String {
    format!("{segments} segments of `{tier}` are needed, a proof has at most {MAX_SEGMENTS}")
}

/// Why no tier suits.
pub fn no_tier(needs: &Needs) -> String {
    let least = TIERS.iter().filter_map(|tier| Some((needs.segments(tier)?, tier.name))).min();
    match least {
        Some((segments, name)) => format!("{}; a custom key can do with fewer", too_many(segments, name)),
        None => "no tier has room for the program".into(),
    }
}

/// The key in a file, whatever it is worth: its hash decides.
fn custom_key(path: &Path) -> Result<Result<CustomKey, Rejection>, Failure> {
    Ok(utf_8(source::read(path)?, Reject::KeyFileMalformed).and_then(|text| CustomKey::from_json(&text)))
}

/// The text of a file, or its reason.
fn utf_8(bytes: Vec<u8>, reason: Reject) -> Result<String, Rejection> {
    String::from_utf8(bytes)
        .map_err(|error| Rejection::new(reason, error.utf8_error().valid_up_to(), error.to_string()))
}

fn add_key(result: &mut Report, key: &ProvingKey, origin: Origin, start: Instant) {
    let shape = &key.shape;
    result.add("rows", shape.rows());
    result.add("domain", domain_size(shape.rows()).unwrap_or_default());
    result.add("constants", shape.constants);
    result.add("wires public", shape.public + shape.late_public);
    result.add("wires committed", shape.committed);
    result.add("wires private", shape.private);
    match origin {
        Origin::Cached => result.add("key", "cached"),
        Origin::Built => result.add("key", "built"),
        Origin::Rebuilt(damage) => {
            result.add("key", "rebuilt");
            result.add("damage", damage);
        }
    }
    result.add("seconds", seconds(start));
    result.add("warning", WARNING);
}

pub fn prove(arguments: &ProveArguments, out: &mut impl Write) -> Result<(), Failure> {
    let source = &arguments.source;
    let (_, module) = source.load(out)?;
    let extension = Extension::of(source.lower(&module, out)?);
    let inputs = arguments.run.inputs(source, out)?;
    let fail = |error: ProveError| match error {
        ProveError::Rejected(rejection) => Failure::input(source.file.display(), rejection),
        error => Failure::input(source.file.display(), error),
    };
    let mut terms = Terms {
        chain_id: arguments.chain_id,
        extension_id: fixed("--extension-id", arguments.extension_id.as_deref())?.into(),
        tier: CUSTOM_TIER,
        segments: arguments.segments,
        cycle_limit: arguments.run.cycle_limit,
        prover: fixed::<20>("--prover", arguments.prover.as_deref())?.into(),
    };
    if arguments.segments > MAX_SEGMENTS {
        return Err(Failure::Usage(format!("--segments: a proof has at most {MAX_SEGMENTS}")));
    }
    arguments.run.check_provable()?;
    if let Some(output) = &arguments.output {
        check_writable(output)?;
    }
    let start = Instant::now();
    let needed = needs(&extension, &inputs, arguments.run.cycle_limit).map_err(|error| fail(error.into()))?;
    let suffices = |tier: &Tier, declared: u32| {
        let segments = needed.segments(tier).ok_or_else(|| fail(ProveError::NoCapacity(tier.name)))?;
        match declared {
            0 if segments > MAX_SEGMENTS => Err(Failure::input(source.file.display(), too_many(segments, tier.name))),
            1.. if segments > declared => Err(fail(ProveError::TooFewSegments { needed: segments, declared })),
            _ => Ok(()),
        }
    };
    let (key, verifier, prepared) = if let Some(path) = &arguments.custom {
        let custom = custom_key(path)?.map_err(|rejection| Failure::input(path.display(), rejection))?;
        let verifier = TierVerifier::custom(custom.clone()).map_err(|error| fail(error.into()))?;
        let prepared = Prepared::derive(extension, &verifier).map_err(|error| fail(error.into()))?;
        suffices(&custom.capacities, arguments.segments)?;
        let directory = arguments.cache.directory()?;
        let (key, made, _) = waiting(&directory, "the custom key", |progress| {
            insecure_custom_key(&directory, prepared.extension(), &custom.capacities, progress)
        })?;
        if made != custom {
            return Err(Failure::input(
                path.display(),
                "the key is not from the published seed: only its owner can prove",
            ));
        }
        (key, verifier, prepared)
    } else {
        let (number, tier) = match &arguments.tier {
            Some(name) => tier_named(name)?,
            None => {
                let number =
                    needed.best_tier().ok_or_else(|| Failure::input(source.file.display(), no_tier(&needed)))?;
                (number, Tiers::get(number).map_err(|error| fail(error.into()))?)
            }
        };
        terms.tier = number;
        // What can be refused without the key, which may take minutes, is refused before.
        extension.check_fits(tier).map_err(|rejection| fail(rejection.into()))?;
        suffices(tier, arguments.segments)?;
        let (key, _) = key_of(&arguments.cache, tier)?;
        let verifier = TierVerifier::published(number, key.verifying_key.clone());
        let verifier = verifier.map_err(|error| Failure::input(format!("key of tier {}", tier.name), error))?;
        let prepared = Prepared::derive(extension, &verifier).map_err(|error| fail(error.into()))?;
        (key, verifier, prepared)
    };
    let job = Job::new(&prepared, &inputs, &terms).map_err(fail)?;
    let mut work = Work { job: &job, key: &key, directory: arguments.job.as_deref() };
    let proof = if arguments.join {
        work.join()?
    } else if arguments.commit || !arguments.segment.is_empty() {
        let done = if arguments.commit { work.commit(&arguments.segment)? } else { work.prove(&arguments.segment)? };
        let mut result = Report::new(if arguments.commit { "committed" } else { "proven" }, done);
        result.add("segments", job.plan.segments);
        result.add("tier", tier_name(terms.tier));
        result.add("statement digest", hex(job.statement.digest()));
        add_warnings(&mut result, &job.statement);
        return Ok(result.print(source.json, out)?);
    } else {
        work.whole().map_err(fail)?
    };
    // No proof leaves that nobody would accept.
    verify_proof(&verifier, &prepared, &job.statement, &proof)
        .map_err(|rejection| Failure::input(source.file.display(), format!("the proof is wrong: {rejection}")))?;
    let file = ProofFile { statement: job.statement.clone(), proof };
    if let Some(path) = &arguments.output {
        fs::write(path, file.to_json()).map_err(|error| Failure::input(path.display(), error))?;
    }
    let mut result = Report::new("outcome", outcome_name(file.statement.outcome));
    add_statement(&mut result, &file.statement);
    result.add("proof size", file.proof.to_bytes().len());
    result.add("seconds", seconds(start));
    add_warnings(&mut result, &file.statement);
    Ok(result.print(source.json, out)?)
}

pub fn verify(arguments: &VerifyArguments, out: &mut impl Write) -> Result<(), Failure> {
    let wasm = source::read_module(&arguments.file)?;
    let text = source::read(&arguments.proof)?;
    let refuse = |place: &Path, rejection: Rejection, out: &mut _| -> Result<Failure, Failure> {
        if arguments.json {
            Report::rejection(&rejection).print(true, out)?;
        }
        Ok(Failure::input(place.display(), rejection))
    };
    // Of these no rule speaks: the proof is of something else, or nobody can judge it without its key.
    let end = |place: &Path, outcome: &str, cause: String, out: &mut _| -> Result<Failure, Failure> {
        if arguments.json {
            Report::without_reason(outcome, &cause).print(true, out)?;
        }
        Ok(Failure::input(place.display(), cause))
    };
    let text = utf_8(text, Reject::ProofFileMalformed);
    let file = match text.and_then(|text| ProofFile::from_json(&text)) {
        Ok(file) => file,
        Err(rejection) => return Err(refuse(&arguments.proof, rejection, out)?),
    };
    if let Some(expected) = &arguments.statement_digest {
        let digest = file.statement.digest();
        let expected: B256 = fixed::<32>("--statement-digest", Some(expected.as_str()))?.into();
        if digest != expected {
            let cause = format!("the statement's digest is {digest}, not {expected}");
            return Err(end(&arguments.proof, "reject", cause, out)?);
        }
    }
    let extension = match Extension::from_wasm(&wasm) {
        Ok(extension) => extension,
        Err(rejection) => return Err(refuse(&arguments.file, rejection, out)?),
    };
    let number = file.proof.tier;
    let verifier = if let (Some(path), Some(hash)) = (&arguments.custom, &arguments.key_hash) {
        let key_hash = fixed("--key-hash", Some(hash.as_str()))?.into();
        let custom = custom_key(path)?.and_then(|key| CustomKey::registered(&key.to_bytes(), key_hash));
        match custom.and_then(TierVerifier::custom) {
            Ok(verifier) => verifier,
            Err(rejection) => return Err(refuse(path, rejection, out)?),
        }
    } else if number == CUSTOM_TIER {
        let cause = "the proof is under a custom key: give it with --custom, and the registered hash with --key-hash";
        return Err(end(&arguments.proof, "unknown", cause.into(), out)?);
    } else {
        let (place, key) = verifying_key(arguments, number)?;
        match key {
            Some(key) => match key.and_then(|key| TierVerifier::published(number, key)) {
                Ok(verifier) => verifier,
                Err(rejection) => return Err(refuse(&place, rejection, out)?),
            },
            None => {
                let name = tier_name(number);
                let cause = format!("the key of tier {name} is not there: run `middle-client setup --tier {name}`");
                return Err(end(&place, "unknown", cause, out)?);
            }
        }
    };
    let start = Instant::now();
    let result = Prepared::derive(extension, &verifier)
        .and_then(|prepared| verify_proof(&verifier, &prepared, &file.statement, &file.proof));
    if let Err(rejection) = result {
        return Err(refuse(&arguments.proof, rejection, out)?);
    }
    let mut result = Report::new("proof", "accepted");
    result.add("outcome", outcome_name(file.statement.outcome));
    add_statement(&mut result, &file.statement);
    result.add("seconds", seconds(start));
    add_warnings(&mut result, &file.statement);
    Ok(result.print(arguments.json, out)?)
}

/// A verifying key for a tier, or why it cannot be read, and where it comes from; `None` if it is not there.
fn verifying_key(
    arguments: &VerifyArguments,
    number: u32,
) -> Result<(PathBuf, Option<Result<VerifyingKey, Rejection>>), Failure> {
    if let Some(path) = &arguments.key {
        return Ok((path.clone(), Some(VerifyingKey::from_bytes(&source::read(path)?))));
    }
    let tier = match Tiers::get(number) {
        Ok(tier) => tier,
        Err(rejection) => return Ok((arguments.proof.clone(), Some(Err(rejection)))),
    };
    let published = published(tier).ok_or_else(|| {
        Failure::input(arguments.proof.display(), format!("no key of tier {} is published", tier.name))
    })?;
    let directory = arguments.cache.directory()?;
    let key = cached_verifying_key(&directory, published.key).transpose();
    Ok((directory, key))
}

pub fn tier_named(name: &str) -> Result<(u32, &'static Tier), Failure> {
    Tiers::named(name).map_err(|rejection| Failure::Usage(format!("--tier: {}", rejection.detail)))
}

/// The proving key of a tier.
fn key_of(cache: &Cache, tier: &Tier) -> Result<(ProvingKey, Origin), Failure> {
    let directory = cache.directory()?;
    let what = format!("key of tier {}", tier.name);
    waiting(&directory, &what, |progress| insecure_tier_key(&directory, tier, progress))
}

/// A key, with a spinner that says what is done while it is read or made.
fn waiting<T>(
    directory: &Path,
    what: &str,
    make: impl FnOnce(&dyn Fn(KeyStep)) -> Result<T, CacheError>,
) -> Result<T, Failure> {
    let spinner = Spinner::new();
    let result = make(&|step| {
        let step = match step {
            KeyStep::Shape => "writes down its circuit",
            KeyStep::Read => "looks into the cache",
            KeyStep::Validate => "validates it",
            KeyStep::Groth16 => "test ceremony 1 of 3: Groth16, most of the time",
            KeyStep::Knowledge => "test ceremony 2 of 3: proof of knowledge",
            KeyStep::Write => "test ceremony 3 of 3: writes it to the cache",
        };
        spinner.show(format!("{what}: {step}"));
    });
    drop(spinner);
    result.map_err(|error| match error {
        CacheError::File { path, error } => Failure::input(path.display(), error),
        error => Failure::input(directory.display(), error),
    })
}

/// A proof that is made here, as a whole or in parts.
struct Work<'a> {
    job: &'a Job<'a>,
    key: &'a ProvingKey,
    directory: Option<&'a Path>,
}

impl Work<'_> {
    fn segments(&self) -> u32 {
        self.job.plan.segments
    }

    /// Commits to all segments, then proves them, with fresh randomness from the operating system.
    fn whole(&mut self) -> Result<Proof, ProveError> {
        let randomness = Randomness::fresh(&mut OsRng);
        let mut bar = Bar::new(u64::from(self.segments()) * (1 + PROVE_WEIGHT));
        self.job.prove(self.key, randomness, &mut |phase, segment, segments| show(&mut bar, phase, segment, segments))
    }

    /// Commits to these segments, or to all.
    fn commit(&mut self, wanted: &[u32]) -> Result<Vec<u32>, Failure> {
        let randomness = self.randomness()?;
        let wanted = self.wanted(wanted)?;
        let mut bar = Bar::new(wanted.len() as u64);
        for index in &wanted {
            show(&mut bar, Phase::Commit, *index, self.segments());
            let segment = self.job.segment(*index, &randomness);
            let commitment = commit_segment(self.key, &segment).map_err(|error| self.fail(error))?;
            let (point, tag) = (point_to_bytes(&commitment.point), segment.tag(&commitment));
            self.write(&format!("commitment-{index}"), &[&point[..], tag.as_slice()].concat())?;
        }
        Ok(wanted)
    }

    /// Proves these segments. The commitments of all of them are there.
    fn prove(&mut self, wanted: &[u32]) -> Result<Vec<u32>, Failure> {
        let randomness = self.randomness()?;
        let wanted = self.wanted(wanted)?;
        let mut commitments = Vec::new();
        for index in 0..self.segments() {
            let name = format!("commitment-{index}");
            let bytes = self.read(&name)?;
            let (point, tag) = bytes.split_at(bytes.len().min(G1_BYTES));
            let point = point_from_bytes(point).map_err(|error| self.fault(&name, error))?;
            let commitment = Commitment { point, public: vec![u64::from(index == 0).into()] };
            // A segment that is proven beside one commitment and then beside another would confirm a guess of the witness.
            if self.job.segment(index, &randomness).tag(&commitment).as_slice() != tag {
                return Err(self.fault(&name, "nobody who knows the secret has written it"));
            }
            commitments.push(commitment);
        }
        let challenges = self.job.challenges(self.key, &commitments).map_err(|error| self.fail(error))?;
        let mut bar = Bar::new(wanted.len() as u64 * PROVE_WEIGHT);
        for index in &wanted {
            show(&mut bar, Phase::Prove, *index, self.segments());
            let proof = prove_segment(self.key, &self.job.segment(*index, &randomness), &challenges);
            let proof = proof.map_err(|error| self.fail(error))?;
            self.write(&format!("proof-{index}"), &proof.to_bytes())?;
        }
        Ok(wanted)
    }

    /// The proof of all segments' proofs.
    fn join(&self) -> Result<Proof, Failure> {
        let segments = (0..self.segments()).map(|index| {
            let name = format!("proof-{index}");
            SegmentProof::from_bytes(&self.read(&name)?).map_err(|error| self.fault(&name, error))
        });
        Ok(Proof { tier: self.job.statement.tier, segments: segments.collect::<Result<_, Failure>>()? })
    }

    fn wanted(&self, segments: &[u32]) -> Result<Vec<u32>, Failure> {
        let count = self.segments();
        if let Some(index) = segments.iter().find(|index| **index >= count) {
            return Err(Failure::Usage(format!("--segment: there is no segment {index}, the last is {}", count - 1)));
        }
        Ok(if segments.is_empty() { (0..count).collect() } else { segments.to_vec() })
    }

    /// The directory's secret: the processes of one proof draw from it the same for this key, statement and witness.
    fn randomness(&self) -> Result<Randomness, Failure> {
        let directory = self.directory();
        fs::create_dir_all(directory).map_err(|error| self.fault("", error))?;
        let path = directory.join("secret");
        if !path.exists() {
            let mut secret = [0; 32];
            OsRng.fill_bytes(&mut secret);
            self.create_secret(&path, &secret).map_err(|error| self.fault("secret", error))?;
        }
        let key = self.key.verifying_key.digest();
        // Commitments of two statements, or under two keys, in one directory would be of no use together.
        for (name, digest) in [("statement", self.job.statement.digest()), ("key", key)] {
            if !directory.join(name).exists() {
                self.write(name, digest.as_slice())?;
            }
            if self.read(name)? != digest.as_slice() {
                return Err(self.fault(name, format!("is another than {digest}, that of these arguments")));
            }
        }
        let file = fs::File::open(&path).map_err(|error| self.fault("secret", error))?;
        self.check_private(&file)?;
        let mut text = String::new();
        file.take(MAX_SECRET_BYTES).read_to_string(&mut text).map_err(|error| self.fault("secret", error))?;
        let secret = text.strip_prefix(SECRET).ok_or_else(|| self.fault("secret", "is not the file of a secret"))?;
        let secret = self.bytes("secret", secret)?;
        let secret: [u8; 32] = secret.try_into().map_err(|_| self.fault("secret", "has not 32 bytes"))?;
        Ok(Randomness::shared(secret))
    }

    /// Of several processes that begin at once, the first one's secret stays. Nobody else may read it.
    fn create_secret(&self, path: &Path, secret: &[u8; 32]) -> std::io::Result<()> {
        let temporary = temporary(path);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&temporary)?.write_all(format!("{SECRET}{}", hex(secret)).as_bytes())?;
        let linked = fs::hard_link(&temporary, path);
        fs::remove_file(&temporary)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// A secret that others can read or have chosen hides nothing. It is judged as it was opened, whatever its name stands
    /// for by now.
    #[cfg(unix)]
    fn check_private(&self, secret: &fs::File) -> Result<(), Failure> {
        use std::os::unix::fs::MetadataExt;
        let secret = secret.metadata().map_err(|error| self.fault("secret", error))?;
        if !secret.is_file() || secret.mode() & 0o077 != 0 {
            return Err(self.fault("secret", "others may read it: it has to be a file of mode 600"));
        }
        // A file that is made now belongs to this process's user.
        let own = temporary(&self.directory().join("owner"));
        let owner = fs::File::create_new(&own).and_then(|own| own.metadata()).map(|own| own.uid());
        let _ = fs::remove_file(&own);
        match owner {
            Ok(owner) if owner == secret.uid() => Ok(()),
            Ok(_) => Err(self.fault("secret", "belongs to somebody else")),
            Err(error) => Err(self.fault("secret", error)),
        }
    }

    #[cfg(not(unix))]
    fn check_private(&self, _: &fs::File) -> Result<(), Failure> {
        Ok(())
    }

    fn directory(&self) -> &Path {
        // The command refuses the other options without it.
        self.directory.unwrap_or(Path::new("."))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let text = source::read(&self.directory().join(name))?;
        self.bytes(name, &String::from_utf8_lossy(&text))
    }

    /// The bytes that a file's text stands for.
    fn bytes(&self, name: &str, text: &str) -> Result<Vec<u8>, Failure> {
        let digits = text.trim_end().strip_prefix("0x");
        let bytes = digits.and_then(|digits| hex::decode(digits).ok());
        bytes.ok_or_else(|| self.fault(name, "is not `0x` and hex digits"))
    }

    /// Writes bytes as hex; nobody sees half of them.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.directory().join(name);
        let temporary = temporary(&path);
        let written = fs::File::create_new(&temporary).and_then(|mut file| file.write_all(hex(bytes).as_bytes()));
        let written = written.and_then(|()| fs::rename(&temporary, &path));
        written.map_err(|error| self.fault(name, error))
    }

    fn fault(&self, name: &str, cause: impl std::fmt::Display) -> Failure {
        Failure::input(self.directory().join(name).display(), cause)
    }

    /// A segment could not be committed to or proven.
    fn fail(&self, error: impl std::fmt::Display) -> Failure {
        self.fault("", error)
    }
}

/// The name of a file that nobody else has, on no machine that shares the directory.
fn temporary(path: &Path) -> PathBuf {
    path.with_extension(format!("{:016x}.partial", OsRng.next_u64()))
}

/// Shows what a prover begins.
fn show(bar: &mut Bar, phase: Phase, segment: u32, segments: u32) {
    let (what, weight) = match phase {
        Phase::Commit => ("commits to", 1),
        Phase::Prove => ("proves", PROVE_WEIGHT),
    };
    bar.show(&format!("{what} segment {} of {segments}", segment + 1), weight);
}

/// What a proof is about.
fn add_statement(result: &mut Report, statement: &Statement) {
    let execution = middle_client::notation::Execution {
        outcome: statement.outcome,
        output: statement.output.clone(),
        post_state: statement.post_state_root,
    };
    result.add_execution(&execution);
    result.add("pre-state", hex(statement.context.pre_state_root()));
    result.add("input", hex(&statement.input));
    result.add("cycles", statement.cycles);
    result.add("cycle limit", statement.cycle_limit);
    result.add("chain id", quantity(statement.chain_id));
    result.add("extension id", hex(statement.extension_id));
    result.add("code commitment", hex(statement.code_commitment));
    result.add("prover", hex(statement.prover));
    result.add("tier", tier_name(statement.tier));
    result.add("segments", statement.segments);
    result.add("statement digest", hex(statement.digest()));
}

/// Who can forge such a proof.
fn add_warnings(result: &mut Report, statement: &Statement) {
    result.add("warning", WARNING);
    if statement.tier == CUSTOM_TIER {
        result.add("custom warning", CUSTOM_WARNING);
    }
}

/// The bytes of an option; all zero if it is not given.
fn fixed<const N: usize>(option: &str, value: Option<&str>) -> Result<[u8; N], Failure> {
    let Some(value) = value else { return Ok([0; N]) };
    let bytes = source::bytes(option, value)?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| Failure::Usage(format!("{option}: {length} bytes instead of {N}")))
}

fn seconds(start: Instant) -> String {
    format!("{:.2}", start.elapsed().as_secs_f64())
}
