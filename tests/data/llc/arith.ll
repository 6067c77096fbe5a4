; Arithmetic of all widths, with registers and numbers, and what is made of LLVM's intrinsics.
define i8 @add_i8(i8 %a, i8 %b) {
 %r = add i8 %a, %b
 ret i8 %r
}
define i8 @add_i8_imm(i8 %a) {
 %r = add i8 %a, 5
 ret i8 %r
}
define i8 @sub_i8(i8 %a, i8 %b) {
 %r = sub i8 %a, %b
 ret i8 %r
}
define i8 @sub_i8_imm(i8 %a) {
 %r = sub i8 %a, 5
 ret i8 %r
}
define i8 @mul_i8(i8 %a, i8 %b) {
 %r = mul i8 %a, %b
 ret i8 %r
}
define i8 @mul_i8_imm(i8 %a) {
 %r = mul i8 %a, 5
 ret i8 %r
}
define i8 @udiv_i8(i8 %a, i8 %b) {
 %r = udiv i8 %a, %b
 ret i8 %r
}
define i8 @udiv_i8_imm(i8 %a) {
 %r = udiv i8 %a, 5
 ret i8 %r
}
define i8 @urem_i8(i8 %a, i8 %b) {
 %r = urem i8 %a, %b
 ret i8 %r
}
define i8 @urem_i8_imm(i8 %a) {
 %r = urem i8 %a, 5
 ret i8 %r
}
define i8 @and_i8(i8 %a, i8 %b) {
 %r = and i8 %a, %b
 ret i8 %r
}
define i8 @and_i8_imm(i8 %a) {
 %r = and i8 %a, 5
 ret i8 %r
}
define i8 @or_i8(i8 %a, i8 %b) {
 %r = or i8 %a, %b
 ret i8 %r
}
define i8 @or_i8_imm(i8 %a) {
 %r = or i8 %a, 5
 ret i8 %r
}
define i8 @xor_i8(i8 %a, i8 %b) {
 %r = xor i8 %a, %b
 ret i8 %r
}
define i8 @xor_i8_imm(i8 %a) {
 %r = xor i8 %a, 5
 ret i8 %r
}
define i8 @shl_i8(i8 %a, i8 %b) {
 %r = shl i8 %a, %b
 ret i8 %r
}
define i8 @shl_i8_imm(i8 %a) {
 %r = shl i8 %a, 5
 ret i8 %r
}
define i8 @lshr_i8(i8 %a, i8 %b) {
 %r = lshr i8 %a, %b
 ret i8 %r
}
define i8 @lshr_i8_imm(i8 %a) {
 %r = lshr i8 %a, 5
 ret i8 %r
}
define i8 @ashr_i8(i8 %a, i8 %b) {
 %r = ashr i8 %a, %b
 ret i8 %r
}
define i8 @ashr_i8_imm(i8 %a) {
 %r = ashr i8 %a, 5
 ret i8 %r
}
define i16 @add_i16(i16 %a, i16 %b) {
 %r = add i16 %a, %b
 ret i16 %r
}
define i16 @add_i16_imm(i16 %a) {
 %r = add i16 %a, 100
 ret i16 %r
}
define i16 @sub_i16(i16 %a, i16 %b) {
 %r = sub i16 %a, %b
 ret i16 %r
}
define i16 @sub_i16_imm(i16 %a) {
 %r = sub i16 %a, 100
 ret i16 %r
}
define i16 @mul_i16(i16 %a, i16 %b) {
 %r = mul i16 %a, %b
 ret i16 %r
}
define i16 @mul_i16_imm(i16 %a) {
 %r = mul i16 %a, 100
 ret i16 %r
}
define i16 @udiv_i16(i16 %a, i16 %b) {
 %r = udiv i16 %a, %b
 ret i16 %r
}
define i16 @udiv_i16_imm(i16 %a) {
 %r = udiv i16 %a, 100
 ret i16 %r
}
define i16 @urem_i16(i16 %a, i16 %b) {
 %r = urem i16 %a, %b
 ret i16 %r
}
define i16 @urem_i16_imm(i16 %a) {
 %r = urem i16 %a, 100
 ret i16 %r
}
define i16 @and_i16(i16 %a, i16 %b) {
 %r = and i16 %a, %b
 ret i16 %r
}
define i16 @and_i16_imm(i16 %a) {
 %r = and i16 %a, 100
 ret i16 %r
}
define i16 @or_i16(i16 %a, i16 %b) {
 %r = or i16 %a, %b
 ret i16 %r
}
define i16 @or_i16_imm(i16 %a) {
 %r = or i16 %a, 100
 ret i16 %r
}
define i16 @xor_i16(i16 %a, i16 %b) {
 %r = xor i16 %a, %b
 ret i16 %r
}
define i16 @xor_i16_imm(i16 %a) {
 %r = xor i16 %a, 100
 ret i16 %r
}
define i16 @shl_i16(i16 %a, i16 %b) {
 %r = shl i16 %a, %b
 ret i16 %r
}
define i16 @shl_i16_imm(i16 %a) {
 %r = shl i16 %a, 100
 ret i16 %r
}
define i16 @lshr_i16(i16 %a, i16 %b) {
 %r = lshr i16 %a, %b
 ret i16 %r
}
define i16 @lshr_i16_imm(i16 %a) {
 %r = lshr i16 %a, 100
 ret i16 %r
}
define i16 @ashr_i16(i16 %a, i16 %b) {
 %r = ashr i16 %a, %b
 ret i16 %r
}
define i16 @ashr_i16_imm(i16 %a) {
 %r = ashr i16 %a, 100
 ret i16 %r
}
define i32 @add_i32(i32 %a, i32 %b) {
 %r = add i32 %a, %b
 ret i32 %r
}
define i32 @add_i32_imm(i32 %a) {
 %r = add i32 %a, 100
 ret i32 %r
}
define i32 @sub_i32(i32 %a, i32 %b) {
 %r = sub i32 %a, %b
 ret i32 %r
}
define i32 @sub_i32_imm(i32 %a) {
 %r = sub i32 %a, 100
 ret i32 %r
}
define i32 @mul_i32(i32 %a, i32 %b) {
 %r = mul i32 %a, %b
 ret i32 %r
}
define i32 @mul_i32_imm(i32 %a) {
 %r = mul i32 %a, 100
 ret i32 %r
}
define i32 @udiv_i32(i32 %a, i32 %b) {
 %r = udiv i32 %a, %b
 ret i32 %r
}
define i32 @udiv_i32_imm(i32 %a) {
 %r = udiv i32 %a, 100
 ret i32 %r
}
define i32 @urem_i32(i32 %a, i32 %b) {
 %r = urem i32 %a, %b
 ret i32 %r
}
define i32 @urem_i32_imm(i32 %a) {
 %r = urem i32 %a, 100
 ret i32 %r
}
define i32 @and_i32(i32 %a, i32 %b) {
 %r = and i32 %a, %b
 ret i32 %r
}
define i32 @and_i32_imm(i32 %a) {
 %r = and i32 %a, 100
 ret i32 %r
}
define i32 @or_i32(i32 %a, i32 %b) {
 %r = or i32 %a, %b
 ret i32 %r
}
define i32 @or_i32_imm(i32 %a) {
 %r = or i32 %a, 100
 ret i32 %r
}
define i32 @xor_i32(i32 %a, i32 %b) {
 %r = xor i32 %a, %b
 ret i32 %r
}
define i32 @xor_i32_imm(i32 %a) {
 %r = xor i32 %a, 100
 ret i32 %r
}
define i32 @shl_i32(i32 %a, i32 %b) {
 %r = shl i32 %a, %b
 ret i32 %r
}
define i32 @shl_i32_imm(i32 %a) {
 %r = shl i32 %a, 100
 ret i32 %r
}
define i32 @lshr_i32(i32 %a, i32 %b) {
 %r = lshr i32 %a, %b
 ret i32 %r
}
define i32 @lshr_i32_imm(i32 %a) {
 %r = lshr i32 %a, 100
 ret i32 %r
}
define i32 @ashr_i32(i32 %a, i32 %b) {
 %r = ashr i32 %a, %b
 ret i32 %r
}
define i32 @ashr_i32_imm(i32 %a) {
 %r = ashr i32 %a, 100
 ret i32 %r
}
define i64 @add_i64(i64 %a, i64 %b) {
 %r = add i64 %a, %b
 ret i64 %r
}
define i64 @add_i64_imm(i64 %a) {
 %r = add i64 %a, 100
 ret i64 %r
}
define i64 @sub_i64(i64 %a, i64 %b) {
 %r = sub i64 %a, %b
 ret i64 %r
}
define i64 @sub_i64_imm(i64 %a) {
 %r = sub i64 %a, 100
 ret i64 %r
}
define i64 @mul_i64(i64 %a, i64 %b) {
 %r = mul i64 %a, %b
 ret i64 %r
}
define i64 @mul_i64_imm(i64 %a) {
 %r = mul i64 %a, 100
 ret i64 %r
}
define i64 @udiv_i64(i64 %a, i64 %b) {
 %r = udiv i64 %a, %b
 ret i64 %r
}
define i64 @udiv_i64_imm(i64 %a) {
 %r = udiv i64 %a, 100
 ret i64 %r
}
define i64 @urem_i64(i64 %a, i64 %b) {
 %r = urem i64 %a, %b
 ret i64 %r
}
define i64 @urem_i64_imm(i64 %a) {
 %r = urem i64 %a, 100
 ret i64 %r
}
define i64 @and_i64(i64 %a, i64 %b) {
 %r = and i64 %a, %b
 ret i64 %r
}
define i64 @and_i64_imm(i64 %a) {
 %r = and i64 %a, 100
 ret i64 %r
}
define i64 @or_i64(i64 %a, i64 %b) {
 %r = or i64 %a, %b
 ret i64 %r
}
define i64 @or_i64_imm(i64 %a) {
 %r = or i64 %a, 100
 ret i64 %r
}
define i64 @xor_i64(i64 %a, i64 %b) {
 %r = xor i64 %a, %b
 ret i64 %r
}
define i64 @xor_i64_imm(i64 %a) {
 %r = xor i64 %a, 100
 ret i64 %r
}
define i64 @shl_i64(i64 %a, i64 %b) {
 %r = shl i64 %a, %b
 ret i64 %r
}
define i64 @shl_i64_imm(i64 %a) {
 %r = shl i64 %a, 100
 ret i64 %r
}
define i64 @lshr_i64(i64 %a, i64 %b) {
 %r = lshr i64 %a, %b
 ret i64 %r
}
define i64 @lshr_i64_imm(i64 %a) {
 %r = lshr i64 %a, 100
 ret i64 %r
}
define i64 @ashr_i64(i64 %a, i64 %b) {
 %r = ashr i64 %a, %b
 ret i64 %r
}
define i64 @ashr_i64_imm(i64 %a) {
 %r = ashr i64 %a, 100
 ret i64 %r
}

