//! SHA-256 (FIPS 180-4) for Rust extensions, over messages of big-endian 32-bit words.
//!
//! The sixteen schedule words and the eight state words are local variables, which WASM reads
//! without a memory access; sixteen rounds are written out and run four times, a balance between
//! the size of the code and the number of executed instructions.

const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

#[inline(never)]
fn compress(state: &mut [u32; 8], block: &[u32; 16]) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    let mut w = *block;

    // One round; the calls rotate the names of the state instead of moving the values.
    macro_rules! round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $k:expr, $i:expr) => {
            let t = $h
                .wrapping_add($e.rotate_right(6) ^ $e.rotate_right(11) ^ $e.rotate_right(25))
                .wrapping_add($g ^ ($e & ($f ^ $g)))
                .wrapping_add($k[$i])
                .wrapping_add(w[$i]);
            $d = $d.wrapping_add(t);
            $h = t
                .wrapping_add($a.rotate_right(2) ^ $a.rotate_right(13) ^ $a.rotate_right(22))
                .wrapping_add(($a & $b) | ($c & ($a | $b)));
        };
    }
    macro_rules! eight {
        ($k:expr, $i:expr) => {
            round!(a b c d e f g h, $k, $i);
            round!(h a b c d e f g, $k, $i + 1);
            round!(g h a b c d e f, $k, $i + 2);
            round!(f g h a b c d e, $k, $i + 3);
            round!(e f g h a b c d, $k, $i + 4);
            round!(d e f g h a b c, $k, $i + 5);
            round!(c d e f g h a b, $k, $i + 6);
            round!(b c d e f g h a, $k, $i + 7);
        };
    }
    macro_rules! schedule {
        ($($i:literal)*) => {$(
            let (w1, w14) = (w[($i + 1) & 15], w[($i + 14) & 15]);
            w[$i] = w[$i]
                .wrapping_add(w1.rotate_right(7) ^ w1.rotate_right(18) ^ (w1 >> 3))
                .wrapping_add(w[($i + 9) & 15])
                .wrapping_add(w14.rotate_right(17) ^ w14.rotate_right(19) ^ (w14 >> 10));
        )*};
    }

    let mut r = 0;
    loop {
        let k = &K[r..r + 16];
        eight!(k, 0);
        eight!(k, 8);
        r += 16;
        if r == 64 {
            break;
        }
        schedule!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    }

    for (s, v) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *s = s.wrapping_add(v);
    }
}

pub struct Sha256 {
    h: [u32; 8],
    block: [u32; 16],
    /// Message words so far; the first `words % 16` of the block are filled.
    words: u32,
}

impl Sha256 {
    #[inline]
    pub fn new() -> Self {
        Sha256 {
            h: [
                0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
            ],
            block: [0; 16],
            words: 0,
        }
    }

    #[inline]
    pub fn push(&mut self, word: u32) {
        self.block[(self.words % 16) as usize] = word;
        self.words += 1;
        if self.words % 16 == 0 {
            compress(&mut self.h, &self.block);
        }
    }

    #[inline(never)]
    pub fn push_all(&mut self, words: &[u32]) {
        for &word in words {
            self.push(word);
        }
    }

    /// Ends a message with `bytes` (0 to 3) further bytes, the high ones of `tail`; its others are 0.
    #[inline(never)]
    pub fn finish(mut self, tail: u32, bytes: u32) -> [u32; 8] {
        let bits = self.words as u64 * 32 + bytes as u64 * 8;
        self.push(tail | 0x8000_0000 >> (8 * bytes));
        while self.words % 16 != 14 {
            self.push(0);
        }
        self.push((bits >> 32) as u32);
        self.push(bits as u32);
        self.h
    }
}
