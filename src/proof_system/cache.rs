//! Proving keys on disk, by circuit digest: outside any repository, written atomically, rebuilt when damaged.

use super::keys::{KeyStep, ProvingKey, setup_of_shape, verifying_key};
use super::system::{Circuit, Shape};
use crate::notation::{B256, keccak256};
use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_relations::gr1cs::SynthesisError;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The first bytes of a cached key; the last of them is the version.
const MAGIC: [u8; 8] = *b"midpkey\x01";
/// Magic, circuit digest and seed.
const HEADER_BYTES: usize = 8 + 32 + 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The cache directory or a file in it.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The setup failed.
    #[error("the setup failed: {0}")]
    Setup(SynthesisError),
}

/// Where a key came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The file was there and sound.
    Cached,
    /// There was no file.
    Built,
    /// The file was damaged, in this way.
    Rebuilt(String),
}

/// The key of [`insecure_setup`](super::insecure_setup), from a directory of cached keys if it is there. `progress` is told of each
/// step that begins.
///
/// A cached key is as good as its directory: whoever can write there can make a prover show its witness. What a
/// verifier relies on is not taken from here, but compared with a published key digest.
pub fn cached_insecure_setup<C: Circuit>(
    directory: &Path,
    circuit: &C,
    seed: [u8; 32],
    progress: &dyn Fn(KeyStep),
) -> Result<(ProvingKey, Origin), CacheError> {
    progress(KeyStep::Shape);
    let mut shape = Shape::of(circuit);
    let header = [&MAGIC[..], shape.digest().as_slice(), &seed].concat();
    let path = directory.join(format!("{}.insecure-proving-key", hex::encode(keccak256(&header))));
    progress(KeyStep::Read);
    let damage = match fs::read(&path) {
        Ok(bytes) => match read(&bytes, &header) {
            Ok((groth16, sigma_bases, sigma_g2)) => {
                let verifying_key = verifying_key(&shape, &groth16.vk, sigma_g2);
                let key = ProvingKey { shape, groth16, sigma_bases, verifying_key };
                progress(KeyStep::Validate);
                match key.validate() {
                    Ok(()) => return Ok((key, Origin::Cached)),
                    Err(rejection) => {
                        shape = key.shape;
                        Some(rejection.to_string())
                    }
                }
            }
            Err(damage) => Some(damage),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(CacheError::File { path, error }),
    };
    let key = setup_of_shape(shape, &mut ChaCha20Rng::from_seed(seed), progress).map_err(CacheError::Setup)?;
    progress(KeyStep::Write);
    write(&path, &header, &key).map_err(|error| CacheError::File { path, error })?;
    Ok((key, damage.map_or(Origin::Built, Origin::Rebuilt)))
}

type Parts = (ark_groth16::ProvingKey<Bn254>, Vec<G1Affine>, Option<G2Affine>);

/// Header, content, keccak-256 of both. The hash makes it unnecessary to check each point.
fn read(bytes: &[u8], header: &[u8]) -> Result<Parts, String> {
    let Some((content, hash)) = bytes.split_last_chunk::<32>() else {
        return Err(format!("it has only {} bytes", bytes.len()));
    };
    if keccak256(content) != B256::from(*hash) {
        return Err("its checksum is wrong".into());
    }
    if content.get(..HEADER_BYTES) != Some(header) {
        return Err("it is of another circuit, seed or version".into());
    }
    let mut rest = &content[HEADER_BYTES..];
    let parts = Parts::deserialize_uncompressed_unchecked(&mut rest).map_err(|error| error.to_string())?;
    if rest.is_empty() { Ok(parts) } else { Err(format!("{} bytes follow the key", rest.len())) }
}

fn write(path: &Path, header: &[u8], key: &ProvingKey) -> std::io::Result<()> {
    let mut bytes = header.to_vec();
    (&key.groth16, &key.sigma_bases, &key.verifying_key.sigma_g2)
        .serialize_uncompressed(&mut bytes)
        .map_err(std::io::Error::other)?;
    let hash = keccak256(&bytes);
    bytes.extend(hash);
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let (temporary, mut file) = partial(path)?;
    let written = file.write_all(&bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // Half a key is of no use, and may be gigabytes.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A new file beside `path`: two threads or processes that build the same key do not write into each other's.
fn partial(path: &Path) -> std::io::Result<(PathBuf, fs::File)> {
    let mut number = 0u32;
    loop {
        let temporary = path.with_extension(format!("{}-{number}.partial", std::process::id()));
        match fs::File::create_new(&temporary) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            created => return Ok((temporary, created?)),
        }
    }
}