declare i16 @llvm.bswap.i16(i16)
declare i32 @llvm.bswap.i32(i32)
declare i64 @llvm.bswap.i64(i64)
declare i64 @llvm.abs.i64(i64, i1)
declare i32 @llvm.smax.i32(i32,i32)
declare i64 @llvm.umin.i64(i64,i64)
declare i64 @llvm.ctpop.i64(i64)
declare i32 @llvm.ctlz.i32(i32, i1)
declare i64 @llvm.cttz.i64(i64, i1)
declare i64 @llvm.fshl.i64(i64,i64,i64)
define i16 @bs16(i16 %a) {
 %r = call i16 @llvm.bswap.i16(i16 %a)
 ret i16 %r
}
define i32 @bs32(i32 %a) {
 %r = call i32 @llvm.bswap.i32(i32 %a)
 ret i32 %r
}
define i64 @bs64(i64 %a) {
 %r = call i64 @llvm.bswap.i64(i64 %a)
 ret i64 %r
}
define i64 @abs(i64 %a) {
 %r = call i64 @llvm.abs.i64(i64 %a, i1 false)
 ret i64 %r
}
define i32 @smax(i32 %a, i32 %b) {
 %r = call i32 @llvm.smax.i32(i32 %a, i32 %b)
 ret i32 %r
}
define i64 @umin(i64 %a, i64 %b) {
 %r = call i64 @llvm.umin.i64(i64 %a, i64 %b)
 ret i64 %r
}
define i64 @popcount(i64 %a) {
 %r = call i64 @llvm.ctpop.i64(i64 %a)
 ret i64 %r
}
define i32 @clz(i32 %a) {
 %r = call i32 @llvm.ctlz.i32(i32 %a, i1 false)
 ret i32 %r
}
define i64 @ctz(i64 %a) {
 %r = call i64 @llvm.cttz.i64(i64 %a, i1 false)
 ret i64 %r
}
define i64 @rot(i64 %a, i64 %b) {
 %r = call i64 @llvm.fshl.i64(i64 %a, i64 %a, i64 %b)
 ret i64 %r
}
define i64 @neg(i64 %a) {
 %r = sub i64 0, %a
 ret i64 %r
}
define i32 @neg32(i32 %a) {
 %r = sub i32 0, %a
 ret i32 %r
}
define i64 @big(i64 %a) {
 %r = add i64 %a, 1311768467463790320
 ret i64 %r
}
define i64 @minus() {
 ret i64 -1
}
define i64 @minus32() {
 ret i64 4294967295
}
define i64 @lowest() {
 ret i64 -9223372036854775808
}
define i32 @lowest32() {
 ret i32 -2147483648
}
define i64 @edge() {
 ret i64 -2147483649
}

