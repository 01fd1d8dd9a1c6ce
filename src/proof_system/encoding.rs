//! Canonical encodings of points, proofs and verifying keys, strictly checked.

use super::keys::VerifyingKey;
use super::verifier::Proof;
use crate::notation::{B256, Reject, Rejection, keccak256};
use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};

/// Bytes of an element of G1: the x coordinate, little-endian, with two flags in its highest bits.
pub const G1_BYTES: usize = 32;
/// Bytes of an element of G2.
pub const G2_BYTES: usize = 64;
/// Bytes of a proof: A, B, C, D and the proof of knowledge.
pub const PROOF_BYTES: usize = 4 * G1_BYTES + G2_BYTES;
/// Bytes of a vanilla proof: A, B and C.
pub const VANILLA_PROOF_BYTES: usize = 2 * G1_BYTES + G2_BYTES;

/// A point in its compressed form.
pub fn point_to_bytes(point: &impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(point.compressed_size());
    // Writing to a vector cannot fail.
    let _ = point.serialize_compressed(&mut bytes);
    bytes
}

/// The point of G1 or G2 with this compressed form; never the identity.
pub fn point_from_bytes<P: AffineRepr + CanonicalDeserialize>(bytes: &[u8]) -> Result<P, Rejection> {
    let mut reader = Reader::new(bytes);
    let point = reader.point("point")?;
    reader.end()?;
    Ok(point)
}

/// Reads points and numbers and counts where it is.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, offset: 0 }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Rejection> {
        let rest = &self.bytes[self.offset..];
        // PROOF-013: a length that is wrong is not the fault of a point.
        let taken = rest.get(..count).ok_or_else(|| {
            let detail = format!("{count} bytes are wanted and {} are left", rest.len());
            Rejection::new(Reject::ProofLengthMismatch, self.offset, detail)
        })?;
        self.offset += count;
        Ok(taken)
    }

    pub(super) fn number(&mut self) -> Result<u32, Rejection> {
        Ok(u32::from_be_bytes(self.take(4)?.try_into().expect("four bytes")))
    }

    /// A point of G1 or G2 that is not the identity.
    pub(super) fn point<P: AffineRepr + CanonicalDeserialize>(&mut self, name: &str) -> Result<P, Rejection> {
        let offset = self.offset;
        let bytes = self.take(P::zero().compressed_size())?;
        let reject = |reason, detail| Err(Rejection::new(reason, offset, format!("{name}: {detail}")));
        // PROOF-014: on the curve; what does not decompress has an x that no point has, or one above the modulus.
        let Ok(point) = P::deserialize_compressed_unchecked(bytes) else {
            return reject(Reject::PointNotOnCurve, "no point of the curve has this encoding");
        };
        // PROOF-014: ark accepts some encodings that it never writes.
        if point_to_bytes(&point) != bytes {
            return reject(Reject::PointNotCanonical, "the point has another encoding");
        }
        // PROOF-014: G1 has no cofactor, G2 has one.
        if point.check().is_err() {
            return reject(Reject::PointNotInSubgroup, "the point is not in the subgroup of prime order");
        }
        // PROOF-014: no honest proof or key contains the identity.
        if point.is_zero() {
            return reject(Reject::PointIsIdentity, "the point is the identity");
        }
        Ok(point)
    }

    pub(super) fn end(&self) -> Result<(), Rejection> {
        match self.bytes.len() - self.offset {
            0 => Ok(()),
            left => {
                let detail = format!("{left} bytes follow");
                Err(Rejection::new(Reject::ProofLengthMismatch, self.offset, detail))
            }
        }
    }
}

impl Proof {
    /// The encoding: A, B, C, D and the proof of knowledge, compressed.
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            point_to_bytes(&self.a),
            point_to_bytes(&self.b),
            point_to_bytes(&self.c),
            point_to_bytes(&self.d),
            point_to_bytes(&self.knowledge),
        ]
        .concat()
    }

    /// The proof with this encoding.
    pub fn from_bytes(bytes: &[u8]) -> Result<Proof, Rejection> {
        let mut reader = Reader::new(bytes);
        let proof = Proof {
            a: reader.point::<G1Affine>("A")?,
            b: reader.point::<G2Affine>("B")?,
            c: reader.point::<G1Affine>("C")?,
            d: reader.point::<G1Affine>("D")?,
            knowledge: reader.point::<G1Affine>("proof of knowledge")?,
        };
        reader.end()?;
        Ok(proof)
    }
}

