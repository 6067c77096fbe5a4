; Atomic additions whose result nobody takes: all there is without alu32.
define void @add_i64_monotonic_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v monotonic
 ret void
}

define void @add_i64_acquire_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v acquire
 ret void
}

define void @add_i64_release_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v release
 ret void
}

define void @add_i64_acq_rel_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v acq_rel
 ret void
}

define void @add_i64_seq_cst_void(ptr %p, i64 %v) {
 %r = atomicrmw add ptr %p, i64 %v seq_cst
 ret void
}
