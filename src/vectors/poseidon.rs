//! Cases of the format `poseidon`: hashes of field elements, with the states on the way.
//!
//! The results stated here are those that circomlib's own implementations publish or compute.

use super::case::random;
use super::{Case, Draft, case};
use crate::notation::{Reject, keccak256};
use crate::poseidon::{FIELD_ELEMENT_BYTES, Fr, MAX_INPUTS, Parameters, Width, element_to_bytes};
use rand_chacha::rand_core::RngCore;

/// The modulus, the least number that encodes no element.
const MODULUS: &str = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";

/// The hashes of the numbers from 1 to n.
const HASHES: [&str; MAX_INPUTS] = [
    "0x29176100eaa962bdc1fe6c654d6a3c130e96a4d1168b33848b897dc502820133",
    "0x115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a",
    "0x0e7732d89e6939c0ff03d5e58dab6302f3230e269dc5b968f725df34ab36d732",
    "0x299c867db6c1fdd79dcefa40e4510b9837e60ebb1ce0663dbaa525df65250465",
    "0x0dab9449e4a1398a15224c0b15a49d598b2174d305a316c918125f8feeb123c0",
    "0x2d1a03850084442813c8ebf094dea47538490a68b05f2239134a4cca2f6302e1",
    "0x1c2f3482dbb140c4ebb9ada49abdbc374a9a85fcfc6533ec2e9df45b4921c318",
    "0x2921ab9bd0140cbc98e40395c0fefb40337a4d54fbbecd9a4d43b3d8d0c4d8d1",
    "0x1e0b893aa2ad802275e749d260330b7675b22bb3aaa4461d204af32e60cd9078",
    "0x0816126a09c29ecfcc0628461dacfb9459816fc60d6738b78db9ad07206fdc21",
    "0x07e5b070aa2dba008f30a6b785b6c5ae2429e211f71cacdbdae0e07fc05b47a8",
    "0x058814945232937db248a01e7cc55b3d681cc08702c8168494e856c1ef7693b5",
    "0x0f918939632fadca6456a2fe6e65a124828d4c3920d379cc744e90a666887806",
    "0x1278779aaafc5ca58bf573151005830cdb4683fb26591c85a7464d4f0e527776",
    "0x094ae33b67a845998abb55e917642d4022d078d96f7c36ea11da4273ecf20f50",
    "0x16159a551cbb66108281a48099fff949ae08afd7f1f2ec06de2ffb96b919b765",
];

/// Hashes of a few small numbers that other implementations test.
const PUBLISHED: [(&str, &[u64], &str); 4] = [
    ("one-two-and-zeros", &[1, 2, 0, 0, 0], "0x024058dd1e168f34bac462b6fffe58fd69982807e9884c1c6148182319cee427"),
    (
        "one-two-and-more-zeros",
        &[1, 2, 0, 0, 0, 0],
        "0x21e82f465e00a15965e97a44fe3c30f3bf5279d8bf37d4e65765b6c2550f42a1",
    ),
    ("three-four-and-zeros", &[3, 4, 0, 0, 0], "0x0cd93f1bab9e8c9166ef00f2a1b0e1d66d6a4145e596abe0526247747cc71214"),
    (
        "three-four-and-more-zeros",
        &[3, 4, 0, 0, 0, 0],
        "0x1b1caddfc5ea47e09bb445a7447eb9694b8d1b75a97fff58e884398c6b22825a",
    ),
];

/// The sponges of the numbers from 1 to n: domain, n, result.
const SPONGES: [(u64, usize, &str); 10] = [
    (1, 0, "0x2ee33c50f4d319ee2beef9535f2c626e4fd1b462631926907e550fab77a69553"),
    (1, 1, "0x19959c40688de09e233f9cc582d6ffa7afd16e6ef25b4226662146512b01e0b0"),
    (1, 7, "0x0eb5cca56098e2f6ce11b3ab1e39b05202dda3041ac09c3181ae387fb03a434f"),
    (1, 8, "0x2e1e67fa37f00f2c8aea563db7d889bc1cdbd76c170ee179daeaaf447a75e8c3"),
    (1, 9, "0x0bf252fb5900c9b2a28c988518f7e82e0fc8e98e34599c2246acc8e2563d85b5"),
    (1, 16, "0x10b89a431dc54f912dfbbeae3fa67cd6252e6096ef75da8c795234b328f1bc54"),
    (1, 17, "0x0825245b84633f034de02a1168f524817e986a59e6038e9251ec7f187284dc1b"),
    (1, 33, "0x0ba33624efa961c9a0ea6380164856a4dab0e1159fb22357802ea144d5564e04"),
    (2, 1, "0x04f75f09f10092f4a5c82732c993736a7c15935e22c0fd33f16596f58540532d"),
    (18446744073709551615, 1, "0x1ccc222d93855e55e1f1a8d558a45cba73fb09de46f2d7edf0a4bd86d1dbd552"),
];

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [hashes(), sponges(), refused()].concat()
}