/// The encoding of a vanilla proof: A, B and C, compressed.
pub fn vanilla_proof_to_bytes(proof: &ark_groth16::Proof<ark_bn254::Bn254>) -> Vec<u8> {
    [point_to_bytes(&proof.a), point_to_bytes(&proof.b), point_to_bytes(&proof.c)].concat()
}

/// The vanilla proof with this encoding.
pub fn vanilla_proof_from_bytes(bytes: &[u8]) -> Result<ark_groth16::Proof<ark_bn254::Bn254>, Rejection> {
    let mut reader = Reader::new(bytes);
    let proof = ark_groth16::Proof { a: reader.point("A")?, b: reader.point("B")?, c: reader.point("C")? };
    reader.end()?;
    Ok(proof)
}

/// The first bytes of an encoded verifying key; the last of them is the version.
const KEY_MAGIC: [u8; 8] = *b"midvkey\x01";
/// Most bases of a key: more than the largest tier needs, and 16 MiB of points.
const MAX_BASES: u32 = 1 << 19;

impl VerifyingKey {
    /// The encoding: magic, numbers of constants, public inputs, challenges, public inputs of phase 2, whether there is
    /// a committed phase (four bytes each, big-endian); alpha, beta, gamma, delta; sigma, if there is a committed phase;
    /// the bases.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = KEY_MAGIC.to_vec();
        let committed = u32::from(self.sigma_g2.is_some());
        for count in [self.constants, self.public, self.challenges, self.late_public, committed] {
            bytes.extend(count.to_be_bytes());
        }
        bytes.extend(point_to_bytes(&self.alpha_g1));
        for point in [&self.beta_g2, &self.gamma_g2, &self.delta_g2].into_iter().chain(&self.sigma_g2) {
            bytes.extend(point_to_bytes(point));
        }
        self.bases.iter().for_each(|base| bytes.extend(point_to_bytes(base)));
        bytes
    }

    /// The numbers of constants, public inputs, challenges and public inputs of phase 2 in an encoding, before its points are read.
    pub fn counts(bytes: &[u8]) -> Result<[u32; 4], Rejection> {
        let [counts @ .., _] = VerifyingKey::read_counts(&mut Reader::new(bytes))?;
        Ok(counts)
    }

    fn read_counts(reader: &mut Reader) -> Result<[u32; 5], Rejection> {
        if reader.take(8)? != KEY_MAGIC {
            return Err(Rejection::new(Reject::KeyMalformed, 0, "the encoding does not begin with its magic"));
        }
        let [constants, public, challenges, late_public, committed] =
            [reader.number()?, reader.number()?, reader.number()?, reader.number()?, reader.number()?];
        let count = [public, challenges, late_public].into_iter().try_fold(1u32, u32::checked_add);
        if !count.is_some_and(|count| count <= MAX_BASES && constants <= public && committed <= 1) {
            let detail = format!("{constants} of {public} inputs, {challenges} challenges, {late_public} inputs");
            return Err(Rejection::new(Reject::KeyMalformed, 8, detail));
        }
        Ok([constants, public, challenges, late_public, committed])
    }

    /// The key with this encoding, validated.
    pub fn from_bytes(bytes: &[u8]) -> Result<VerifyingKey, Rejection> {
        let mut reader = Reader::new(bytes);
        let [constants, public, challenges, late_public, committed] = VerifyingKey::read_counts(&mut reader)?;
        let count = 1 + public + challenges + late_public;
        let key = VerifyingKey {
            constants,
            public,
            challenges,
            late_public,
            alpha_g1: reader.point("alpha")?,
            beta_g2: reader.point("beta")?,
            gamma_g2: reader.point("gamma")?,
            delta_g2: reader.point("delta")?,
            sigma_g2: if committed == 1 { Some(reader.point("sigma")?) } else { None },
            bases: (0..count).map(|index| reader.point(&format!("base {index}"))).collect::<Result<_, _>>()?,
        };
        reader.end()?;
        key.validate()?;
        Ok(key)
    }

    /// The key digest: keccak-256 of the encoding.
    pub fn digest(&self) -> B256 {
        keccak256(self.to_bytes())
    }
}
