//! The closed vocabulary of reasons for which bytes are refused.

use std::fmt;

/// The step of the pipeline at which a decision fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The bytes are no WebAssembly module.
    Malformed,
    /// The module violates WebAssembly's validation rules.
    Invalid,
    /// The module is valid WebAssembly outside the profile.
    Profile,
    /// The module cannot be lowered within the limits of canonical code.
    Lowering,
    /// The inputs of an execution are outside the limits of the host interface.
    Inputs,
    /// The execution ended.
    Execution,
    /// Bytes are no canonical encoding, or one of another number of field elements than is allowed.
    Encoding,
    /// A proof or key was checked.
    Verification,
    /// Bytes are no statement, or no execution can have what a statement says.
    Statement,
    /// A statement was compared with an execution.
    Relation,
    /// The fields of an Operation or its signatures are wrong for everybody.
    Operation,
    /// The state of the chain or of a pool does not admit a message now.
    Admission,
    /// A call of the registry or the adoption of an extension fails.
    Registry,
    /// A `PostOperation` is wrong for everybody.
    PostOperation,
    /// A message breaks the rules of the connection.
    Wire,
    /// The Consensus Contract refuses a call, an item of a batch or evidence.
    Settlement,
}

impl Stage {
    /// The name used in vectors and messages.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Malformed => "malformed",
            Stage::Invalid => "invalid",
            Stage::Profile => "profile",
            Stage::Lowering => "lowering",
            Stage::Inputs => "inputs",
            Stage::Execution => "execution",
            Stage::Encoding => "encoding",
            Stage::Verification => "verification",
            Stage::Statement => "statement",
            Stage::Relation => "relation",
            Stage::Operation => "operation",
            Stage::Admission => "admission",
            Stage::Settlement => "settlement",
            Stage::Wire => "wire",
            Stage::PostOperation => "post-operation",
            Stage::Registry => "registry",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $stage:ident;)*) => {
        /// Why something was refused. The names are wire vocabulary: they appear in `vectors/` and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reject { $($(#[$doc])* $variant,)* }

        impl Reject {
            /// Every reason.
            pub const ALL: &[Reject] = &[$(Reject::$variant,)*];

            /// The name used in vectors and messages.
            pub fn name(self) -> &'static str {
                match self { $(Reject::$variant => $name,)* }
            }

            // OP-024: what depends on the state of a node is nobody's fault.
            /// What a client does with a message that it refuses for this reason.
            pub fn outcome(self) -> &'static str {
                if self.stage() == Stage::Admission { "ignore" } else { "reject" }
            }

            /// The stage at which this reason is given.
            pub fn stage(self) -> Stage {
                match self { $(Reject::$variant => Stage::$stage,)* }
            }
        }
    };
}