fn hashes() -> Vec<Case> {
    let mut cases: Vec<Case> = HASHES
        .iter()
        .zip(Width::all())
        .map(|(result, width)| {
            let inputs = width.get() - 1;
            let description =
                format!("The hash of the numbers from 1 to {inputs}, with the constants of width {}.", inputs + 1);
            let mut case = case(
                &format!("poseidon-hash-{inputs}"),
                &description,
                [
                    "POSEIDON-001",
                    "POSEIDON-003",
                    "POSEIDON-004",
                    "POSEIDON-005",
                    "POSEIDON-006",
                    "POSEIDON-007",
                    "POSEIDON-008",
                    "POSEIDON-012",
                ],
            )
            .elements(None, numbers(inputs))
            .accept()
            .stating("result", *result)
            .stating("roundConstants", constants_digest(&Parameters::of(width).round_constants));
            if width == Width::TWO_TO_ONE {
                case.requirements.push("POSEIDON-009".into());
            }
            case
        })
        .collect();
    cases.extend(PUBLISHED.map(|(name, inputs, result)| {
        hash(name, "Zeros at the end are inputs like others.", encode(inputs)).accept().stating("result", result)
    }));
    for inputs in [1, 2, MAX_INPUTS] {
        let zeros = vec![0; FIELD_ELEMENT_BYTES * inputs];
        cases.push(hash(&format!("zeros-{inputs}"), "Zero has no special role.", zeros).accept());
        let greatest = modulus_minus_one().repeat(inputs);
        cases.push(
            hash(&format!("greatest-{inputs}"), "The greatest element is below the modulus by 1.", greatest).accept(),
        );
    }
    for inputs in [2, 3, 8, MAX_INPUTS] {
        let name = format!("random-{inputs}");
        let elements = random_elements(&format!("poseidon-hash-{name}"), inputs);
        cases.push(hash(&name, "A hash of random elements.", elements).accept());
    }
    cases
}

fn sponges() -> Vec<Case> {
    let mut cases: Vec<Case> = SPONGES
        .iter()
        .map(|(domain, inputs, result)| {
            sponge(
                &format!("domain-{domain}-length-{inputs}"),
                &format!("The sponge of the numbers from 1 to {inputs} in domain {domain}."),
                *domain,
                numbers(*inputs),
            )
            .accept()
            .stating("result", *result)
        })
        .collect();
    cases.push(
        sponge("trailing-zero", "An input of zero counts, though a block is completed with zeros.", 1, encode(&[1, 0]))
            .accept(),
    );
    let elements = random_elements("poseidon-sponge-random-24", 24);
    cases.push(sponge("random-24", "A sponge of three whole blocks of random elements.", 7, elements).accept());
    cases
}

