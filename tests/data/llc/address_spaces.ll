; Casts between address spaces.
define i64 @as(ptr addrspace(1) %p) {
 %q = addrspacecast ptr addrspace(1) %p to ptr
 %v = load i64, ptr %q
 ret i64 %v
}
define ptr addrspace(1) @back(ptr %p) {
 %q = addrspacecast ptr %p to ptr addrspace(1)
 ret ptr addrspace(1) %q
}
