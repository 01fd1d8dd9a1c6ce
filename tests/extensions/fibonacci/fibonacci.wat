;; F(n) modulo 2^64, with F(0) = 0 and F(1) = 1.
;;
;; input:  n, 8 bytes little-endian
;; output: F(n), 8 bytes little-endian
;; rejects: 1 = input is not 8 bytes, 2 = n >= 2^32 (more steps than any cycle limit allows)
(module
  (import "middle" "input" (func $input (param i32) (result i64)))
  (import "middle" "input_len" (func $input_len (result i32)))
  (import "middle" "output" (func $output (param i32 i64)))
  (import "middle" "output_len" (func $output_len (param i32)))

  (func (export "run") (result i32)
    (local $n i64) (local $pairs i64) (local $a i64) (local $b i64)
    (if (i32.ne (call $input_len) (i32.const 8))
      (then (return (i32.const 1))))
    (local.set $n (call $input (i32.const 0)))
    (if (i64.ne (i64.shr_u (local.get $n) (i64.const 32)) (i64.const 0))
      (then (return (i32.const 2))))

    ;; Two steps a turn: (a, b) = (F(2k), F(2k+1)) becomes (a + b, a + 2b), so nothing is swapped.
    (local.set $b (i64.const 1))
    (if (i64.ne (local.tee $pairs (i64.shr_u (local.get $n) (i64.const 1))) (i64.const 0))
      (then
        (loop $step
          (local.set $b
            (i64.add (local.get $b)
              (local.tee $a (i64.add (local.get $a) (local.get $b)))))
          (br_if $step
            (i64.ne (local.tee $pairs (i64.sub (local.get $pairs) (i64.const 1))) (i64.const 0))))))

    (call $output (i32.const 0)
      (select (local.get $b) (local.get $a) (i32.wrap_i64 (i64.and (local.get $n) (i64.const 1)))))
    (call $output_len (i32.const 8))
    (i32.const 0)))
