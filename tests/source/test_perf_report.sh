#!/bin/bash
# Recordings of perf: names as perf report gives them, of programs of all kinds; and what has no names, and why.
rust=${RUSTUP_HOME:-$HOME/.rustup} # the tests have a home of their own
. "$(dirname "$0")/../cli/tap.bash"
command -v perf >/dev/null || { echo "1..0 # SKIP perf is not installed (Debian package linux-perf)"; exit 0; }
perf record -q -g -o try.data true 2>/dev/null || { echo "1..0 # SKIP perf may not record here"; exit 0; }
trap 'rm -rf "$dir" "/tmp/perf-${jit:-0}.map"' EXIT

cat >work.h <<'END'
static volatile unsigned long sink;
#define WORK(name, n) \
    __attribute__((noinline)) void name(void) { for (long i = 0; i < n * 1000L; i++) sink += i; }
WORK(a, 30) WORK(b, 24) WORK(c, 19) WORK(d, 15) WORK(e, 12) WORK(f, 9) WORK(g, 7) WORK(h, 5) WORK(i, 3)
static inline void all(void) { a(); b(); c(); d(); e(); f(); g(); h(); i(); }
END
cat >work.c <<'END'
#include <stdlib.h>
#include <string.h>
#include "work.h"
static int order(const void *x, const void *y) { return *(const int *)x - *(const int *)y; }
static inline __attribute__((always_inline)) void inner(int *v)
{ for (int i = 0; i < 60000; i++) { v[i % 3000] = i * 7919 % 3001; sink += v[i % 3000]; } }
static void sorts(void) { int v[3000]; inner(v); qsort(v, 3000, sizeof *v, order); sink += v[7]; }
int main(void) { for (int i = 0; i < 600; i++) { all(); sorts(); free(strdup("a")); } }
END
cat >forks.c <<'END'
#include <sys/wait.h>
#include <unistd.h>
#include "work.h"
int main(void) { for (int n = 0; n < 60; n++) { for (int k = 0; k < 3; k++) if (!fork()) { for (int i = 0; i < 40; i++) all(); _exit(0); }
    a(); while (wait(0) > 0); } }
END
cat >shop.cc <<'END'
#include <algorithm>
#include <map>
#include <string>
#include <vector>
static volatile unsigned long sink;
namespace shop {
struct Item { std::string name; int price; bool operator<(const Item &o) const { return price < o.price; } };
template <class T> struct Basket { __attribute__((noinline)) T sum(int n) { T s = 0; for (int i = 0; i < n; i++) s += T(i) * 3; return s; } };
__attribute__((noinline)) void sort(int n) { std::vector<Item> v;
    for (int i = 0; i < n; i++) v.push_back({"item number " + std::to_string(i * 7919 % n), i * 7919 % n});
    std::sort(v.begin(), v.end()); sink += v[3].price; }
__attribute__((noinline)) void count(int n) { std::map<std::string, int> m;
    for (int i = 0; i < n; i++) m["word" + std::to_string(i % 300)]++; sink += m.size(); } }
int main() { shop::Basket<double> a; shop::Basket<long> b;
    for (int i = 0; i < 900; i++) { sink += (long)a.sum(90000) + b.sum(90000); shop::sort(1200); shop::count(1500); } }
END
record() { perf record -q -F 1997 -g -o "$1.data" "./$1" 2>/dev/null; } # PROGRAM
agrees() { python3 "$root/tests/source/perf_report.py" "$program" "$@" >out 2>err; }
as_perf() { # WHAT PROGRAM COMPILER...
    local what=$1 name=$2
    shift 2
    "$@" -o "$name" && record "$name"
    ok "as perf report: $what" agrees "$name.data"
}
as_perf "C" c gcc -O2 -fno-omit-frame-pointer work.c
as_perf "static" static gcc -O1 -static work.c
as_perf "without PIE" nopie gcc -O1 -no-pie work.c
as_perf "inlined" inlined gcc -O3 -g work.c
as_perf "forking" forks gcc -O1 forks.c
if command -v g++ >/dev/null; then
    as_perf "C++ without frame pointers and PIE" cpp g++ -O2 -no-pie -fomit-frame-pointer shop.cc
    run functions cpp.data
    ok "C++ names are readable" says out 'shop::sort'
fi
[ ! -d "$rust" ] || export RUSTUP_HOME=$rust
if rustc --version >/dev/null 2>&1; then
    cat >rusty.rs <<'END'
use std::collections::HashMap;
#[inline(never)] fn count(n: u64) -> usize { let mut m = HashMap::new(); for i in 0..n { *m.entry(i % 511).or_insert(0) += i; } m.len() }
#[inline(never)] fn mix(n: u64) -> u64 { (0..n).fold(7u64, |a, i| std::hint::black_box(a.wrapping_mul(31) ^ i)) }
fn main() { let mut s = 0; for _ in 0..300 { s += count(20000) as u64 ^ mix(200000); } println!("{}", s); }
END
    as_perf "Rust" rusty rustc -O -g rusty.rs
fi
gcc -O1 -g -o stripped work.c && objcopy --only-keep-debug stripped stripped.dbg && strip stripped &&
    objcopy --add-gnu-debuglink=stripped.dbg stripped && record stripped
ok "as perf report: stripped, with a debug file" agrees stripped.data
id=$(readelf -n stripped | sed -n 's/.*Build ID: //p')
mkdir -p ".debug/.build-id/${id:0:2}/${id:2}" && mv stripped.dbg ".debug/.build-id/${id:0:2}/${id:2}/debug"
run functions stripped.data
ok "a debug file in perf's cache gives names, too" eval 'says out " inner " && ! says out "[stripped]"'

