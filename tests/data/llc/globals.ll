; Maps, constants, strings and variables, and which sections they stand in.
%struct.map = type { ptr, ptr, ptr, ptr }
@counts = dso_local global %struct.map zeroinitializer, section ".maps", align 8
@"odd_name" = dso_local global %struct.map zeroinitializer, section ".maps", align 8
@old = global { i32, i32, i32, i32 } { i32 1, i32 4, i32 8, i32 16 }, section "maps", align 4
@_license = dso_local global [4 x i8] c"GPL\00", section "license", align 1
@_version = dso_local global i32 263168, section "version", align 4
@zero = dso_local global i32 0, align 4
@data = dso_local global i64 72623859790382856, align 8
@ro = internal constant [6 x i16] [i16 1, i16 -2, i16 3, i16 4, i16 5, i16 6], align 2
@str = private unnamed_addr constant [13 x i8] c"Hello \22BPF\22\0A\00", align 1
@str2 = private unnamed_addr constant [4 x i8] c"\00\01\FF\80", align 1
@common = common global i32 0, align 4
@ext = external global i32, align 4
@extw = extern_weak global i32, section ".ksyms"
@kconf = external constant i32, section ".kconfig"
@tab = global [2 x ptr] [ptr @f, ptr @g]
@fl = global double 1.5
@hidden = hidden global i32 3
@prot = protected global i8 3
@weak = weak global i32 9
@lo = linkonce_odr global i32 9
@tl = internal global [100 x i8] zeroinitializer
@i128 = global i128 5
@expr = global i64 ptrtoint (ptr getelementptr (i8, ptr @data, i64 3) to i64)
@llvm.used = appending global [2 x ptr] [ptr @counts, ptr @_license], section "llvm.metadata"
define i64 @f(ptr %ctx) section "tc" {
 %v = load volatile i32, ptr @zero
 %v2 = load volatile i64, ptr @data
 %k = alloca i32
 store i32 %v, ptr %k
 %r = call ptr inttoptr (i64 1 to ptr)(ptr @counts, ptr %k)
 %r2 = call ptr inttoptr (i64 1 to ptr)(ptr @"odd_name", ptr %k)
 %r3 = call ptr inttoptr (i64 1 to ptr)(ptr @old, ptr %k)
 %c = icmp eq ptr %r, null
 br i1 %c, label %out, label %more
more:
 %x = load i64, ptr %r
 %e = load volatile i32, ptr @ext
 %ew = load volatile i32, ptr @extw
 %kc = load volatile i32, ptr @kconf
 %cm = load volatile i32, ptr @common
 store i32 %kc, ptr @weak
 %q = getelementptr [100 x i8], ptr @tl, i64 0, i64 17
 store i8 1, ptr %q
 %p = call i64 inttoptr (i64 6 to ptr)(ptr @str, i32 14, i64 %x)
 %p2 = call i64 inttoptr (i64 6 to ptr)(ptr @str2, i32 4, i64 %x)
 ret i64 %p
out:
 ret i64 %v2
}
define i16 @g(i64 %i) section "xdp/foo-bar" {
 %q = getelementptr [6 x i16], ptr @ro, i64 0, i64 %i
 %v = load i16, ptr %q
 ret i16 %v
}
define i32 @h() section ".text.unlikely" {
 ret i32 3
}
define i32 @i() {
 %v = load i32, ptr @hidden
 ret i32 %v
}
