; Comparisons of all kinds, as jumps and as choices.
define i32 @eq_i32_b(i32 %a, i32 %b) {
 %c = icmp eq i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_eq_i32_b(i32 %a, i32 %b) {
 %c = icmp eq i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @eq_i32_7(i32 %a, i32 %b) {
 %c = icmp eq i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_eq_i32_7(i32 %a, i32 %b) {
 %c = icmp eq i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @eq_i32_m1(i32 %a, i32 %b) {
 %c = icmp eq i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_eq_i32_m1(i32 %a, i32 %b) {
 %c = icmp eq i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @eq_i64_b(i64 %a, i64 %b) {
 %c = icmp eq i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_eq_i64_b(i64 %a, i64 %b) {
 %c = icmp eq i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @eq_i64_7(i64 %a, i64 %b) {
 %c = icmp eq i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_eq_i64_7(i64 %a, i64 %b) {
 %c = icmp eq i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @eq_i64_m1(i64 %a, i64 %b) {
 %c = icmp eq i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_eq_i64_m1(i64 %a, i64 %b) {
 %c = icmp eq i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @eq_i8_b(i8 %a, i8 %b) {
 %c = icmp eq i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_eq_i8_b(i8 %a, i8 %b) {
 %c = icmp eq i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @eq_i8_7(i8 %a, i8 %b) {
 %c = icmp eq i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_eq_i8_7(i8 %a, i8 %b) {
 %c = icmp eq i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @eq_i8_m1(i8 %a, i8 %b) {
 %c = icmp eq i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_eq_i8_m1(i8 %a, i8 %b) {
 %c = icmp eq i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ne_i32_b(i32 %a, i32 %b) {
 %c = icmp ne i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ne_i32_b(i32 %a, i32 %b) {
 %c = icmp ne i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ne_i32_7(i32 %a, i32 %b) {
 %c = icmp ne i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ne_i32_7(i32 %a, i32 %b) {
 %c = icmp ne i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ne_i32_m1(i32 %a, i32 %b) {
 %c = icmp ne i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ne_i32_m1(i32 %a, i32 %b) {
 %c = icmp ne i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ne_i64_b(i64 %a, i64 %b) {
 %c = icmp ne i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ne_i64_b(i64 %a, i64 %b) {
 %c = icmp ne i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ne_i64_7(i64 %a, i64 %b) {
 %c = icmp ne i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ne_i64_7(i64 %a, i64 %b) {
 %c = icmp ne i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ne_i64_m1(i64 %a, i64 %b) {
 %c = icmp ne i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ne_i64_m1(i64 %a, i64 %b) {
 %c = icmp ne i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ne_i8_b(i8 %a, i8 %b) {
 %c = icmp ne i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ne_i8_b(i8 %a, i8 %b) {
 %c = icmp ne i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ne_i8_7(i8 %a, i8 %b) {
 %c = icmp ne i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ne_i8_7(i8 %a, i8 %b) {
 %c = icmp ne i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ne_i8_m1(i8 %a, i8 %b) {
 %c = icmp ne i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ne_i8_m1(i8 %a, i8 %b) {
 %c = icmp ne i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ugt_i32_b(i32 %a, i32 %b) {
 %c = icmp ugt i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ugt_i32_b(i32 %a, i32 %b) {
 %c = icmp ugt i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ugt_i32_7(i32 %a, i32 %b) {
 %c = icmp ugt i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ugt_i32_7(i32 %a, i32 %b) {
 %c = icmp ugt i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ugt_i32_m1(i32 %a, i32 %b) {
 %c = icmp ugt i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ugt_i32_m1(i32 %a, i32 %b) {
 %c = icmp ugt i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ugt_i64_b(i64 %a, i64 %b) {
 %c = icmp ugt i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ugt_i64_b(i64 %a, i64 %b) {
 %c = icmp ugt i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ugt_i64_7(i64 %a, i64 %b) {
 %c = icmp ugt i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ugt_i64_7(i64 %a, i64 %b) {
 %c = icmp ugt i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ugt_i64_m1(i64 %a, i64 %b) {
 %c = icmp ugt i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ugt_i64_m1(i64 %a, i64 %b) {
 %c = icmp ugt i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ugt_i8_b(i8 %a, i8 %b) {
 %c = icmp ugt i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ugt_i8_b(i8 %a, i8 %b) {
 %c = icmp ugt i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ugt_i8_7(i8 %a, i8 %b) {
 %c = icmp ugt i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ugt_i8_7(i8 %a, i8 %b) {
 %c = icmp ugt i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ugt_i8_m1(i8 %a, i8 %b) {
 %c = icmp ugt i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ugt_i8_m1(i8 %a, i8 %b) {
 %c = icmp ugt i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @uge_i32_b(i32 %a, i32 %b) {
 %c = icmp uge i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_uge_i32_b(i32 %a, i32 %b) {
 %c = icmp uge i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @uge_i32_7(i32 %a, i32 %b) {
 %c = icmp uge i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_uge_i32_7(i32 %a, i32 %b) {
 %c = icmp uge i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @uge_i32_m1(i32 %a, i32 %b) {
 %c = icmp uge i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_uge_i32_m1(i32 %a, i32 %b) {
 %c = icmp uge i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @uge_i64_b(i64 %a, i64 %b) {
 %c = icmp uge i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_uge_i64_b(i64 %a, i64 %b) {
 %c = icmp uge i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @uge_i64_7(i64 %a, i64 %b) {
 %c = icmp uge i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_uge_i64_7(i64 %a, i64 %b) {
 %c = icmp uge i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @uge_i64_m1(i64 %a, i64 %b) {
 %c = icmp uge i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_uge_i64_m1(i64 %a, i64 %b) {
 %c = icmp uge i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @uge_i8_b(i8 %a, i8 %b) {
 %c = icmp uge i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_uge_i8_b(i8 %a, i8 %b) {
 %c = icmp uge i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @uge_i8_7(i8 %a, i8 %b) {
 %c = icmp uge i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_uge_i8_7(i8 %a, i8 %b) {
 %c = icmp uge i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @uge_i8_m1(i8 %a, i8 %b) {
 %c = icmp uge i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_uge_i8_m1(i8 %a, i8 %b) {
 %c = icmp uge i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ult_i32_b(i32 %a, i32 %b) {
 %c = icmp ult i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ult_i32_b(i32 %a, i32 %b) {
 %c = icmp ult i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ult_i32_7(i32 %a, i32 %b) {
 %c = icmp ult i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ult_i32_7(i32 %a, i32 %b) {
 %c = icmp ult i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ult_i32_m1(i32 %a, i32 %b) {
 %c = icmp ult i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ult_i32_m1(i32 %a, i32 %b) {
 %c = icmp ult i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ult_i64_b(i64 %a, i64 %b) {
 %c = icmp ult i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ult_i64_b(i64 %a, i64 %b) {
 %c = icmp ult i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ult_i64_7(i64 %a, i64 %b) {
 %c = icmp ult i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ult_i64_7(i64 %a, i64 %b) {
 %c = icmp ult i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ult_i64_m1(i64 %a, i64 %b) {
 %c = icmp ult i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ult_i64_m1(i64 %a, i64 %b) {
 %c = icmp ult i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ult_i8_b(i8 %a, i8 %b) {
 %c = icmp ult i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ult_i8_b(i8 %a, i8 %b) {
 %c = icmp ult i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ult_i8_7(i8 %a, i8 %b) {
 %c = icmp ult i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ult_i8_7(i8 %a, i8 %b) {
 %c = icmp ult i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ult_i8_m1(i8 %a, i8 %b) {
 %c = icmp ult i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ult_i8_m1(i8 %a, i8 %b) {
 %c = icmp ult i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ule_i32_b(i32 %a, i32 %b) {
 %c = icmp ule i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ule_i32_b(i32 %a, i32 %b) {
 %c = icmp ule i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ule_i32_7(i32 %a, i32 %b) {
 %c = icmp ule i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ule_i32_7(i32 %a, i32 %b) {
 %c = icmp ule i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ule_i32_m1(i32 %a, i32 %b) {
 %c = icmp ule i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_ule_i32_m1(i32 %a, i32 %b) {
 %c = icmp ule i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @ule_i64_b(i64 %a, i64 %b) {
 %c = icmp ule i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ule_i64_b(i64 %a, i64 %b) {
 %c = icmp ule i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ule_i64_7(i64 %a, i64 %b) {
 %c = icmp ule i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ule_i64_7(i64 %a, i64 %b) {
 %c = icmp ule i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ule_i64_m1(i64 %a, i64 %b) {
 %c = icmp ule i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_ule_i64_m1(i64 %a, i64 %b) {
 %c = icmp ule i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @ule_i8_b(i8 %a, i8 %b) {
 %c = icmp ule i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ule_i8_b(i8 %a, i8 %b) {
 %c = icmp ule i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ule_i8_7(i8 %a, i8 %b) {
 %c = icmp ule i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ule_i8_7(i8 %a, i8 %b) {
 %c = icmp ule i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @ule_i8_m1(i8 %a, i8 %b) {
 %c = icmp ule i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_ule_i8_m1(i8 %a, i8 %b) {
 %c = icmp ule i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @sgt_i32_b(i32 %a, i32 %b) {
 %c = icmp sgt i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_sgt_i32_b(i32 %a, i32 %b) {
 %c = icmp sgt i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @sgt_i32_7(i32 %a, i32 %b) {
 %c = icmp sgt i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_sgt_i32_7(i32 %a, i32 %b) {
 %c = icmp sgt i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @sgt_i32_m1(i32 %a, i32 %b) {
 %c = icmp sgt i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_sgt_i32_m1(i32 %a, i32 %b) {
 %c = icmp sgt i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @sgt_i64_b(i64 %a, i64 %b) {
 %c = icmp sgt i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_sgt_i64_b(i64 %a, i64 %b) {
 %c = icmp sgt i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @sgt_i64_7(i64 %a, i64 %b) {
 %c = icmp sgt i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_sgt_i64_7(i64 %a, i64 %b) {
 %c = icmp sgt i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @sgt_i64_m1(i64 %a, i64 %b) {
 %c = icmp sgt i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_sgt_i64_m1(i64 %a, i64 %b) {
 %c = icmp sgt i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @sgt_i8_b(i8 %a, i8 %b) {
 %c = icmp sgt i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_sgt_i8_b(i8 %a, i8 %b) {
 %c = icmp sgt i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @sgt_i8_7(i8 %a, i8 %b) {
 %c = icmp sgt i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_sgt_i8_7(i8 %a, i8 %b) {
 %c = icmp sgt i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @sgt_i8_m1(i8 %a, i8 %b) {
 %c = icmp sgt i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_sgt_i8_m1(i8 %a, i8 %b) {
 %c = icmp sgt i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @sge_i32_b(i32 %a, i32 %b) {
 %c = icmp sge i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_sge_i32_b(i32 %a, i32 %b) {
 %c = icmp sge i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @sge_i32_7(i32 %a, i32 %b) {
 %c = icmp sge i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_sge_i32_7(i32 %a, i32 %b) {
 %c = icmp sge i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @sge_i32_m1(i32 %a, i32 %b) {
 %c = icmp sge i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_sge_i32_m1(i32 %a, i32 %b) {
 %c = icmp sge i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @sge_i64_b(i64 %a, i64 %b) {
 %c = icmp sge i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_sge_i64_b(i64 %a, i64 %b) {
 %c = icmp sge i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @sge_i64_7(i64 %a, i64 %b) {
 %c = icmp sge i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_sge_i64_7(i64 %a, i64 %b) {
 %c = icmp sge i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @sge_i64_m1(i64 %a, i64 %b) {
 %c = icmp sge i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_sge_i64_m1(i64 %a, i64 %b) {
 %c = icmp sge i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @sge_i8_b(i8 %a, i8 %b) {
 %c = icmp sge i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_sge_i8_b(i8 %a, i8 %b) {
 %c = icmp sge i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @sge_i8_7(i8 %a, i8 %b) {
 %c = icmp sge i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_sge_i8_7(i8 %a, i8 %b) {
 %c = icmp sge i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @sge_i8_m1(i8 %a, i8 %b) {
 %c = icmp sge i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_sge_i8_m1(i8 %a, i8 %b) {
 %c = icmp sge i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @slt_i32_b(i32 %a, i32 %b) {
 %c = icmp slt i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_slt_i32_b(i32 %a, i32 %b) {
 %c = icmp slt i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @slt_i32_7(i32 %a, i32 %b) {
 %c = icmp slt i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_slt_i32_7(i32 %a, i32 %b) {
 %c = icmp slt i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @slt_i32_m1(i32 %a, i32 %b) {
 %c = icmp slt i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_slt_i32_m1(i32 %a, i32 %b) {
 %c = icmp slt i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @slt_i64_b(i64 %a, i64 %b) {
 %c = icmp slt i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_slt_i64_b(i64 %a, i64 %b) {
 %c = icmp slt i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @slt_i64_7(i64 %a, i64 %b) {
 %c = icmp slt i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_slt_i64_7(i64 %a, i64 %b) {
 %c = icmp slt i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @slt_i64_m1(i64 %a, i64 %b) {
 %c = icmp slt i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_slt_i64_m1(i64 %a, i64 %b) {
 %c = icmp slt i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @slt_i8_b(i8 %a, i8 %b) {
 %c = icmp slt i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_slt_i8_b(i8 %a, i8 %b) {
 %c = icmp slt i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @slt_i8_7(i8 %a, i8 %b) {
 %c = icmp slt i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_slt_i8_7(i8 %a, i8 %b) {
 %c = icmp slt i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @slt_i8_m1(i8 %a, i8 %b) {
 %c = icmp slt i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_slt_i8_m1(i8 %a, i8 %b) {
 %c = icmp slt i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @sle_i32_b(i32 %a, i32 %b) {
 %c = icmp sle i32 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_sle_i32_b(i32 %a, i32 %b) {
 %c = icmp sle i32 %a, %b
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @sle_i32_7(i32 %a, i32 %b) {
 %c = icmp sle i32 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_sle_i32_7(i32 %a, i32 %b) {
 %c = icmp sle i32 %a, 7
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @sle_i32_m1(i32 %a, i32 %b) {
 %c = icmp sle i32 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i32 @sel_sle_i32_m1(i32 %a, i32 %b) {
 %c = icmp sle i32 %a, -1
 %r = select i1 %c, i32 %b, i32 3
 ret i32 %r
}
define i32 @sle_i64_b(i64 %a, i64 %b) {
 %c = icmp sle i64 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_sle_i64_b(i64 %a, i64 %b) {
 %c = icmp sle i64 %a, %b
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @sle_i64_7(i64 %a, i64 %b) {
 %c = icmp sle i64 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_sle_i64_7(i64 %a, i64 %b) {
 %c = icmp sle i64 %a, 7
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @sle_i64_m1(i64 %a, i64 %b) {
 %c = icmp sle i64 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i64 @sel_sle_i64_m1(i64 %a, i64 %b) {
 %c = icmp sle i64 %a, -1
 %r = select i1 %c, i64 %b, i64 3
 ret i64 %r
}
define i32 @sle_i8_b(i8 %a, i8 %b) {
 %c = icmp sle i8 %a, %b
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_sle_i8_b(i8 %a, i8 %b) {
 %c = icmp sle i8 %a, %b
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @sle_i8_7(i8 %a, i8 %b) {
 %c = icmp sle i8 %a, 7
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_sle_i8_7(i8 %a, i8 %b) {
 %c = icmp sle i8 %a, 7
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @sle_i8_m1(i8 %a, i8 %b) {
 %c = icmp sle i8 %a, -1
 br i1 %c, label %t, label %f
t:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
f:
 ret i32 1
}
define i8 @sel_sle_i8_m1(i8 %a, i8 %b) {
 %c = icmp sle i8 %a, -1
 %r = select i1 %c, i8 %b, i8 3
 ret i8 %r
}
define i32 @jset_i32(i32 %a) {
 %m = and i32 %a, 64
 %c = icmp ne i32 %m, 0
 br i1 %c, label %t, label %f
t:
 ret i32 2
f:
 %x = call i32 inttoptr (i64 7 to ptr)()
 ret i32 %x
}
define i64 @jset_i64(i64 %a) {
 %m = and i64 %a, 64
 %c = icmp ne i64 %m, 0
 br i1 %c, label %t, label %f
t:
 ret i64 2
f:
 %x = call i64 inttoptr (i64 7 to ptr)()
 ret i64 %x
}