define i16 @sext_i8_i16(i8 %a) {
 %r = sext i8 %a to i16
 ret i16 %r
}
define i16 @zext_i8_i16(i8 %a) {
 %r = zext i8 %a to i16
 ret i16 %r
}
define i8 @trunc_i16_i8(i16 %a) {
 %r = trunc i16 %a to i8
 ret i8 %r
}
define i32 @sext_i8_i32(i8 %a) {
 %r = sext i8 %a to i32
 ret i32 %r
}
define i32 @zext_i8_i32(i8 %a) {
 %r = zext i8 %a to i32
 ret i32 %r
}
define i8 @trunc_i32_i8(i32 %a) {
 %r = trunc i32 %a to i8
 ret i8 %r
}
define i64 @sext_i8_i64(i8 %a) {
 %r = sext i8 %a to i64
 ret i64 %r
}
define i64 @zext_i8_i64(i8 %a) {
 %r = zext i8 %a to i64
 ret i64 %r
}
define i8 @trunc_i64_i8(i64 %a) {
 %r = trunc i64 %a to i8
 ret i8 %r
}
define i32 @sext_i16_i32(i16 %a) {
 %r = sext i16 %a to i32
 ret i32 %r
}
define i32 @zext_i16_i32(i16 %a) {
 %r = zext i16 %a to i32
 ret i32 %r
}
define i16 @trunc_i32_i16(i32 %a) {
 %r = trunc i32 %a to i16
 ret i16 %r
}
define i64 @sext_i16_i64(i16 %a) {
 %r = sext i16 %a to i64
 ret i64 %r
}
define i64 @zext_i16_i64(i16 %a) {
 %r = zext i16 %a to i64
 ret i64 %r
}
define i16 @trunc_i64_i16(i64 %a) {
 %r = trunc i64 %a to i16
 ret i16 %r
}
define i64 @sext_i32_i64(i32 %a) {
 %r = sext i32 %a to i64
 ret i64 %r
}
define i64 @zext_i32_i64(i32 %a) {
 %r = zext i32 %a to i64
 ret i64 %r
}
define i32 @trunc_i64_i32(i64 %a) {
 %r = trunc i64 %a to i32
 ret i32 %r
}