run functions inlined.data
ok "inlined functions are functions" says out ' inner '
run functions 'perf_data:inlined.data?inlined=no'
ok "with inlined=no they are not" eval '! says out " inner "'
# A program that is in the kernel most of the time.
cat >zeros.c <<'END'
#include <fcntl.h>
#include <unistd.h>
static char to[1 << 20];
int main(void) { int zero = open("/dev/zero", O_RDONLY); for (int i = 0; i < 1500; i++) if (read(zero, to, sizeof to) < 0) return 1; }
END
gcc -O1 -fno-omit-frame-pointer -o zeros zeros.c && record zeros
run functions --format json zeros.data
ok "the kernel has names, and nothing is missing" python3 -c '
import json
d = json.load(open("out"))
assert d["notes"] == [], d["notes"]
assert any(r["kind"] == "kernel" and r["name"][0] != "[" for r in d["rows"]), "no kernel function"'

# perf keeps copies of what it recorded, by build id, in the home folder.
cp work.c replaced.c && gcc -O1 -o replaced replaced.c && record replaced && gcc -O0 -o replaced replaced.c
ok "perf keeps a copy" test -e .debug/.build-id
run functions replaced.data
ok "a program that was replaced has the names of the copy" eval 'says out " a  " && ! says out "[replaced]"'
rm -rf .debug
run functions replaced.data
ok "without a copy it has none, which is told" eval 'says out "[replaced]" && says out "1 of " && says out "not of the recorded build any more (replaced)"'
rm replaced
run functions replaced.data
ok "one that is gone is told" says out "is not on this host or cannot be read (replaced): functions stand as the module they are in."
mkfifo replaced
run functions replaced.data
ok "a FIFO in its place is not waited for" says out "is not on this host or cannot be read (replaced)"
rm replaced && printf '\177ELF\2\1\1%060d' 0 >replaced
run functions replaced.data
ok "an absurd file in its place is not used" says out "not of the recorded build any more (replaced)"

# Without build ids it must be the very file, and not written since.
gcc -O1 -Wl,--build-id=none -o noid work.c && record noid
run functions noid.data
ok "a program without a build id is known by its inode" eval 'says out " a  " && ! says out "[noid]"'
cp noid copy && mv copy noid
run functions noid.data
ok "a copy of it is another file" says out "[noid]"

# The kernel is another one when its build id is.
python3 - <<'END'
import glob
data = bytearray(open("zeros.data", "rb").read())
notes = open("/sys/kernel/notes", "rb").read()
at = notes.find(b"\x03\0\0\0GNU\0") + 8
found = data.find(notes[at:at + 20])
assert found > 0, "the recording does not name its kernel"
data[found] ^= 1
open("older.data", "wb").write(data)
END
run functions older.data
ok "another kernel has no names" eval 'says out "[kernel.kallsyms]" && says out "The kernel that was recorded is not the one that runs"'

# Code made at run time: a loop that ends by itself, its map and its jitdump.
cat >jit.c <<'END'
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static void u4(FILE *f, uint32_t v) { fwrite(&v, 4, 1, f); }
static void u8(FILE *f, uint64_t v) { fwrite(&v, 8, 1, f); }
int main(int n, char **a) { (void)a;
    unsigned char *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, "\xb9\x00\x00\x00\x10\xff\xc9\x75\xfc\xc3", 10); /* mov ecx, 1 << 28; dec ecx; jnz; ret */
    char path[64];
    snprintf(path, sizeof path, n > 1 ? "jit-%d.dump" : "/tmp/perf-%d.map", (int)getpid());
    FILE *f = fopen(path, "w+"), *pid = fopen("jit.pid", "w");
    fprintf(pid, "%d", (int)getpid()); fclose(pid);
    if (n == 1) fprintf(f, "%lx a LazyCompile:*hot /app/a.js\n", (unsigned long)code);
    if (n > 1) { u4(f, 0x4A695444); u4(f, 1); u4(f, 40); u4(f, 62); u4(f, 0); u4(f, getpid()); u8(f, 0); u8(f, 0);
        u4(f, 0); u4(f, 16 + 40 + 9 + 10); u8(f, 0); u4(f, getpid()); u4(f, getpid());
        u8(f, (uint64_t)code); u8(f, (uint64_t)code); u8(f, 10); u8(f, 1); fwrite("py::spin", 9, 1, f); fwrite(code, 10, 1, f);
        fflush(f); mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(f), 0); }
    fclose(f);
    ((void (*)(void))code)(); }
END
if [ "$(uname -m)" = x86_64 ] && gcc -O1 -o jit jit.c; then
    perf record -q -F 1997 -g -o map.data ./jit 2>/dev/null
    jit=$(cat jit.pid)
    ok "as perf report: code made at run time" agrees map.data
    run functions --format json map.data
    ok "its kind is jit" says out '"kind":	"jit"'
    rm "/tmp/perf-$jit.map" && mkfifo "/tmp/perf-$jit.map"
    run functions map.data
    ok "a FIFO as its map is not waited for" eval 'exited 0 && ! says out LazyCompile'
    perf record -q -F 1997 -g -o dump.data ./jit dump 2>/dev/null
    run functions dump.data
    ok "a jitdump gives names" says out 'py::spin'
fi
finish
