; Signed division.
define i32 @sdiv_i32(i32 %a, i32 %b) {
 %r = sdiv i32 %a, %b
 ret i32 %r
}
define i32 @sdiv_i32i(i32 %a) {
 %r = sdiv i32 %a, -7
 ret i32 %r
}
define i32 @srem_i32(i32 %a, i32 %b) {
 %r = srem i32 %a, %b
 ret i32 %r
}
define i32 @srem_i32i(i32 %a) {
 %r = srem i32 %a, -7
 ret i32 %r
}
define i64 @sdiv_i64(i64 %a, i64 %b) {
 %r = sdiv i64 %a, %b
 ret i64 %r
}
define i64 @sdiv_i64i(i64 %a) {
 %r = sdiv i64 %a, -7
 ret i64 %r
}
define i64 @srem_i64(i64 %a, i64 %b) {
 %r = srem i64 %a, %b
 ret i64 %r
}
define i64 @srem_i64i(i64 %a) {
 %r = srem i64 %a, -7
 ret i64 %r
}
define i8 @sdiv_i8(i8 %a, i8 %b) {
 %r = sdiv i8 %a, %b
 ret i8 %r
}
define i8 @sdiv_i8i(i8 %a) {
 %r = sdiv i8 %a, -7
 ret i8 %r
}
define i8 @srem_i8(i8 %a, i8 %b) {
 %r = srem i8 %a, %b
 ret i8 %r
}
define i8 @srem_i8i(i8 %a) {
 %r = srem i8 %a, -7
 ret i8 %r
}
define i16 @sdiv_i16(i16 %a, i16 %b) {
 %r = sdiv i16 %a, %b
 ret i16 %r
}
define i16 @sdiv_i16i(i16 %a) {
 %r = sdiv i16 %a, -7
 ret i16 %r
}
define i16 @srem_i16(i16 %a, i16 %b) {
 %r = srem i16 %a, %b
 ret i16 %r
}
define i16 @srem_i16i(i16 %a) {
 %r = srem i16 %a, -7
 ret i16 %r
}
