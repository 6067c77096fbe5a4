; Functions: internal, weak, external, in sections, by pointer, with names that are words of the assembly.
declare i32 @external(i32)
declare extern_weak i32 @kfunc(ptr) section ".ksyms"
@table = internal constant [2 x ptr] [ptr @one, ptr @two]
define internal i32 @one(i32 %x) noinline {
 %r = mul i32 %x, 3
 ret i32 %r
}
define weak i32 @two(i32 %x) noinline {
 %r = call i32 @one(i32 %x)
 %s = add i32 %r, 1
 ret i32 %s
}
define linkonce_odr hidden i32 @three(i32 %x) noinline {
 %r = call i32 @two(i32 %x)
 ret i32 %r
}
define i32 @main(ptr %ctx) section "classifier/main" {
 %a = load i32, ptr %ctx
 %b = call i32 @one(i32 %a)
 %c = call i32 @two(i32 %b)
 %d = call i32 @three(i32 %c)
 %e = call i32 @external(i32 %d)
 %f = call i32 @kfunc(ptr %ctx)
 %s = add i32 %e, %f
 %t = call i32 @"quotedname"(i32 %s)
 ret i32 %t
}
define i32 @"quotedname"(i32 %x) noinline {
 %y = call i32 @"digits0"(i32 %x)
 ret i32 %y
}
define i32 @"digits0"(i32 %x) noinline {
 ret i32 %x
}
define i32 @"goto"(i32 %x) noinline {
 ret i32 %x
}
define i32 @r11x(i32 %x) noinline {
 %y = call i32 @"goto"(i32 %x)
 ret i32 %y
}
define i32 @"ll"(i32 %x) noinline {
 %y = call i32 @r11x(i32 %x)
 ret i32 %y
}
define i32 @"na\C3\AFve"(i32 %x) noinline {
 %y = call i32 @"ll"(i32 %x)
 ret i32 %y
}
define i32 @"a$b.c?d@e"(i32 %x) noinline {
 %y = call i32 @"na\C3\AFve"(i32 %x)
 ret i32 %y
}
define i32 @indirect(i32 %i) {
 %q = getelementptr [2 x ptr], ptr @table, i32 0, i32 %i
 %f = load ptr, ptr %q
 %r = call i32 %f(i32 %i)
 ret i32 %r
}
define i64 @loop(ptr %ctx) section "raw_tp" {
 %r = call i64 inttoptr (i64 181 to ptr)(i32 10, ptr @body, ptr %ctx, i64 0)
 ret i64 %r
}
define internal i64 @body(i64 %i, ptr %ctx) {
 ret i64 0
}
define void @uw() uwtable {
 %x = call i32 @external(i32 1)
 ret void
}
define i64 @five(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e) cold {
 %x = add i64 %a, %e
 ret i64 %x
}
