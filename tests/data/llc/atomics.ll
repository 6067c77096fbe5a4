; Atomic operations of both widths and all orderings, with their results used and not.
define i32 @add_i32_monotonic(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i32 %v monotonic
 ret i32 %r
}
define void @add_i32_monotonic_void(ptr %p, i32 %v) {
 %r = atomicrmw add ptr %p, i32 %v monotonic
 ret void
}
define i32 @add_i32_acquire(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i32 %v acquire
 ret i32 %r
}
define void @add_i32_acquire_void(ptr %p, i32 %v) {
 %r = atomicrmw add ptr %p, i32 %v acquire
 ret void
}
define i32 @add_i32_release(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i32 %v release
 ret i32 %r
}
define void @add_i32_release_void(ptr %p, i32 %v) {
 %r = atomicrmw add ptr %p, i32 %v release
 ret void
}
define i32 @add_i32_acq_rel(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i32 %v acq_rel
 ret i32 %r
}
define void @add_i32_acq_rel_void(ptr %p, i32 %v) {
 %r = atomicrmw add ptr %p, i32 %v acq_rel
 ret void
}
define i32 @add_i32_seq_cst(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i32 %v seq_cst
 ret i32 %r
}
define void @add_i32_seq_cst_void(ptr %p, i32 %v) {
 %r = atomicrmw add ptr %p, i32 %v seq_cst
 ret void
}
define i32 @sub_i32_monotonic(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i32 %v monotonic
 ret i32 %r
}
define void @sub_i32_monotonic_void(ptr %p, i32 %v) {
 %r = atomicrmw sub ptr %p, i32 %v monotonic
 ret void
}
define i32 @sub_i32_acquire(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i32 %v acquire
 ret i32 %r
}
define void @sub_i32_acquire_void(ptr %p, i32 %v) {
 %r = atomicrmw sub ptr %p, i32 %v acquire
 ret void
}
define i32 @sub_i32_release(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i32 %v release
 ret i32 %r
}
define void @sub_i32_release_void(ptr %p, i32 %v) {
 %r = atomicrmw sub ptr %p, i32 %v release
 ret void
}
define i32 @sub_i32_acq_rel(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i32 %v acq_rel
 ret i32 %r
}
define void @sub_i32_acq_rel_void(ptr %p, i32 %v) {
 %r = atomicrmw sub ptr %p, i32 %v acq_rel
 ret void
}
define i32 @sub_i32_seq_cst(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i32 %v seq_cst
 ret i32 %r
}
define void @sub_i32_seq_cst_void(ptr %p, i32 %v) {
 %r = atomicrmw sub ptr %p, i32 %v seq_cst
 ret void
}
define i32 @and_i32_monotonic(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i32 %v monotonic
 ret i32 %r
}
define void @and_i32_monotonic_void(ptr %p, i32 %v) {
 %r = atomicrmw and ptr %p, i32 %v monotonic
 ret void
}
define i32 @and_i32_acquire(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i32 %v acquire
 ret i32 %r
}
define void @and_i32_acquire_void(ptr %p, i32 %v) {
 %r = atomicrmw and ptr %p, i32 %v acquire
 ret void
}
define i32 @and_i32_release(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i32 %v release
 ret i32 %r
}
define void @and_i32_release_void(ptr %p, i32 %v) {
 %r = atomicrmw and ptr %p, i32 %v release
 ret void
}
define i32 @and_i32_acq_rel(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i32 %v acq_rel
 ret i32 %r
}
define void @and_i32_acq_rel_void(ptr %p, i32 %v) {
 %r = atomicrmw and ptr %p, i32 %v acq_rel
 ret void
}
define i32 @and_i32_seq_cst(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i32 %v seq_cst
 ret i32 %r
}
define void @and_i32_seq_cst_void(ptr %p, i32 %v) {
 %r = atomicrmw and ptr %p, i32 %v seq_cst
 ret void
}
define i32 @or_i32_monotonic(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i32 %v monotonic
 ret i32 %r
}
define void @or_i32_monotonic_void(ptr %p, i32 %v) {
 %r = atomicrmw or ptr %p, i32 %v monotonic
 ret void
}
define i32 @or_i32_acquire(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i32 %v acquire
 ret i32 %r
}
define void @or_i32_acquire_void(ptr %p, i32 %v) {
 %r = atomicrmw or ptr %p, i32 %v acquire
 ret void
}
define i32 @or_i32_release(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i32 %v release
 ret i32 %r
}
define void @or_i32_release_void(ptr %p, i32 %v) {
 %r = atomicrmw or ptr %p, i32 %v release
 ret void
}
define i32 @or_i32_acq_rel(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i32 %v acq_rel
 ret i32 %r
}
define void @or_i32_acq_rel_void(ptr %p, i32 %v) {
 %r = atomicrmw or ptr %p, i32 %v acq_rel
 ret void
}
define i32 @or_i32_seq_cst(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i32 %v seq_cst
 ret i32 %r
}
define void @or_i32_seq_cst_void(ptr %p, i32 %v) {
 %r = atomicrmw or ptr %p, i32 %v seq_cst
 ret void
}
define i32 @xor_i32_monotonic(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i32 %v monotonic
 ret i32 %r
}
define void @xor_i32_monotonic_void(ptr %p, i32 %v) {
 %r = atomicrmw xor ptr %p, i32 %v monotonic
 ret void
}
define i32 @xor_i32_acquire(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i32 %v acquire
 ret i32 %r
}
define void @xor_i32_acquire_void(ptr %p, i32 %v) {
 %r = atomicrmw xor ptr %p, i32 %v acquire
 ret void
}
define i32 @xor_i32_release(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i32 %v release
 ret i32 %r
}
define void @xor_i32_release_void(ptr %p, i32 %v) {
 %r = atomicrmw xor ptr %p, i32 %v release
 ret void
}
define i32 @xor_i32_acq_rel(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i32 %v acq_rel
 ret i32 %r
}
define void @xor_i32_acq_rel_void(ptr %p, i32 %v) {
 %r = atomicrmw xor ptr %p, i32 %v acq_rel
 ret void
}
define i32 @xor_i32_seq_cst(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i32 %v seq_cst
 ret i32 %r
}
define void @xor_i32_seq_cst_void(ptr %p, i32 %v) {
 %r = atomicrmw xor ptr %p, i32 %v seq_cst
 ret void
}
define i32 @xchg_i32_monotonic(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i32 %v monotonic
 ret i32 %r
}
define i32 @xchg_i32_acquire(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i32 %v acquire
 ret i32 %r
}
define i32 @xchg_i32_release(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i32 %v release
 ret i32 %r
}
define i32 @xchg_i32_acq_rel(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i32 %v acq_rel
 ret i32 %r
}
define i32 @xchg_i32_seq_cst(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i32 %v seq_cst
 ret i32 %r
}
define i32 @cx_i32_monotonic_monotonic(ptr %p, i32 %a, i32 %b) {
 %q = getelementptr i32, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i32 %a, i32 %b monotonic monotonic
 %x = extractvalue { i32, i1 } %r, 0
 ret i32 %x
}
define i1 @cxb_i32_monotonic_monotonic(ptr %p, i32 %a, i32 %b) {
 %r = cmpxchg ptr %p, i32 %a, i32 %b monotonic monotonic
 %x = extractvalue { i32, i1 } %r, 1
 ret i1 %x
}
define i32 @cx_i32_acquire_monotonic(ptr %p, i32 %a, i32 %b) {
 %q = getelementptr i32, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i32 %a, i32 %b acquire monotonic
 %x = extractvalue { i32, i1 } %r, 0
 ret i32 %x
}
define i1 @cxb_i32_acquire_monotonic(ptr %p, i32 %a, i32 %b) {
 %r = cmpxchg ptr %p, i32 %a, i32 %b acquire monotonic
 %x = extractvalue { i32, i1 } %r, 1
 ret i1 %x
}
define i32 @cx_i32_release_acquire(ptr %p, i32 %a, i32 %b) {
 %q = getelementptr i32, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i32 %a, i32 %b release acquire
 %x = extractvalue { i32, i1 } %r, 0
 ret i32 %x
}
define i1 @cxb_i32_release_acquire(ptr %p, i32 %a, i32 %b) {
 %r = cmpxchg ptr %p, i32 %a, i32 %b release acquire
 %x = extractvalue { i32, i1 } %r, 1
 ret i1 %x
}
define i32 @cx_i32_acq_rel_acquire(ptr %p, i32 %a, i32 %b) {
 %q = getelementptr i32, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i32 %a, i32 %b acq_rel acquire
 %x = extractvalue { i32, i1 } %r, 0
 ret i32 %x
}
define i1 @cxb_i32_acq_rel_acquire(ptr %p, i32 %a, i32 %b) {
 %r = cmpxchg ptr %p, i32 %a, i32 %b acq_rel acquire
 %x = extractvalue { i32, i1 } %r, 1
 ret i1 %x
}
define i32 @cx_i32_seq_cst_seq_cst(ptr %p, i32 %a, i32 %b) {
 %q = getelementptr i32, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i32 %a, i32 %b seq_cst seq_cst
 %x = extractvalue { i32, i1 } %r, 0
 ret i32 %x
}
define i1 @cxb_i32_seq_cst_seq_cst(ptr %p, i32 %a, i32 %b) {
 %r = cmpxchg ptr %p, i32 %a, i32 %b seq_cst seq_cst
 %x = extractvalue { i32, i1 } %r, 1
 ret i1 %x
}
define i64 @add_i64_monotonic(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i64 %v monotonic
 ret i64 %r
}
define void @add_i64_monotonic_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v monotonic
 ret void
}
define i64 @add_i64_acquire(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i64 %v acquire
 ret i64 %r
}
define void @add_i64_acquire_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v acquire
 ret void
}
define i64 @add_i64_release(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i64 %v release
 ret i64 %r
}
define void @add_i64_release_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v release
 ret void
}
define i64 @add_i64_acq_rel(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i64 %v acq_rel
 ret i64 %r
}
define void @add_i64_acq_rel_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v acq_rel
 ret void
}
define i64 @add_i64_seq_cst(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw add ptr %q, i64 %v seq_cst
 ret i64 %r
}
define void @add_i64_seq_cst_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v seq_cst
 ret void
}
define i64 @sub_i64_monotonic(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i64 %v monotonic
 ret i64 %r
}
define void @sub_i64_monotonic_void(ptr %p, i64 %v) {
 %r = atomicrmw sub ptr %p, i64 %v monotonic
 ret void
}
define i64 @sub_i64_acquire(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i64 %v acquire
 ret i64 %r
}
define void @sub_i64_acquire_void(ptr %p, i64 %v) {
 %r = atomicrmw sub ptr %p, i64 %v acquire
 ret void
}
define i64 @sub_i64_release(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i64 %v release
 ret i64 %r
}
define void @sub_i64_release_void(ptr %p, i64 %v) {
 %r = atomicrmw sub ptr %p, i64 %v release
 ret void
}
define i64 @sub_i64_acq_rel(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i64 %v acq_rel
 ret i64 %r
}
define void @sub_i64_acq_rel_void(ptr %p, i64 %v) {
 %r = atomicrmw sub ptr %p, i64 %v acq_rel
 ret void
}
define i64 @sub_i64_seq_cst(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw sub ptr %q, i64 %v seq_cst
 ret i64 %r
}
define void @sub_i64_seq_cst_void(ptr %p, i64 %v) {
 %r = atomicrmw sub ptr %p, i64 %v seq_cst
 ret void
}
define i64 @and_i64_monotonic(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i64 %v monotonic
 ret i64 %r
}
define void @and_i64_monotonic_void(ptr %p, i64 %v) {
 %r = atomicrmw and ptr %p, i64 %v monotonic
 ret void
}
define i64 @and_i64_acquire(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i64 %v acquire
 ret i64 %r
}
define void @and_i64_acquire_void(ptr %p, i64 %v) {
 %r = atomicrmw and ptr %p, i64 %v acquire
 ret void
}
define i64 @and_i64_release(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i64 %v release
 ret i64 %r
}
define void @and_i64_release_void(ptr %p, i64 %v) {
 %r = atomicrmw and ptr %p, i64 %v release
 ret void
}
define i64 @and_i64_acq_rel(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i64 %v acq_rel
 ret i64 %r
}
define void @and_i64_acq_rel_void(ptr %p, i64 %v) {
 %r = atomicrmw and ptr %p, i64 %v acq_rel
 ret void
}
define i64 @and_i64_seq_cst(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw and ptr %q, i64 %v seq_cst
 ret i64 %r
}
define void @and_i64_seq_cst_void(ptr %p, i64 %v) {
 %r = atomicrmw and ptr %p, i64 %v seq_cst
 ret void
}
define i64 @or_i64_monotonic(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i64 %v monotonic
 ret i64 %r
}
define void @or_i64_monotonic_void(ptr %p, i64 %v) {
 %r = atomicrmw or ptr %p, i64 %v monotonic
 ret void
}
define i64 @or_i64_acquire(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i64 %v acquire
 ret i64 %r
}
define void @or_i64_acquire_void(ptr %p, i64 %v) {
 %r = atomicrmw or ptr %p, i64 %v acquire
 ret void
}
define i64 @or_i64_release(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i64 %v release
 ret i64 %r
}
define void @or_i64_release_void(ptr %p, i64 %v) {
 %r = atomicrmw or ptr %p, i64 %v release
 ret void
}
define i64 @or_i64_acq_rel(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i64 %v acq_rel
 ret i64 %r
}
define void @or_i64_acq_rel_void(ptr %p, i64 %v) {
 %r = atomicrmw or ptr %p, i64 %v acq_rel
 ret void
}
define i64 @or_i64_seq_cst(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw or ptr %q, i64 %v seq_cst
 ret i64 %r
}
define void @or_i64_seq_cst_void(ptr %p, i64 %v) {
 %r = atomicrmw or ptr %p, i64 %v seq_cst
 ret void
}
define i64 @xor_i64_monotonic(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i64 %v monotonic
 ret i64 %r
}
define void @xor_i64_monotonic_void(ptr %p, i64 %v) {
 %r = atomicrmw xor ptr %p, i64 %v monotonic
 ret void
}
define i64 @xor_i64_acquire(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i64 %v acquire
 ret i64 %r
}
define void @xor_i64_acquire_void(ptr %p, i64 %v) {
 %r = atomicrmw xor ptr %p, i64 %v acquire
 ret void
}
define i64 @xor_i64_release(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i64 %v release
 ret i64 %r
}
define void @xor_i64_release_void(ptr %p, i64 %v) {
 %r = atomicrmw xor ptr %p, i64 %v release
 ret void
}
define i64 @xor_i64_acq_rel(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i64 %v acq_rel
 ret i64 %r
}
define void @xor_i64_acq_rel_void(ptr %p, i64 %v) {
 %r = atomicrmw xor ptr %p, i64 %v acq_rel
 ret void
}
define i64 @xor_i64_seq_cst(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xor ptr %q, i64 %v seq_cst
 ret i64 %r
}
define void @xor_i64_seq_cst_void(ptr %p, i64 %v) {
 %r = atomicrmw xor ptr %p, i64 %v seq_cst
 ret void
}
define i64 @xchg_i64_monotonic(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i64 %v monotonic
 ret i64 %r
}
define i64 @xchg_i64_acquire(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i64 %v acquire
 ret i64 %r
}
define i64 @xchg_i64_release(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i64 %v release
 ret i64 %r
}
define i64 @xchg_i64_acq_rel(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i64 %v acq_rel
 ret i64 %r
}
define i64 @xchg_i64_seq_cst(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 2
 %r = atomicrmw xchg ptr %q, i64 %v seq_cst
 ret i64 %r
}
define i64 @cx_i64_monotonic_monotonic(ptr %p, i64 %a, i64 %b) {
 %q = getelementptr i64, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i64 %a, i64 %b monotonic monotonic
 %x = extractvalue { i64, i1 } %r, 0
 ret i64 %x
}
define i1 @cxb_i64_monotonic_monotonic(ptr %p, i64 %a, i64 %b) {
 %r = cmpxchg ptr %p, i64 %a, i64 %b monotonic monotonic
 %x = extractvalue { i64, i1 } %r, 1
 ret i1 %x
}
define i64 @cx_i64_acquire_monotonic(ptr %p, i64 %a, i64 %b) {
 %q = getelementptr i64, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i64 %a, i64 %b acquire monotonic
 %x = extractvalue { i64, i1 } %r, 0
 ret i64 %x
}
define i1 @cxb_i64_acquire_monotonic(ptr %p, i64 %a, i64 %b) {
 %r = cmpxchg ptr %p, i64 %a, i64 %b acquire monotonic
 %x = extractvalue { i64, i1 } %r, 1
 ret i1 %x
}
define i64 @cx_i64_release_acquire(ptr %p, i64 %a, i64 %b) {
 %q = getelementptr i64, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i64 %a, i64 %b release acquire
 %x = extractvalue { i64, i1 } %r, 0
 ret i64 %x
}
define i1 @cxb_i64_release_acquire(ptr %p, i64 %a, i64 %b) {
 %r = cmpxchg ptr %p, i64 %a, i64 %b release acquire
 %x = extractvalue { i64, i1 } %r, 1
 ret i1 %x
}
define i64 @cx_i64_acq_rel_acquire(ptr %p, i64 %a, i64 %b) {
 %q = getelementptr i64, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i64 %a, i64 %b acq_rel acquire
 %x = extractvalue { i64, i1 } %r, 0
 ret i64 %x
}
define i1 @cxb_i64_acq_rel_acquire(ptr %p, i64 %a, i64 %b) {
 %r = cmpxchg ptr %p, i64 %a, i64 %b acq_rel acquire
 %x = extractvalue { i64, i1 } %r, 1
 ret i1 %x
}
define i64 @cx_i64_seq_cst_seq_cst(ptr %p, i64 %a, i64 %b) {
 %q = getelementptr i64, ptr %p, i64 -1
 %r = cmpxchg ptr %q, i64 %a, i64 %b seq_cst seq_cst
 %x = extractvalue { i64, i1 } %r, 0
 ret i64 %x
}
define i1 @cxb_i64_seq_cst_seq_cst(ptr %p, i64 %a, i64 %b) {
 %r = cmpxchg ptr %p, i64 %a, i64 %b seq_cst seq_cst
 %x = extractvalue { i64, i1 } %r, 1
 ret i1 %x
}
