; LLVM's intrinsics of packet access and of 64-bit loads.
declare i64 @llvm.bpf.load.byte(ptr, i64)
declare i64 @llvm.bpf.load.half(ptr, i64)
declare i64 @llvm.bpf.load.word(ptr, i64)
define i64 @abs(ptr %skb) {
 %a = call i64 @llvm.bpf.load.byte(ptr %skb, i64 5)
 %b = call i64 @llvm.bpf.load.half(ptr %skb, i64 12)
 %c = call i64 @llvm.bpf.load.word(ptr %skb, i64 -4096)
 %d = add i64 %a, %b
 %e = call i64 @llvm.bpf.load.half(ptr %skb, i64 %d)
 %f = add i64 %e, %c
 ret i64 %f
}
declare i64 @llvm.bpf.pseudo(i64, i64)
define i64 @ps() {
 %a = call i64 @llvm.bpf.pseudo(i64 1, i64 7)
 ret i64 %a
}
