; Loads and stores of all widths and offsets, copies, the stack.
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
define i8 @ld_i8_0(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 0
 %v = load volatile i8, ptr %q
 ret i8 %v
}
define void @st_i8_0(ptr %p, i8 %v) {
 %q = getelementptr i8, ptr %p, i64 0
 store i8 %v, ptr %q
 ret void
}
define void @sti_i8_0(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 0
 store i8 -3, ptr %q
 ret void
}
define i8 @ld_i8_3(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 3
 %v = load volatile i8, ptr %q
 ret i8 %v
}
define void @st_i8_3(ptr %p, i8 %v) {
 %q = getelementptr i8, ptr %p, i64 3
 store i8 %v, ptr %q
 ret void
}
define void @sti_i8_3(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 3
 store i8 -3, ptr %q
 ret void
}
define i8 @ld_i8_m2(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 -2
 %v = load volatile i8, ptr %q
 ret i8 %v
}
define void @st_i8_m2(ptr %p, i8 %v) {
 %q = getelementptr i8, ptr %p, i64 -2
 store i8 %v, ptr %q
 ret void
}
define void @sti_i8_m2(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 -2
 store i8 -3, ptr %q
 ret void
}
define i8 @ld_i8_4000(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 4000
 %v = load volatile i8, ptr %q
 ret i8 %v
}
define void @st_i8_4000(ptr %p, i8 %v) {
 %q = getelementptr i8, ptr %p, i64 4000
 store i8 %v, ptr %q
 ret void
}
define void @sti_i8_4000(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 4000
 store i8 -3, ptr %q
 ret void
}
define i8 @ld_i8_m4096(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 -4096
 %v = load volatile i8, ptr %q
 ret i8 %v
}
define void @st_i8_m4096(ptr %p, i8 %v) {
 %q = getelementptr i8, ptr %p, i64 -4096
 store i8 %v, ptr %q
 ret void
}
define void @sti_i8_m4096(ptr %p) {
 %q = getelementptr i8, ptr %p, i64 -4096
 store i8 -3, ptr %q
 ret void
}
define i64 @lds_i8(ptr %p) {
 %v = load i8, ptr %p
 %w = sext i8 %v to i64
 ret i64 %w
}
define i64 @ldz_i8(ptr %p) {
 %v = load i8, ptr %p
 %w = zext i8 %v to i64
 ret i64 %w
}
define i8 @un_i8(ptr %p) {
 %v = load i8, ptr %p, align 1
 ret i8 %v
}
define i16 @ld_i16_0(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 0
 %v = load volatile i16, ptr %q
 ret i16 %v
}
define void @st_i16_0(ptr %p, i16 %v) {
 %q = getelementptr i16, ptr %p, i64 0
 store i16 %v, ptr %q
 ret void
}
define void @sti_i16_0(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 0
 store i16 -3, ptr %q
 ret void
}
define i16 @ld_i16_3(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 3
 %v = load volatile i16, ptr %q
 ret i16 %v
}
define void @st_i16_3(ptr %p, i16 %v) {
 %q = getelementptr i16, ptr %p, i64 3
 store i16 %v, ptr %q
 ret void
}
define void @sti_i16_3(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 3
 store i16 -3, ptr %q
 ret void
}
define i16 @ld_i16_m2(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 -2
 %v = load volatile i16, ptr %q
 ret i16 %v
}
define void @st_i16_m2(ptr %p, i16 %v) {
 %q = getelementptr i16, ptr %p, i64 -2
 store i16 %v, ptr %q
 ret void
}
define void @sti_i16_m2(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 -2
 store i16 -3, ptr %q
 ret void
}
define i16 @ld_i16_4000(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 4000
 %v = load volatile i16, ptr %q
 ret i16 %v
}
define void @st_i16_4000(ptr %p, i16 %v) {
 %q = getelementptr i16, ptr %p, i64 4000
 store i16 %v, ptr %q
 ret void
}
define void @sti_i16_4000(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 4000
 store i16 -3, ptr %q
 ret void
}
define i16 @ld_i16_m4096(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 -4096
 %v = load volatile i16, ptr %q
 ret i16 %v
}
define void @st_i16_m4096(ptr %p, i16 %v) {
 %q = getelementptr i16, ptr %p, i64 -4096
 store i16 %v, ptr %q
 ret void
}
define void @sti_i16_m4096(ptr %p) {
 %q = getelementptr i16, ptr %p, i64 -4096
 store i16 -3, ptr %q
 ret void
}
define i64 @lds_i16(ptr %p) {
 %v = load i16, ptr %p
 %w = sext i16 %v to i64
 ret i64 %w
}
define i64 @ldz_i16(ptr %p) {
 %v = load i16, ptr %p
 %w = zext i16 %v to i64
 ret i64 %w
}
define i16 @un_i16(ptr %p) {
 %v = load i16, ptr %p, align 1
 ret i16 %v
}
define i32 @ld_i32_0(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 0
 %v = load volatile i32, ptr %q
 ret i32 %v
}
define void @st_i32_0(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 0
 store i32 %v, ptr %q
 ret void
}
define void @sti_i32_0(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 0
 store i32 -3, ptr %q
 ret void
}
define i32 @ld_i32_3(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 3
 %v = load volatile i32, ptr %q
 ret i32 %v
}
define void @st_i32_3(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 3
 store i32 %v, ptr %q
 ret void
}
define void @sti_i32_3(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 3
 store i32 -3, ptr %q
 ret void
}
define i32 @ld_i32_m2(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 -2
 %v = load volatile i32, ptr %q
 ret i32 %v
}
define void @st_i32_m2(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 -2
 store i32 %v, ptr %q
 ret void
}
define void @sti_i32_m2(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 -2
 store i32 -3, ptr %q
 ret void
}
define i32 @ld_i32_4000(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 4000
 %v = load volatile i32, ptr %q
 ret i32 %v
}
define void @st_i32_4000(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 4000
 store i32 %v, ptr %q
 ret void
}
define void @sti_i32_4000(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 4000
 store i32 -3, ptr %q
 ret void
}
define i32 @ld_i32_m4096(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 -4096
 %v = load volatile i32, ptr %q
 ret i32 %v
}
define void @st_i32_m4096(ptr %p, i32 %v) {
 %q = getelementptr i32, ptr %p, i64 -4096
 store i32 %v, ptr %q
 ret void
}
define void @sti_i32_m4096(ptr %p) {
 %q = getelementptr i32, ptr %p, i64 -4096
 store i32 -3, ptr %q
 ret void
}
define i64 @lds_i32(ptr %p) {
 %v = load i32, ptr %p
 %w = sext i32 %v to i64
 ret i64 %w
}
define i64 @ldz_i32(ptr %p) {
 %v = load i32, ptr %p
 %w = zext i32 %v to i64
 ret i64 %w
}
define i32 @un_i32(ptr %p) {
 %v = load i32, ptr %p, align 1
 ret i32 %v
}
define i64 @ld_i64_0(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 0
 %v = load volatile i64, ptr %q
 ret i64 %v
}
define void @st_i64_0(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 0
 store i64 %v, ptr %q
 ret void
}
define void @sti_i64_0(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 0
 store i64 -3, ptr %q
 ret void
}
define i64 @ld_i64_3(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 3
 %v = load volatile i64, ptr %q
 ret i64 %v
}
define void @st_i64_3(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 3
 store i64 %v, ptr %q
 ret void
}
define void @sti_i64_3(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 3
 store i64 -3, ptr %q
 ret void
}
define i64 @ld_i64_m2(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 -2
 %v = load volatile i64, ptr %q
 ret i64 %v
}
define void @st_i64_m2(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 -2
 store i64 %v, ptr %q
 ret void
}
define void @sti_i64_m2(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 -2
 store i64 -3, ptr %q
 ret void
}
define i64 @ld_i64_4000(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 4000
 %v = load volatile i64, ptr %q
 ret i64 %v
}
define void @st_i64_4000(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 4000
 store i64 %v, ptr %q
 ret void
}
define void @sti_i64_4000(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 4000
 store i64 -3, ptr %q
 ret void
}
define i64 @ld_i64_m4096(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 -4096
 %v = load volatile i64, ptr %q
 ret i64 %v
}
define void @st_i64_m4096(ptr %p, i64 %v) {
 %q = getelementptr i64, ptr %p, i64 -4096
 store i64 %v, ptr %q
 ret void
}
define void @sti_i64_m4096(ptr %p) {
 %q = getelementptr i64, ptr %p, i64 -4096
 store i64 -3, ptr %q
 ret void
}
define i64 @un_i64(ptr %p) {
 %v = load i64, ptr %p, align 1
 ret i64 %v
}

