; Inline assembly, among it lines with several instructions, and assembly outside functions.
define i64 @a(i64 %x) {
 %r = call i64 asm sideeffect "$0 = $1\0A$0 += 5; $0 <<= 2 # note\0A$0 = -$0", "=r,r"(i64 %x)
 ret i64 %r
}
define i64 @b(ptr %p) {
 %r = call i64 asm sideeffect "r0 = *(u8*)($1+0)\0A\09r0=be16 r0\0A$0=r0", "=r,r,~{r0}"(ptr %p)
 ret i64 %r
}
define i32 @c(i32 %x) {
 %r = call i32 asm sideeffect "w0 = w1; if w0 s> 5 goto +1; w0 = 1; $0 = r0", "=r,{r1},~{r0}"(i32 %x)
 ret i32 %r
}
define void @d() {
 call void asm sideeffect "l0_${:uid}: r1 = 5; if r1 != 7 goto l1_${:uid}; goto l0_${:uid}; l1_${:uid}:", "~{r1}"()
 ret void
}
define void @f(ptr %p) {
 call void asm sideeffect "lock *(u64 *)(r10 - 8) += r1; r2 = atomic_fetch_add((u64 *)(r10 - 8), r2); *(u32 *)(r10 - 16) = 5", ""()
 ret void
}
define void @g() naked {
 call void asm sideeffect "r0 = 1 ll; exit; r2 = 0xffffffffffffffff ll; call 12; may_goto +1; gotol -1; call g; callx r1", ""()
 unreachable
}
module asm ".text"
module asm ".globl top"
module asm "top: r0 = 0"
module asm "exit"
module asm ".pushsection .rodata"
module asm ".ascii \22r0 = 5 ; # not\22"
module asm ".popsection"
