//! The profile: what is accepted, what is refused, for which reason and where.

use middle_client::notation::{Reject, Stage};
use middle_client::profile::*;

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text of a test is a module")
}

#[test]
fn smoke() {
    let m = load(&wat(r#"(module (import "middle" "input" (func (param i32) (result i64)))
      (table 3 funcref) (elem (i32.const 1) 1)
      (func (export "run") (result i32) (local i64)
        (block (result i32) (br 0 (i32.const 1)) (drop (i64.const 2)) (i32.const 3)) 
        (if (result i32) (then (return (i32.const 1)) ) (else (loop (br 0) (i32.const 7) (drop)) (i32.const 9))))) "#))
    .unwrap();
    println!("{m:#?}");
    for text in [
        "(module (func (result f32) unreachable))",
        "(module (func (drop (f64.const 1))))",
        "(module (func) (func (drop (i32.trunc_sat_f32_s (unreachable)))))",
        "(module (table 1 externref))",
        "(module (table 1 funcref) (table 1 funcref))",
        "(module (memory 1) (memory 1))",
        "(module (func (return_call 0)))",
        "(module (memory i64 1))",
        "(module (memory 1 1 shared))",
        "(module (func (drop (v128.const i64x2 0 0))))",
        "(module (func (param v128)))",
        "(module (tag))",
        "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
        "(module (global i32 (i32.const 1)) (global i32 (global.get 0)))",
        "(module (type (struct)))",
        "(module (func (drop (ref.null func))))",
        "(module (func (i64.add128)))",
        "(module (func (drop)))",
        "(module (import \"a\" \"b\" (func)))",
        "(module (memory 1 (pagesize 1)))",
        "(module (func (i64.const 0) i32.eqz drop))",
        "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))",
        "(module (func (select (result i32) unreachable) drop))",
        "(module (elem func))",
        "(module (table 1 funcref) (elem (i32.const 0) funcref (ref.null func)))",
        "(module (memory 1) (func (drop (memory.size 1))))",
        "(module (memory 1025))",
        "(module (table 65537 funcref))",
        "(module (func (throw_ref)))",
        "(module (table 1 funcref) (func (table.init 0 unreachable)) (elem func))",
        "(module (memory 1) (data (i32.const 65530) \"1234567\"))",
        "(module (rec (type (func))))",
        "(module (table 1 funcref (ref.func 0)) (func))",
        "(module (func (drop (table.get 0 (i32.const 1)))) (table 1 funcref))",
        "(module (table i64 1 funcref))",
    ] {
        println!("{text}\n      {}", decode(&wat(text)).unwrap_err());
    }
    let _ = (Reject::MalformedModule, Stage::Profile);
}