%s = type { i8, i16, i32, i64, [5 x i8], ptr }
define void @cpy(ptr %a, ptr %b) {
 call void @llvm.memcpy.p0.p0.i64(ptr align 8 %a, ptr align 8 %b, i64 37, i1 false)
 ret void
}
define void @cpy1(ptr %a, ptr %b) {
 call void @llvm.memcpy.p0.p0.i64(ptr align 1 %a, ptr align 1 %b, i64 11, i1 false)
 ret void
}
define void @set(ptr %a) {
 call void @llvm.memset.p0.i64(ptr align 4 %a, i8 -86, i64 23, i1 false)
 ret void
}
define void @mov(ptr %a, ptr %b) {
 call void @llvm.memmove.p0.p0.i64(ptr align 4 %a, ptr align 4 %b, i64 16, i1 false)
 ret void
}
define i64 @stack() {
 %x = alloca %s, align 8
 %y = alloca [40 x i8], align 1
 %f = getelementptr %s, ptr %x, i32 0, i32 4, i32 3
 store volatile i8 4, ptr %f
 call void inttoptr (i64 4 to ptr)(ptr %x, ptr %y)
 %g = getelementptr %s, ptr %x, i32 0, i32 3
 %v = load i64, ptr %g
 ret i64 %v
}
define i64 @byv(ptr %p) {
 %f = getelementptr %s, ptr %p, i32 1, i32 5
 %v = load ptr, ptr %f
 %w = load i64, ptr %v
 ret i64 %w
}
