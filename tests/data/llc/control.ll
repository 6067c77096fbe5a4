; Loops, a switch, what never returns.
define i64 @fact(i64 %n) {
entry:
 br label %loop
loop:
 %i = phi i64 [ %n, %entry ], [ %j, %loop ]
 %acc = phi i64 [ 1, %entry ], [ %p, %loop ]
 %p = mul i64 %acc, %i
 %j = add i64 %i, -1
 %c = icmp ugt i64 %j, 1
 br i1 %c, label %loop, label %done
done:
 ret i64 %p
}
define i32 @sw(i32 %x) {
 switch i32 %x, label %d [ i32 0, label %a
 i32 1, label %b
 i32 2, label %c
 i32 3, label %e
 i32 9, label %f
 i32 100, label %g
 i32 -5, label %a ]
a:
 ret i32 10
b:
 %y = call i32 inttoptr (i64 5 to ptr)()
 ret i32 %y
c:
 ret i32 30
e:
 ret i32 44
f:
 ret i32 57
g:
 %z = call i32 inttoptr (i64 14 to ptr)(i32 %x)
 ret i32 %z
d:
 unreachable
}
define i64 @nested(ptr %p, i64 %n, i64 %m) {
entry:
 br label %outer
outer:
 %i = phi i64 [ 0, %entry ], [ %i2, %outer.end ]
 %s0 = phi i64 [ 0, %entry ], [ %s, %outer.end ]
 br label %inner
inner:
 %j = phi i64 [ 0, %outer ], [ %j2, %inner ]
 %s1 = phi i64 [ %s0, %outer ], [ %s, %inner ]
 %ix = add i64 %i, %j
 %q = getelementptr i32, ptr %p, i64 %ix
 %v = load i32, ptr %q
 %w = sext i32 %v to i64
 %s = add i64 %s1, %w
 %j2 = add i64 %j, 1
 %c1 = icmp slt i64 %j2, %m
 br i1 %c1, label %inner, label %outer.end
outer.end:
 %i2 = add i64 %i, 1
 %c2 = icmp slt i64 %i2, %n
 br i1 %c2, label %outer, label %end
end:
 ret i64 %s
}
define void @nothing() {
 ret void
}
define i32 @noret() noreturn {
 unreachable
}
define i32 @inf() {
 br label %l
l:
 br label %l
}