fn refused() -> Vec<Case> {
    let modulus = || hex::decode(MODULUS).unwrap_or_default();
    let one = || encode(&[1]);
    let with_last_byte = |mut bytes: Vec<u8>, byte| {
        if let Some(last) = bytes.last_mut() {
            *last = byte;
        }
        bytes
    };
    vec![
        draft("hash-short", "A missing byte is not completed.", ["POSEIDON-001"], None, encode(&[1, 2])[1..].to_vec())
            .derived_from("poseidon-hash-2", "remove the first byte, which is zero")
            .reject(Reject::FieldElementLength),
        draft(
            "hash-long",
            "A byte too many is not dropped.",
            ["POSEIDON-001"],
            None,
            [encode(&[1, 2]), vec![0]].concat(),
        )
        .derived_from("poseidon-hash-2", "append a zero byte")
        .reject(Reject::FieldElementLength),
        draft("sponge-short", "A sponge refuses a missing byte too.", ["POSEIDON-001"], Some(1), one()[1..].to_vec())
            .derived_from("poseidon-sponge-domain-1-length-1", "remove the first byte, which is zero")
            .reject(Reject::FieldElementLength),
        draft("hash-modulus", "The modulus is no other name of zero.", ["POSEIDON-002"], None, modulus())
            .derived_from("poseidon-hash-zeros-1", "add the modulus to the input")
            .reject(Reject::FieldElementNotCanonical),
        draft(
            "hash-modulus-and-one",
            "The number 1 has one encoding.",
            ["POSEIDON-002"],
            None,
            with_last_byte(modulus(), 2),
        )
        .derived_from("poseidon-hash-1", "add the modulus to the input")
        .reject(Reject::FieldElementNotCanonical),
        draft(
            "hash-all-ones",
            "The greatest number of 32 bytes is refused.",
            ["POSEIDON-002"],
            None,
            vec![0xff; FIELD_ELEMENT_BYTES],
        )
        .derived_from("poseidon-hash-1", "set all bits of the input")
        .reject(Reject::FieldElementNotCanonical),
        draft(
            "hash-top-bits",
            "The two highest bits are no flags.",
            ["POSEIDON-002"],
            None,
            [vec![0x80], one()[1..].to_vec()].concat(),
        )
        .derived_from("poseidon-hash-1", "set the highest bit of the input")
        .reject(Reject::FieldElementNotCanonical),
        draft(
            "hash-last-modulus",
            "Every input is checked.",
            ["POSEIDON-002"],
            None,
            [vec![0; FIELD_ELEMENT_BYTES], modulus()].concat(),
        )
        .derived_from("poseidon-hash-zeros-2", "add the modulus to the second input")
        .reject(Reject::FieldElementNotCanonical),
        draft(
            "sponge-modulus",
            "A sponge refuses the modulus too.",
            ["POSEIDON-002"],
            Some(1),
            with_last_byte(modulus(), 2),
        )
        .derived_from("poseidon-sponge-domain-1-length-1", "add the modulus to the input")
        .reject(Reject::FieldElementNotCanonical),
        draft("hash-0", "A hash has an input.", ["POSEIDON-008"], None, Vec::new())
            .derived_from("poseidon-hash-1", "remove the input")
            .reject(Reject::PoseidonInputCount),
        draft("hash-17", "A hash has at most 16 inputs.", ["POSEIDON-008"], None, numbers(MAX_INPUTS + 1))
            .derived_from("poseidon-hash-16", "append the input 17")
            .reject(Reject::PoseidonInputCount),
    ]
}

fn hash(name: &str, description: &str, elements: Vec<u8>) -> Draft {
    draft(
        &format!("hash-{name}"),
        description,
        ["POSEIDON-001", "POSEIDON-002", "POSEIDON-007", "POSEIDON-008"],
        None,
        elements,
    )
}

fn sponge(name: &str, description: &str, domain: u64, elements: Vec<u8>) -> Draft {
    let requirements = ["POSEIDON-001", "POSEIDON-007", "POSEIDON-010", "POSEIDON-011", "POSEIDON-012"];
    draft(&format!("sponge-{name}"), description, requirements, Some(domain), elements)
}

fn draft<const N: usize>(
    name: &str,
    description: &str,
    requirements: [&str; N],
    domain: Option<u64>,
    elements: Vec<u8>,
) -> Draft {
    case(&format!("poseidon-{name}"), description, requirements).elements(domain, elements)
}

fn encode(elements: &[u64]) -> Vec<u8> {
    elements.iter().flat_map(|element| element_to_bytes(Fr::from(*element))).collect()
}

fn numbers(count: usize) -> Vec<u8> {
    encode(&(1..=count as u64).collect::<Vec<_>>())
}

fn modulus_minus_one() -> [u8; FIELD_ELEMENT_BYTES] {
    element_to_bytes(-Fr::from(1))
}

/// Random bytes with the highest three bits of each element cleared, which makes a number below the modulus.
fn random_elements(id: &str, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count * FIELD_ELEMENT_BYTES];
    random(id).fill_bytes(&mut bytes);
    for element in bytes.chunks_mut(FIELD_ELEMENT_BYTES) {
        element[0] &= 0x1f;
    }
    bytes
}

/// The keccak-256 of the encodings of constants, row by row.
pub(super) fn constants_digest(rows: &[Vec<Fr>]) -> String {
    let bytes: Vec<u8> = rows.iter().flatten().flat_map(|constant| element_to_bytes(*constant)).collect();
    super::hex(keccak256(bytes))
}
