;; Reaches every trap on purpose; the first input byte chooses which. Output and post-state are
;; written before, to show that a trap discards both.
;;
;; input:  one byte, the selector
;; output: "reached" (8 bytes with a zero), for the selectors that do not trap
;; rejects: 1 = input is not one byte, 2 = no such selector
(module
  (type $unary (func (param i32) (result i32)))
  (type $nullary (func (result i32)))
  (import "middle" "input" (func $input (param i32) (result i64)))
  (import "middle" "input_len" (func $input_len (result i32)))
  (import "middle" "output" (func $output (param i32 i64)))
  (import "middle" "output_len" (func $output_len (param i32)))
  (import "middle" "post_state" (func $post_state (param i32 i64)))
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (memory 1 1)
  (data $passive "passive")
  (table 3 3 funcref)
  (elem (i32.const 1) $identity) ;; entries 0 and 2 stay uninitialized

  (func $identity (type $unary) (local.get 0))
  ;; The addition after the call keeps it from being a tail call.
  (func $recurse (type $unary)
    (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))

  (func (export "run") (result i32)
    (local $zero i32) (local $zero64 i64)
    (if (i32.ne (call $input_len) (i32.const 1)) (then (return (i32.const 1))))
    (call $post_state (i32.const 0) (i64.const -1))
    (call $output (i32.const 0) (i64.const 0x0064656863616572)) ;; "reached"
    (call $output_len (i32.const 8))

    (block $rejected (block $done
      (block $22 (block $21 (block $20
      (block $19 (block $18 (block $17 (block $16 (block $15
      (block $14 (block $13 (block $12 (block $11 (block $10
      (block $9 (block $8 (block $7 (block $6 (block $5
      (block $4 (block $3 (block $2 (block $1 (block $0
        (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11 $12 $13 $14 $15 $16 $17 $18 $19 $20 $21 $22
          $rejected (i32.wrap_i64 (call $input (i32.const 0))))
      ) ;; 0
        (unreachable)
      ) ;; 1
        (drop (i32.div_u (i32.const 1) (local.get $zero))) (br $done)
      ) ;; 2
        (drop (i64.rem_s (i64.const 1) (local.get $zero64))) (br $done)
      ) ;; 3
        (drop (i32.div_s (i32.const 0x80000000) (i32.sub (local.get $zero) (i32.const 1)))) (br $done)
      ) ;; 4: the remainder of the same operands is 0, not a trap
        (drop (i32.rem_s (i32.const 0x80000000) (i32.sub (local.get $zero) (i32.const 1)))) (br $done)
      ) ;; 5
        (drop (i64.div_s (i64.const 0x8000000000000000) (i64.sub (local.get $zero64) (i64.const 1))))
        (br $done)
      ) ;; 6: the last word of the memory is there
        (drop (i32.load (i32.const 65532))) (br $done)
      ) ;; 7: one byte past the end
        (drop (i32.load (i32.const 65533))) (br $done)
      ) ;; 8: address plus offset does not wrap around
        (drop (i32.load8_u offset=1 (i32.const -1))) (br $done)
      ) ;; 9
        (memory.fill (i32.const 65535) (i32.const 7) (i32.const 2)) (br $done)
      ) ;; 10: an empty fill at the very end is allowed
        (memory.fill (i32.const 65536) (i32.const 7) (local.get $zero)) (br $done)
      ) ;; 11
        (memory.copy (i32.const 0) (i32.const 65535) (i32.const 2)) (br $done)
      ) ;; 12: past the end of the data segment
        (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 8)) (br $done)
      ) ;; 13: a dropped segment is empty
        (data.drop $passive)
        (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 1)) (br $done)
      ) ;; 14: past the end of the table
        (drop (call_indirect (type $unary) (i32.const 7) (i32.const 3))) (br $done)
      ) ;; 15
        (drop (call_indirect (type $unary) (i32.const 7) (i32.const 0))) (br $done)
      ) ;; 16
        (drop (call_indirect (type $nullary) (i32.const 1))) (br $done)
      ) ;; 17
        (drop (call $recurse (i32.const 0))) (br $done)
      ) ;; 18: output has 8,192 words
        (call $output (i32.const 8192) (i64.const 0)) (br $done)
      ) ;; 19: output has 65,536 bytes
        (call $output_len (i32.const 65537)) (br $done)
      ) ;; 20: the root has 4 words
        (call $post_state (i32.const 4) (i64.const 0)) (br $done)
      ) ;; 21: the last output word is there; the output length stays 8
        (call $output (i32.const 8191) (i64.const -1)) (br $done)
      ) ;; 22
        (call $abort (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1)) (br $done)
    ) ;; done
      (return (i32.const 0))
    ) ;; rejected
    (i32.const 2)))