// NOTE-002: one table, so that name and stage of a reason cannot diverge; the chapter has the same.
reasons! {
    /// The bytes do not follow WebAssembly's binary grammar.
    MalformedModule, "malformed_module", Malformed;
    /// The module breaks a validation rule of WebAssembly.
    InvalidModule, "invalid_module", Invalid;

    /// The module is longer than `MAX_MODULE_BYTES`.
    ModuleTooLarge, "module_too_large", Profile;
    /// A floating-point type or instruction.
    UnsupportedFloats, "unsupported_floats", Profile;
    /// A vector type or instruction.
    UnsupportedSimd, "unsupported_simd", Profile;
    /// A reference type outside a table, an instruction on tables or references, or a second table.
    UnsupportedReferenceTypes, "unsupported_reference_types", Profile;
    /// A tail call.
    UnsupportedTailCalls, "unsupported_tail_calls", Profile;
    /// A tag or an instruction on exceptions.
    UnsupportedExceptions, "unsupported_exceptions", Profile;
    /// A shared memory or an atomic instruction.
    UnsupportedThreads, "unsupported_threads", Profile;
    /// A 64-bit memory or table.
    UnsupportedMemory64, "unsupported_memory64", Profile;
    /// A second memory, or a memory index that is not the byte zero.
    UnsupportedMultiMemory, "unsupported_multi_memory", Profile;
    /// A constant expression with arithmetic.
    UnsupportedExtendedConst, "unsupported_extended_const", Profile;
    /// A type, instruction or constant expression of the proposals for typed references and garbage collection.
    UnsupportedGc, "unsupported_gc", Profile;
    /// Something of a proposal that is not part of WebAssembly 3.0.
    UnsupportedProposal, "unsupported_proposal", Profile;
    /// `table.init`, `table.copy` or `elem.drop`.
    TableBulkOperation, "table_bulk_operation", Profile;
    /// A passive or declarative element segment.
    PassiveElementSegment, "passive_element_segment", Profile;
    /// A name is longer than `MAX_NAME_BYTES`.
    NameTooLong, "name_too_long", Profile;
    /// A function type has more than `MAX_PARAMS` parameters.
    TooManyParams, "too_many_params", Profile;
    /// A function type has more than `MAX_RESULTS` results.
    TooManyResults, "too_many_results", Profile;
    /// There are more than `MAX_FUNCTIONS` functions, imports included.
    TooManyFunctions, "too_many_functions", Profile;
    /// There are more than `MAX_EXPORTS` exports.
    TooManyExports, "too_many_exports", Profile;
    /// There are more than `MAX_ELEMENT_SEGMENTS` element segments.
    TooManyElementSegments, "too_many_element_segments", Profile;
    /// There are more than `MAX_DATA_SEGMENTS` data segments.
    TooManyDataSegments, "too_many_data_segments", Profile;
    /// A function needs more than `MAX_FRAME_SLOTS` frame slots, or its operand stack grows beyond that number.
    FrameTooLarge, "frame_too_large", Profile;
    /// The table has more than `MAX_TABLE_ENTRIES` entries.
    TableTooLarge, "table_too_large", Profile;
    /// The memory has initially more than `MAX_MEMORY_PAGES` pages.
    MemoryTooLarge, "memory_too_large", Profile;
    /// An import is not a function.
    ImportNotFunction, "import_not_function", Profile;
    /// The name of an import is not one of the host interface.
    UnknownImport, "unknown_import", Profile;
    /// An import has another type than the host function of that name.
    ImportTypeMismatch, "import_type_mismatch", Profile;
    /// An active element segment writes beyond the end of the table.
    ElementSegmentOutOfBounds, "element_segment_out_of_bounds", Profile;
    /// An active data segment writes beyond the end of the initial memory.
    DataSegmentOutOfBounds, "data_segment_out_of_bounds", Profile;
    /// There is no export `run`.
    MissingEntryPoint, "missing_entry_point", Profile;
    /// The export `run` is not a function that the module defines.
    EntryPointNotDefinedFunction, "entry_point_not_defined_function", Profile;
    /// The export `run` is not of type `[] -> [i32]`.
    EntryPointTypeMismatch, "entry_point_type_mismatch", Profile;

    /// The public input is longer than `MAX_INPUT_BYTES`.
    InputTooLarge, "input_too_large", Inputs;
    /// The private witness input is longer than `MAX_WITNESS_BYTES`.
    WitnessTooLarge, "witness_too_large", Inputs;
    /// The context has not exactly 256 bytes.
    ContextLengthMismatch, "context_length_mismatch", Inputs;

    /// The canonical code of the module, or an encoded program, has too many words.
    CodeTooLarge, "code_too_large", Lowering;
    /// The encoding of a program is shorter or longer than its counts say, or its header is wrong.
    CodeMalformed, "code_malformed", Lowering;
    /// A code word's first byte is no operation.
    CodeUnknownOperation, "code_unknown_operation", Lowering;
    /// A code word has another mode, slot or immediate than its operation allows.
    CodeFieldNotCanonical, "code_field_not_canonical", Lowering;
    /// A code word jumps beyond the last word.
    CodeTargetOutOfRange, "code_target_out_of_range", Lowering;
    /// The cells of an image are not in ascending order, hold 0, or cannot be in an image.
    CodeImageNotCanonical, "code_image_not_canonical", Lowering;

    /// The encoding of field elements has not 32 bytes for each.
    FieldElementLength, "field_element_length", Encoding;
    /// The encoding of a field element is a number that is not below the modulus.
    FieldElementNotCanonical, "field_element_not_canonical", Encoding;
    /// A Poseidon hash of no input or of more than 16.
    PoseidonInputCount, "poseidon_input_count", Encoding;

    /// An encoded proof or key is shorter or longer than its parts.
    ProofLengthMismatch, "proof_length_mismatch", Verification;
    /// The sum of a segment's proof is a number that is not below the modulus.
    SumNotCanonical, "sum_not_canonical", Verification;
    /// A proof file is not the JSON of a proof.
    ProofFileMalformed, "proof_file_malformed", Verification;
    /// The encoding of a point is that of no point on the curve.
    PointNotOnCurve, "point_not_on_curve", Verification;
    /// The encoding of a point is not the one that the point has.
    PointNotCanonical, "point_not_canonical", Verification;
    /// A point is on the curve but not in the subgroup of prime order.
    PointNotInSubgroup, "point_not_in_subgroup", Verification;
    /// A point of a proof or key is the identity.
    PointIsIdentity, "point_is_identity", Verification;
    /// An encoded key has a wrong magic or impossible counts.
    KeyMalformed, "key_malformed", Verification;
    /// A key cannot be sound: equal or zero elements, zero or repeated bases.
    KeyDegenerate, "key_degenerate", Verification;
    /// A key is not the one for which a value was derived, or is of the other kind.
    OtherKey, "other_key", Verification;
    /// The number of inputs is not that of the key.
    InputCountMismatch, "input_count_mismatch", Verification;
    /// The proofs' commitments are not those for which the challenges were drawn.
    CommitmentMismatch, "commitment_mismatch", Verification;
    /// There is no tier with this number.
    UnknownTier, "unknown_tier", Verification;
    /// Statement, proof, key and extension are not all of one tier.
    TierMismatch, "tier_mismatch", Verification;
    /// A program is larger than the tier allows.
    CodeExceedsTier, "code_exceeds_tier", Verification;
    /// The capacities of a custom key do not suit the extension's program.
    CapacitiesUnsuited, "capacities_unsuited", Verification;
    /// The circuit of a custom key is not that of the extension's program and the key's capacities.
    OtherCircuit, "other_circuit", Verification;
    /// The text of a key file is not as it has to be.
    KeyFileMalformed, "key_file_malformed", Verification;
    /// There are not as many segment proofs as the statement says.
    SegmentCountMismatch, "segment_count_mismatch", Verification;
    /// What the segments put and take is not what the statement puts and takes.
    SumMismatch, "sum_mismatch", Verification;
    /// The pairing equation of a proof or batch does not hold.
    ProofInvalid, "proof_invalid", Verification;

    /// The first byte of an encoded statement is no known version.
    StatementUnknownVersion, "statement_unknown_version", Statement;
    /// An encoded statement is shorter or longer than its parts.
    StatementLengthMismatch, "statement_length_mismatch", Statement;
    /// The output of a statement is longer than `MAX_OUTPUT_BYTES`.
    StatementOutputTooLarge, "statement_output_too_large", Statement;
    /// A statement has no segment or more than `MAX_SEGMENTS`.
    StatementSegmentsOutOfRange, "statement_segments_out_of_range", Statement;
    /// The cycle limit of a statement is above `MAX_CYCLES`.
    StatementCycleLimitTooLarge, "statement_cycle_limit_too_large", Statement;
    /// The cycles of a statement are 0 or above its cycle limit.
    StatementCyclesOutOfRange, "statement_cycles_out_of_range", Statement;
    /// The kind of a statement's outcome is not 0, 1 or 2.
    StatementUnknownOutcome, "statement_unknown_outcome", Statement;
    /// The code of a statement's outcome is not one that its kind can have.
    StatementOutcomeCode, "statement_outcome_code", Statement;
    /// A statement has a trap and an output.
    StatementTrapWithOutput, "statement_trap_with_output", Statement;
    /// The state roots of a statement differ, though its outcome is not accepted.
    StatementStateChanged, "statement_state_changed", Statement;
    /// A statement has the trap `cycle_limit_exhausted` and fewer cycles than its limit.
    StatementLimitNotExhausted, "statement_limit_not_exhausted", Statement;

    /// The code commitment of a statement is not that of the module's canonical code.
    CodeCommitmentMismatch, "code_commitment_mismatch", Relation;
    /// The execution ends with another outcome or code than the statement says.
    OutcomeMismatch, "outcome_mismatch", Relation;
    /// The execution has another output than the statement says.
    OutputMismatch, "output_mismatch", Relation;
    /// The execution leaves another post-state root than the statement says.
    PostStateMismatch, "post_state_mismatch", Relation;
    /// The execution has another number of cycles than the statement says.
    CyclesMismatch, "cycles_mismatch", Relation;

    /// The first byte is no known type of a message.
    EnvelopeUnknown, "envelope_unknown", Encoding;
    /// An item or list of an RLP encoding is shorter or longer than its header or its fields say.
    RlpLengthMismatch, "rlp_length_mismatch", Encoding;
    /// A list stands in the place of a string in an RLP encoding, or a string in the place of a list.
    RlpUnexpectedKind, "rlp_unexpected_kind", Encoding;
    /// An RLP encoding is not the shortest one of its value.
    RlpNotCanonical, "rlp_not_canonical", Encoding;
    /// A string of an RLP encoding has another length than its field's type allows.
    RlpFieldLength, "rlp_field_length", Encoding;

    /// An Operation is longer than `MAX_OPERATION_BYTES`.
    OperationTooLarge, "operation_too_large", Operation;
    /// An Operation is for another chain.
    WrongChain, "wrong_chain", Operation;
    /// The sequence number of a nonce is the largest one.
    NonceExhausted, "nonce_exhausted", Operation;
    /// The priority fee is above the maximum fee.
    GasFeesDisordered, "gas_fees_disordered", Operation;
    /// The least prover fee is above the largest one.
    ProverFeesDisordered, "prover_fees_disordered", Operation;
    /// The largest cost of an Operation exceeds 128 bits.
    CostOverflow, "cost_overflow", Operation;
    /// The call and what belongs to it need more gas than a transaction has.
    GasLimitTooLarge, "gas_limit_too_large", Operation;
    /// There are fields of a sponsor, and no sponsor.
    SponsorMissing, "sponsor_missing", Operation;
    /// The ramp of the prover's fee begins before the anchor, or too late for anybody to settle.
    RampOutOfRange, "ramp_out_of_range", Operation;
    /// The anchor lies too far before the end of the validity.
    AnchorTooOld, "anchor_too_old", Operation;
    /// The kind of a signature is none that its signer may use.
    SignatureKind, "signature_kind", Operation;
    /// A signature by ECDSA has not 66 bytes.
    SignatureLength, "signature_length", Operation;
    /// A signature is not the one form that it can have, or nobody's.
    SignatureNotCanonical, "signature_not_canonical", Operation;
    /// A signature is that of another account.
    SignatureWrongSigner, "signature_wrong_signer", Operation;

    /// A contract account does not accept the signature now.
    ContractSignatureRefused, "contract_signature_refused", Admission;
    /// The validity of an Operation is over.
    OperationExpired, "operation_expired", Admission;
    /// An Operation is valid for longer than is allowed.
    ValidityTooFar, "validity_too_far", Admission;
    /// The anchor is no block that this client knows.
    AnchorUnknown, "anchor_unknown", Admission;
    /// The anchor is not canonical or not finalized here.
    AnchorNotFinal, "anchor_not_final", Admission;

    /// The mode of an extension is none of the known ones.
    ModeUnknown, "mode_unknown", Registry;
    /// The proof system of an extension is none of the known ones.
    ProofSystemUnknown, "proof_system_unknown", Registry;
    /// The ABI version of an extension is none of the known ones.
    AbiVersionUnknown, "abi_version_unknown", Registry;
    /// The data rule of an extension is none of the known ones.
    DataRuleUnknown, "data_rule_unknown", Registry;
    /// The module of an extension is neither in the entry nor in blobs, or in both.
    WasmLocation, "wasm_location", Registry;
    /// A blob with a part of the module is neither of this transaction nor published lately.
    BlobUnknown, "blob_unknown", Registry;
    /// The module of an extension stands in too many blobs.
    TooManyBlobs, "too_many_blobs", Registry;
    /// The hash of the module is not the one that is registered.
    WasmHashMismatch, "wasm_hash_mismatch", Registry;
    /// The metadata URI is longer than `MAX_METADATA_BYTES`.
    MetadataTooLong, "metadata_too_long", Registry;
    /// Somebody else than the developer calls.
    NotDeveloper, "not_developer", Registry;
    /// An extension with this id is registered already.
    ExtensionRegistered, "extension_registered", Registry;
    /// No extension with this id is registered.
    ExtensionUnknown, "extension_unknown", Registry;
    /// A successor is not registered, or is the extension itself.
    SuccessorUnknown, "successor_unknown", Registry;
    /// A deprecation is announced too late.
    DeprecationTooSoon, "deprecation_too_soon", Registry;
    /// What can be set once is set already.
    AlreadySet, "already_set", Registry;
    /// The canonical code, or the entry, is not the one that is registered.
    RegisteredCodeMismatch, "registered_code_mismatch", Registry;
    /// The digest of the keys is not the one that is registered.
    KeyHashMismatch, "key_hash_mismatch", Registry;
    /// A build manifest has too many items.
    ManifestTooLarge, "manifest_too_large", Registry;
    /// An item of a build manifest is of no kind or has a long name.
    ManifestItem, "manifest_item", Registry;
    /// The items of a build manifest are not in strictly ascending order.
    ManifestDisordered, "manifest_disordered", Registry;

    /// The cycle limit of an Operation is 0 or more than a proof can have.
    CycleLimitOutOfRange, "cycle_limit_out_of_range", Operation;

    /// A `PostOperation` is longer than `MAX_POST_OPERATION_BYTES`.
    PostOperationTooLarge, "post_operation_too_large", PostOperation;
    /// The proof of a `PostOperation` is longer than `MAX_PROOF_BYTES`, or takes more gas than a transaction has.
    ProofTooLarge, "proof_too_large", PostOperation;
    /// The outcome of a `PostOperation` is none of the known ones, or its code is none of that outcome.
    OutcomeUnknown, "outcome_unknown", PostOperation;
    /// The type of a proof is none that this client knows.
    ProofTypeUnknown, "proof_type_unknown", Admission;
    /// The tier of a proof is none that this client knows.
    ProofTierUnknown, "proof_tier_unknown", Admission;
    /// The type of a proof is not the one that the extension is registered with.
    ProofTypeMismatch, "proof_type_mismatch", PostOperation;
    /// A `PostOperation` names another Operation or extension than the one it is about.
    OtherOperation, "other_operation", PostOperation;
    /// An extension that reads a witness has not accepted.
    WitnessRefusal, "witness_refusal", PostOperation;
    /// The stamp is no block that this client knows.
    StampUnknown, "stamp_unknown", Admission;
    /// The stamp is not canonical.
    StampOrphaned, "stamp_orphaned", Admission;
    /// The stamp lies too many blocks behind the head.
    StampTooOld, "stamp_too_old", Admission;

    /// A peer, sender, sponsor or prover is banned.
    EntityBanned, "entity_banned", Admission;
    /// The message, or the same result, is known already.
    AlreadyKnown, "already_known", Admission;
    /// The extension is not registered, not active yet, deprecated or quarantined.
    ExtensionNotActive, "extension_not_active", Admission;
    /// The base fee is above what the Operation allows.
    FeeTooLow, "fee_too_low", Admission;
    /// The nonce is consumed.
    NonceUsed, "nonce_used", Admission;
    /// There is a gap before the nonce.
    NonceGap, "nonce_gap", Admission;
    /// The pool holds as many Operations of the sender as it may.
    SenderLimit, "sender_limit", Admission;
    /// The pool holds as many Operations of the extension or sponsor as it may.
    EntityLimit, "entity_limit", Admission;
    /// The Operation that would be replaced has a result and can be settled.
    OperationLocked, "operation_locked", Admission;
    /// A replacement does not raise each fee by a tenth.
    ReplacementUnderpriced, "replacement_underpriced", Admission;
    /// The payer's deposit does not cover what is reserved of it.
    DepositTooSmall, "deposit_too_small", Admission;
    /// The pool is full, and nothing of less rank makes room.
    PoolFull, "pool_full", Admission;
    /// The Operation of a result is not in the pool.
    OperationUnknown, "operation_unknown", Admission;
    /// A result builds on a state root that is neither the lane's nor that of a pooled result.
    PreRootUnknown, "pre_root_unknown", Admission;
    /// A result builds on too many pooled results of its lane.
    LaneTooDeep, "lane_too_deep", Admission;
    /// A proof has many segments, and its prover no stake.
    ProverUnstaked, "prover_unstaked", Admission;

    /// The number of a message is none of the known ones.
    MessageUnknown, "message_unknown", Wire;
    /// A message is longer than `MAX_MESSAGE_BYTES`.
    MessageTooLarge, "message_too_large", Wire;
    /// A message has more entries than it may.
    TooManyEntries, "too_many_entries", Wire;
    /// The lists of an announcement are not equally long.
    AnnouncementLengths, "announcement_lengths", Wire;
    /// A status comes twice, or something before it.
    StatusUnexpected, "status_unexpected", Wire;
    /// The peer speaks another version or is on another chain.
    StatusMismatch, "status_mismatch", Wire;
    /// The sequence number of capabilities is not above the last one.
    SequenceNotRaised, "sequence_not_raised", Wire;
    /// A response or an item in it was not asked for.
    ResponseUnrequested, "response_unrequested", Wire;
    /// An item has another type or size than was announced.
    AnnouncedOtherwise, "announced_otherwise", Wire;
    /// A peer asks for more verifications than it may.
    TooManyVerifications, "too_many_verifications", Wire;
    /// The verdict of a response is none of the known ones.
    VerdictUnknown, "verdict_unknown", Wire;

    /// A withdrawal of nothing or of more than the deposit, or a claim without an announcement.
    NothingToWithdraw, "nothing_to_withdraw", Settlement;
    /// A withdrawal is claimed before its time.
    WithdrawalTooSoon, "withdrawal_too_soon", Settlement;
    /// A stake is less than a unit.
    StakeTooSmall, "stake_too_small", Settlement;
    /// An account has no stake, or one that is ending or was slashed.
    NotStaked, "not_staked", Settlement;
    /// A stake is claimed before its time.
    StillBonded, "still_bonded", Settlement;
    /// The seed of an epoch is recorded already.
    SeedRecorded, "seed_recorded", Settlement;
    /// A seed does not follow from a known beacon block of the right time.
    SeedUnproven, "seed_unproven", Settlement;
    /// Somebody settles whose turn it is not.
    NotLeader, "not_leader", Settlement;
    /// A result does not begin from the root of its lane.
    PreRootStale, "pre_root_stale", Settlement;
    /// The base fee is above what the Operation allows.
    BaseFeeTooHigh, "base_fee_too_high", Settlement;
    /// Evidence does not show what it claims.
    EvidenceInvalid, "evidence_invalid", Settlement;
    /// Evidence is too old, of the future, or of an unknown block.
    EvidenceTooOld, "evidence_too_old", Settlement;
    /// The registry does not have the code point of an extension for the tier of a proof.
    NotPrepared, "not_prepared", Settlement;
    /// Too little gas would reach the call of a target, or the pairing that judges evidence.
    GasMissing, "gas_missing", Settlement;
    /// The Consensus Contract is called while it calls a target.
    Reentered, "reentered", Settlement;
    /// No reward is held for an Operation.
    RewardUnknown, "reward_unknown", Settlement;
    /// All seats of stakers are taken, by no smaller stakes.
    SeatsTaken, "seats_taken", Settlement;
    /// A reward is released before its time.
    RewardHeld, "reward_held", Settlement;
    /// A claim has no verdict, or one that is not of a staker for the settled result, or is noted already.
    VerdictNotCounted, "verdict_not_counted", Settlement;

    /// A native transaction is too long.
    TransactionTooLarge, "transaction_too_large", Encoding;
    /// A native transaction has a stamp or a prover's signature.
    TransactionStamped, "transaction_stamped", Settlement;
    /// The prover's fee does not cover the gas that is not the payer's part.
    ProverFeeTooSmall, "prover_fee_too_small", Settlement;

    /// The authorization of a child operation is none of the known ones.
    AuthorizationUnknown, "authorization_unknown", Encoding;
    /// A family of Operations has no member or too many.
    FamilyTooLarge, "family_too_large", Settlement;
    /// A family of Operations is too deep.
    FamilyTooDeep, "family_too_deep", Settlement;
    /// A member of a family runs in the lane of one of its ancestors.
    FamilyCyclic, "family_cyclic", Settlement;
    /// The members of a family are not exactly those that are claimed, in their order.
    FamilyIncomplete, "family_incomplete", Settlement;
    /// The calls of a family need more gas than its Operation has.
    FamilyGas, "family_gas", Settlement;
    /// The data of an Operation would not be available as its extension asks.
    DataUnavailable, "data_unavailable", Settlement;
}

/// A refusal: the reason, the place and the cause in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The reason, for machines.
    pub reason: Reject,
    /// The byte offset in the input at which the fault lies.
    pub offset: usize,
    /// The cause, for people. Not normative.
    pub detail: String,
}

impl Rejection {
    /// A refusal for `reason` at byte `offset`.
    pub fn new(reason: Reject, offset: usize, detail: impl Into<String>) -> Rejection {
        Rejection { reason, offset, detail: detail.into() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at byte {:#x}: {}", self.reason.stage().name(), self.reason.name(), self.offset, self.detail)
    }
}

impl std::error::Error for Rejection {}
