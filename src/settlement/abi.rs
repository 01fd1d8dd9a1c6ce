//! The interfaces of the contracts, in the encoding of Solidity.

use crate::notation::B256;
use crate::operation::Operation;
use crate::post_operation::PostOperation;
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;

use interfaces::{IConsensusContract, IExtensionRegistry, ISettlementTarget};

mod interfaces {
    #![allow(clippy::too_many_arguments, reason = "an event is made from all of its fields")]

    alloy_sol_types::sol! {
        interface IConsensusContract {
            struct MemberResult {
                uint32 parent;
                bytes postOperation;
                bytes segments;
                bytes customKey;
            }
            struct Item {
                bytes operation;
                bytes anchorHeader;
                MemberResult[] results;
            }
            struct Verdict {
                bytes32 request;
                bytes32 postOperation;
                uint8 verdict;
                address node;
                uint64 slot;
                bytes signature;
            }
            struct SeedProof {
                uint64 epoch;
                bytes32 mix;
                bytes32[] branch;
                uint64 blockSlot;
                bytes32[] slotBranch;
                bytes32 root;
                uint64 timestamp;
            }

            error Refused(string reason);

            event Deposited(address indexed account, uint128 amount);
            event WithdrawalAnnounced(address indexed account, uint128 amount, uint64 slot);
            event PaidOut(address indexed account, uint128 amount);
            event SeatTaken(address indexed account, uint16 seat, uint64 weight);
            event SeatLeft(address indexed account, uint16 seat);
            event SeedRecorded(uint64 indexed epoch, bytes32 mix);
            event Settled(bytes32 indexed operationHash, bytes32 indexed extensionId, uint256 indexed lane, uint8 outcome, bytes32 root,
                address prover, address settler, bool success, uint64 gas, uint128 paid);
            event ItemRefused(uint256 index, bytes32 indexed operationHash, string reason);
            event VerdictsNoted(bytes32 indexed operationHash, uint256 seats);
            event RewardPaid(bytes32 indexed operationHash, address indexed account, uint128 amount);
            event Slashed(address indexed account, address indexed reporter, uint128 amount);
            event ResultNoted(bytes32 indexed operationHash, bytes32 preRoot, bytes32 resultId);
            event Quarantined(bytes32 indexed extensionId);

            function deposit() external payable;
            function withdraw(uint128 amount) external;
            function claim() external;
            function stake() external payable;
            function leave() external;
            function unstake() external;
            function recordSeed(SeedProof calldata proof) external;
            function settle(Item[] calldata items) external;
            function claimReward(bytes32 operationHash, bytes32 proof, bytes32 stamp, Verdict[] calldata verdicts) external;
            function releaseReward(bytes32 operationHash) external;
            function reportInvalidProof(Item calldata item, bytes calldata stampHeader) external;
            function reportEquivocation(Verdict calldata first, Verdict calldata second) external;
            function reportFalseVerdict(Verdict calldata verdict, Item calldata item) external;
            function reportConflict(Item calldata item) external;
            function beginNative(Item calldata item, uint64 intrinsicGas, uint64 floorGas) external
                returns (address to, uint64 gasLimit, bytes memory data);
            function endNative(bool success, uint64 callGas, address feeRecipient) external;

            function depositOf(address account) external view returns (uint128 amount);
            function withdrawalOf(address account) external view returns (uint128 amount, uint64 slot);
            function stakeOf(address account) external view returns (uint128 amount, uint64 leaves);
            function nextSequence(address sender, uint192 key) external view returns (uint64 sequence);
            function root(bytes32 extensionId, uint256 lane) external view returns (bytes32 root);
            function leader(uint64 slot) external view returns (address account);
            function isQuarantined(bytes32 extensionId) external view returns (bool quarantined);
        }

        interface IExtensionRegistry {
            struct Entry {
                address developer;
                bytes32 wasmHash;
                bytes wasm;
                bytes32[] blobHashes;
                bytes32 codeCommitment;
                uint8 mode;
                uint8 proofSystem;
                bytes32 keyHash;
                uint16 abiVersion;
                uint8 dataRule;
                bytes32 buildRoot;
                bytes metadataUri;
            }

            error Refused(string reason);

            event BlobsPublished(bytes32[] blobHashes);
            event Registered(bytes32 indexed id, address indexed developer, bytes32 indexed wasmHash, bytes32 entryHash);
            event Prepared(bytes32 indexed id, uint32 tier, uint32 added, uint32 constants, bool readsWitness);
            event SuccessorSet(bytes32 indexed id, bytes32 indexed successor);
            event DeprecationSet(bytes32 indexed id, uint64 slot);

            function publishBlobs() external;
            function register(Entry calldata entry) external returns (bytes32 id);
            function prepare(bytes32 id, uint32 tier, bytes calldata encoding, uint32 count) external;
            function setSuccessor(bytes32 id, bytes32 successor) external;
            function deprecate(bytes32 id, uint64 slot) external;

            function entryOf(bytes32 id) external view
                returns (Entry memory entry, bytes32 entryHash, uint64 activeFrom, uint64 deprecatedFrom, bytes32 successor);
            function codePoint(bytes32 id, uint32 tier) external view returns (bool prepared, bool readsWitness, uint256 x, uint256 y);
        }

        interface ISettlementTarget {
            function settled(bytes32 operationHash, bytes32 extensionId, uint256 lane, address sender, bytes calldata output) external;
        }
    }
}

/// The selectors of an interface's functions, and the topics of its events.
pub type Selectors = (&'static [[u8; 4]], &'static [[u8; 32]]);

/// The selectors of the functions and the topics of the events of the Consensus Contract, the Extension Registry and the
/// target, in this order, as the code encodes them.
pub fn selectors() -> [Selectors; 3] {
    use {IConsensusContract as contract, IExtensionRegistry as registry, ISettlementTarget as target};
    [
        (contract::IConsensusContractCalls::SELECTORS, contract::IConsensusContractEvents::SELECTORS),
        (registry::IExtensionRegistryCalls::SELECTORS, registry::IExtensionRegistryEvents::SELECTORS),
        (target::ISettlementTargetCalls::SELECTORS, &[]),
    ]
}

/// A call of a target, with the Consensus Contract as its caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetCall {
    /// The operation hash, or the hash of the child.
    pub operation_hash: B256,
    /// Who is called.
    pub to: Address,
    /// The gas that must reach it.
    pub gas_limit: u64,
    /// The selector and the arguments.
    pub data: Bytes,
}

crate::json_fields!(TargetCall: operation_hash, to, gas_limit, data);

impl TargetCall {
    // SETTLE-010, SETTLE-031: the target must be able to tell whose output it is given, and who only asked for it.
    /// The call that an accepted result makes. `operation` is that of a child too, as its statement has it.
    pub fn of(operation: &Operation, post_operation: &PostOperation) -> TargetCall {
        let call = ISettlementTarget::settledCall {
            operationHash: post_operation.operation_hash,
            extensionId: operation.extension_id,
            lane: operation.lane,
            sender: operation.sender,
            output: post_operation.output.clone(),
        };
        TargetCall {
            operation_hash: post_operation.operation_hash,
            to: operation.to,
            gas_limit: operation.gas_limit,
            data: call.abi_encode().into(),
        }
    }
}
