"""Reading text: lines, labels, comments, directives and numbers, and what is said of what cannot be read."""

from __future__ import annotations

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, RFP, DWord, Instructions, Label
from ebpfasm.errors import AssemblySyntaxError, EbpfError, OperandError, SymbolError, UnknownForm

DIALECTS = ("llvm", "kernel", "ubpf")


def parse(text: str, dialect: str = "llvm") -> Instructions:
    return Instructions.parse(text, dialect)


def refused(text: str, dialect: str = "llvm") -> AssemblySyntaxError:
    with pytest.raises(AssemblySyntaxError) as caught:
        parse(text, dialect)
    return caught.value


# lines


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", ["", "\n", " \t\n\n", "\r\n\r\n"])
def test_nothing_is_an_empty_program(text: str, dialect: str) -> None:
    assert parse(text, dialect) == Instructions()


@pytest.mark.parametrize(
    "text",
    ["exit # note", "exit // note", "exit/* note */", "/* two\nlines */exit", "# exit\n// exit\nexit", "exit /* ["],
)
def test_comments_are_left_out(text: str) -> None:
    assert parse(text) == Instructions([asm.Return()])


def test_lines_and_columns_are_right_after_a_comment_over_lines() -> None:
    error = refused("exit\n/* one\n   two */ exit; frob")
    assert (error.line, error.column) == (3, 17)


def test_what_looks_like_a_comment_in_quotes_is_none() -> None:
    name = "a # b // c /* d */ ; e: f"
    assert parse(f'goto "{name}"\n"{name}": exit') == Instructions([asm.Ja.Label(name), asm.Return().with_symbol(name)])
    assert parse("r1 = '#'; r2 = '\"'; exit # \"") == Instructions(
        [asm.Mov.Imm(R1, ord("#")), asm.Mov.Imm(R2, ord('"')), asm.Return()]
    )


def test_a_semicolon_separates_instructions() -> None:
    assert parse("exit;;exit ; goto +5;") == Instructions([asm.Return(), asm.Return(), asm.Ja.Label(5)])
    assert parse("exit; exit", "ubpf") == Instructions([asm.Return(), asm.Return()])


def test_lines_may_end_as_on_windows() -> None:
    text = "start:\n\tr0 = 0\n\tif r1 == 1 goto start\n\texit\n"
    assert parse(text.replace("\n", "\r\n")) == parse(text)
    error = refused("exit\r\nfrob\r\n")
    assert (error.line, error.column, error.source) == (2, 1, "frob")


# labels


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("a:\nexit", [asm.Return().with_symbol("a")]),
        ("a: exit", [asm.Return().with_symbol("a")]),
        ("a :exit", [asm.Return().with_symbol("a")]),
        ("a: b:\nc: exit", [asm.Return().with_symbol("a").with_symbol("b").with_symbol("c")]),
        ("goto end\nend:", [asm.Ja.Label("end"), Label("end")]),
        (".L1$x_2: goto .L1$x_2", [asm.Ja.Label(".L1$x_2").with_symbol(".L1$x_2")]),
        ('"": "', None),
        ('"odd name": goto "odd name"', [asm.Ja.Label("odd name").with_symbol("odd name")]),
        (r'"a\"b\\c\n": exit', [asm.Return().with_symbol('a"b\\c\n')]),
        ("exit: goto exit", [asm.Ja.Label("exit").with_symbol("exit")]),
        ("goto: goto goto", [asm.Ja.Label("goto").with_symbol("goto")]),
        ('r1: goto "r1"', [asm.Ja.Label("r1").with_symbol("r1")]),
        (".byte: goto .byte", [asm.Ja.Label(".byte").with_symbol(".byte")]),
    ],
)  # fmt: skip
def test_labels(text: str, program: list[asm.Instruction | Label] | None) -> None:
    if program is None:
        refused(text)
    else:
        assert parse(text) == Instructions(program)


@pytest.mark.parametrize(
    "name", ["my label", "r1", "exit", "if", "a:b", 'say "hi"', "back\\slash", "a\nb", "Größe", "#1"]
)
def test_a_name_that_is_no_plain_word_is_quoted(name: str) -> None:
    program = Instructions([asm.Ja.Label(name), Label(name)])
    assert str(program).count('"') >= 4
    assert parse(str(program)) == program


@pytest.mark.parametrize("name", [".L1", "$x", "LBB0_3", "_", "done.2", "rx", "r1x"])
def test_a_plain_word_is_not_quoted(name: str) -> None:
    program = Instructions([asm.JEq.Imm(R1, 5, name), Label(name)])
    assert str(program) == f"\tif r1 == 5 goto {name}\n{name}:"
    assert parse(str(program)) == program


def test_a_label_of_each_thing_that_takes_one() -> None:
    text = "x: goto x; gotol x; may_goto x; call x; r1 = x ll; if r1 == 0 goto x; if w1 s> w2 goto x"
    assert parse(text) == Instructions([
        asm.Ja.Label("x").with_symbol("x"), asm.LongJump("x"), asm.MayGoto.Label("x"), asm.Call.Label("x"),
        asm.LoadFunc(R1, "x"), asm.JEq.Imm(R1, 0, "x"), asm.JSGT.Reg32(R1, R2, "x"),
    ])  # fmt: skip


def test_a_name_that_is_loaded_is_a_map_unless_the_program_has_such_a_label() -> None:
    assert parse("r1 = slots ll\nexit") == Instructions([asm.LoadMapPtr(R1, "slots"), asm.Return()])
    assert parse("r1 = slots ll\nslots: exit") == Instructions(
        [asm.LoadFunc(R1, "slots"), asm.Return().with_symbol("slots")]
    )
    assert parse("r1 = slots[0] + 8 ll") == Instructions([asm.LoadMapValue(R1, "slots", 8)])
    assert parse("slots: ld_pseudo r1, 1, slots") == Instructions(
        [asm.LoadMapPtr(R1, "slots").with_symbol("slots")]
    )  # fmt: skip


def test_a_label_that_nobody_defines_is_for_encode_to_find() -> None:
    program = parse("goto nowhere")
    with pytest.raises(SymbolError, match="nowhere"):
        program.encode()


def test_a_label_twice() -> None:
    error = refused("a:\nexit\n  a: exit\nb: b:")
    assert [(one.line, one.column, one.reason) for one in error.errors] == [
        (3, 3, "label 'a' is defined already, on line 1"),
        (4, 4, "label 'b' is defined already, on line 4"),
    ]


def test_ubpf_s_first_exit_is_a_label_of_that_name() -> None:
    assert parse("ja exit\nmov %r0, 1\nexit\nexit", "ubpf") == Instructions(
        [asm.Ja.Label("exit"), asm.Mov.Imm(R0, 1), asm.Return().with_symbol("exit"), asm.Return()]
    )
    assert parse("exit", "ubpf") == Instructions([asm.Return()])  # nobody refers to it
    assert parse("ja exit\nexit:\nmov %r0, 1\nexit", "ubpf").symbols() == {"exit": 1}
    with pytest.raises(SymbolError):
        parse("goto exit\nexit").encode()  # the other dialects have no such label


# numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # LLVM's precedence, not C's: shifts bind like products, and | & ^ tighter than sums.
        ("5", 5), ("-5", -5), ("+5", 5), ("- 5", -5), ("0x1F", 31), ("0X1f", 31), ("-0x10", -16), ("0b101", 5),
        ("0B101", 5), ("010", 8), ("0", 0), ("00", 0), ("5u", 5), ("5UL", 5), ("5ll", 5), ("'a'", 97),
        ("'\\n'", 10), ("'\\''", 39), ("' '", 32), ("1 + 2", 3), ("1+2*3", 7), ("1 << 4", 16), ("1 << 4 + 1", 17),
        ("1 + 1 << 4", 17), ("7 - 10", -3), ("-7 / 2", -3), ("-7 % 3", -1), ("7 / -2", -3), ("-16 >> 2", -4),
        ("1 | 6 ^ 2 & 3", 1), ("0xf0 | 1 + 1", 0xF2), ("'a' + 1", 98), ("0xffffffff", -1), ("4294967295", -1),
        ("-2147483648", -2147483648),
    ],
)  # fmt: skip
def test_constants(text: str, value: int) -> None:
    assert parse(f"r1 = {text}") == Instructions([asm.Mov.Imm(R1, value)])
    assert parse(f"r1 += {text}") == Instructions([asm.Add.Imm(R1, value)])


@pytest.mark.parametrize(
    ("text", "offset"), [("+ 4 + 4", 8), ("- 4 * 2", -8), ("- 4 + 2", -2), ("+ 1 - 3", -2), ("+0x10", 16), ("-010", -8)]
)
def test_constants_in_an_address(text: str, offset: int) -> None:
    assert parse(f"r1 = *(u64 *)(r10 {text})") == Instructions([asm.LoadMem(R1, RFP, offset, DWord)])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18446744073709551615", -1), ("-9223372036854775808", -(1 << 63)), ("0xffffffffffffffff", -1),
        ("9223372036854775807 / 1", (1 << 63) - 1), ("1 << 40", 1 << 40),
    ],
)  # fmt: skip
def test_wide_constants(text: str, value: int) -> None:
    assert parse(f"r1 = {text} ll") == Instructions([asm.LoadImm(R1, value, DWord)])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("r1 = 4294967296", "immediate must be in -2147483648..4294967295, not 4294967296"),
        ("r1 = -2147483649", "immediate must be in -2147483648..4294967295, not -2147483649"),
        ("w1 += 0x100000000", "immediate must be in -2147483648..4294967295, not 4294967296"),
        ("*(u8 *)(r1 + 0) = 4294967296", "immediate must be in -2147483648..4294967295, not 4294967296"),
        ("r1 = *(u8 *)(r2 + 32768)", "offset must be in -32768..32767, not 32768"),
        ("r1 = *(u8 *)(r2 - 32769)", "offset must be in -32768..32767, not -32769"),
        ("goto +32768", "distance must be in -32768..32767, not 32768"),
        ("if r1 == 0 goto -32769", "distance must be in -32768..32767, not -32769"),
        ("gotol 2147483648", "distance must be in -2147483648..2147483647, not 2147483648"),
        ("call 4294967296", "immediate must be in -2147483648..4294967295, not 4294967296"),
        ("call kfunc 2147483648", "immediate must be in 0..2147483647, not 2147483648"),
        ("call kfunc 1, 32768", "offset must be in 0..32767, not 32768"),
        ("call pc+2147483648", "distance must be in -2147483648..2147483647, not 2147483648"),
        ("r1 = 18446744073709551616 ll", None),
        ("r1 = -9223372036854775809 ll", None),
        ("ld_pseudo r1, 1, 4294967296", None),
        ("ld_pseudo r1, 2, 1, 4294967296", None),
        ("ld_pseudo r1, 7, 0", "only 0 or 1 or 2 or 3 or 4 or 5 or 6 can stand here, not 7"),
        ("r1 = addr_space_cast(r2, 65536, 0)", "immediate must be in 0..65535, not 65536"),
        ("r0 = *(u8 *)skb[4294967296]", "immediate must be in -2147483648..4294967295, not 4294967296"),
        ("r1 = " + "9" * 5000, "the number is too wide for any field"),
        ("r1 = 9" + " * 9" * 80, "the number is too wide for any field"),
        ("r1 = 1" + " + 1" * 500, "no instruction is as long as this"),
        ("r1 = 1 << 64", "only 0..63 bits can be shifted, not 64"),
        ("r1 = 1 / 0", "division by zero"),
        ("r1 = 09", "'09' is no octal number, as its leading 0 says"),
        ("r1 = 0b2", "'0b2' is no number"),
        ("r1 = 0x", "'0x' is no number"),
        ("r1 = 5abc", "'5abc' is no number"),
        ("r1 = \u0665", None),
    ],
)  # fmt: skip
def test_numbers_that_do_not_fit(text: str, reason: str | None) -> None:
    error = refused(text)
    assert reason is None or error.reason == reason


@pytest.mark.parametrize("number", range(11, 16))
@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("llvm", "r{} = 0"), ("llvm", "r0 = r{}"), ("llvm", "w{} += w1"), ("llvm", "r1 = *(u8 *)(r{} + 0)"),
        ("llvm", "lock *(u64 *)(r1 + 0) += r{}"), ("llvm", "if r{} == 0 goto +1"), ("llvm", "callx r{}"),
        ("kernel", "r{} = 0"), ("kernel", "r1 = *(u8 *)(r{} +0)"), ("ubpf", "mov %r{}, 0"),
        ("ubpf", "ldxb %r0, [%r{}]"),
    ],
)  # fmt: skip
def test_there_are_no_registers_beyond_the_tenth(dialect: str, text: str, number: int) -> None:
    assert refused(text.format(number), dialect).reason == f"register must be 0..10, not {number}"


def test_a_register_has_one_spelling() -> None:
    assert refused("r01 = 5").reason == "register must be 0..10, not 01"
    assert refused("r1 = be16 r2").reason == "HostTo has one dst: the register here must be 1"
    assert refused("r1 = \u00b2").column == 6


def test_ubpf_writes_offsets_unsigned_and_knows_no_octal() -> None:
    assert parse("ldxb %r0, [%r1+0xfff0]", "ubpf") == Instructions([asm.LoadMem(R0, R1, -16, asm.Byte)])
    assert parse("mov %r0, 010", "ubpf") == Instructions([asm.Mov.Imm(R0, 10)])
    refused("ldxb %r0, [%r1+0x10000]", "ubpf")
    refused("mov %r0, 5u", "ubpf")


# spelling


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("r1=5", "r1 = 5"),
        ("  r1\t= 5  ", "r1 = 5"),
        ("r1 s>>= 3", "r1 s>> = 3"),
        ("r1=*(u8*)(r2+0)", "r1 = *(u8 *)(r2 + 0)"),
        ("r1 = * ( u8 * ) ( r2 - 1 )", "r1 = *(u8 *)(r2 - 1)"),
        ("if r1==r2 goto+1", "if r1 == r2 goto +1"),
        ("r0 = cmpxchg_64(r1+8,r0,r2)", "r0 = cmpxchg_64(r1 + 8, r0, r2)"),
        ("r1 = atomic_fetch_add((u64 *)(r2 + 0) r1)", "r1 = atomic_fetch_add((u64 *)(r2 + 0), r1)"),
        ("r0 = *(u8 *)skb[r1]", "r0 = *(u8 *)skb[r1 + 0]"),
        ("r1 = 5ll", "r1 = 5"),
        ("EXIT", "exit"),
        ("R1 = r2", "r1 = r2"),
        ("If r1 == 0 goto End; End:", "if r1 == 0 goto End; End:"),
        ("Lock *(u64 *)(r1 + 0) += r2", "lock *(u64 *)(r1 + 0) += r2"),
        ("r1 = *(u32 *)(r2 + 0)", "w1 = *(u32 *)(r2 + 0)"),
        ("*(u16 *)(r2 + 0) = r1", "*(u16 *)(r2 + 0) = w1"),
        ("lock *(u32 *)(r1 + 0) |= r2", "lock *(u32 *)(r1 + 0) |= w2"),
        ("r1 = atomic_fetch_or((u32 *)(r2 + 0), r1)", "w1 = atomic_fetch_or((u32 *)(r2 + 0), w1)"),
        ("r1 = w2", "w1 = w2"),
        ("ld_pseudo r1, 0, 5", "r1 = 5 ll"),
        ("ld_pseudo r1, 4, 4294967295", "ld_pseudo r1, 4, -1"),
    ],
)
def test_spellings_of_the_same(one: str, other: str) -> None:
    assert parse(one) == parse(other)
    assert parse(parse(one).format()) == parse(other)


@pytest.mark.parametrize(
    "text",
    ["r1 = R2", "r1 = 5 LL", "if r1 == 0 GOTO +1", "r1 + 5", ",exit", "exit exit", "w1 = r2", "r1 += w2", "r1 = (u8)r2",
     "r1 = -r2", "r2 = xchg_64(r1 + 0, r3)", "*(u8 *)(r1) = 5", "r1 = foo", "mov r1, 5", "r1 = r2 + r3", '"a": "b"'],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    refused(text)


# directives


@pytest.mark.parametrize(
    "text",
    [
        ".byte 0xb7, 1, 0, 0, 5, 0, 0, 0", ".byte 183,1,0,0\n.byte 5,0,0,0", ".short 0x1b7, 0\n.2byte 5, 0",
        ".hword 0x1b7, 0; .value 5, 0", ".long 0x1b7, 5", ".4byte 0x1b7; .word 5", ".int 0x1b7\n\n.int 5 # five",
        ".quad 0x5000001b7", ".8byte 0x5000001b7", ".BYTE -73, 1, 0, 0, 05, 0, 0, 0b0",
    ],
)  # fmt: skip
def test_raw_bytes(text: str) -> None:
    assert parse(text) == Instructions([asm.Mov.Imm(R1, 5)])
    assert parse(f"exit\nhere: {text}\nthere: exit").symbols() == {"here": 1, "there": 2}


def test_raw_bytes_are_the_same_instructions_in_both_byte_orders() -> None:
    program = parse(".byte 0x18, 0x71, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0")
    assert program == Instructions([asm.Instruction(0x18, 1, 7, 0, 2 << 32 | 1)])
    assert program.encode("big").hex() == "18170000000000010000000000000002"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (".byte 1, 2", "these bytes are no whole instructions"),
        (".quad 0x18", "these bytes are no whole instructions"),
        (".byte 256", ".byte: 256 does not fit 1 byte"),
        (".byte -129, 0, 0, 0, 0, 0, 0, 0", ".byte: -129 does not fit 1 byte"),
        (".short 65536, 0, 0, 0", ".short: 65536 does not fit 2 bytes"),
        (".quad 18446744073709551616", ".quad: 18446744073709551616 does not fit 8 bytes"),
        (".quad x", ".quad: 'x' is no number"),
        (".quad", ".quad: '' is no number"),
        (".quad 0x95,", ".quad: '' is no number"),
        (".quad 08", ".quad: '08' is no octal number, as its leading 0 says"),
        (".byt 1", "'.byt' is no directive; did you mean '.byte'?"),
        (".macro x", "'.macro' is no directive"),
        (".zero 8", ".zero puts bytes among instructions"),
        (".asciz \"x\"", ".asciz puts bytes among instructions"),
    ],
)  # fmt: skip
def test_directives_that_are_refused(text: str, reason: str) -> None:
    error = refused(f"exit\n  {text}")
    assert error.reason.startswith(reason)
    assert (error.line, error.column) == (2, 3)
    assert len(error.errors) == (2 if text == ".byte 256" else 1)  # a byte alone is no instruction either


CLANG = """
	.text
	.file	"t.c"
	.section	tc,"ax",@progbits
	.globl	prog                            # -- Begin function prog
	.p2align	3
	.type	prog,@function
prog:                                   # @prog
.Lprog$local:
	.type	.Lprog$local,@function
	.cfi_startproc
# %bb.0:
	.loc	0 3 0 prologue_end              # t.c:3:0
	r1 = slots ll
	r2 = counter ll
	r3 = function ll
	call sub
	exit
.Lfunc_end0:
	.size	prog, .Lfunc_end0-prog
	.cfi_endproc
                                        # -- End function
	.text
function:
sub:
	r0 = 0
	exit
	.section	.maps,"aw",@progbits
	.globl	slots
slots:
	.zero	32
	.data
counter:
	.quad	5                               # 0x5
	.pushsection license
_license:
	.asciz	"GPL: # 1; 2"
	.popsection
	.long	counter-slots
	.previous
	.section	.BTF,"",@progbits
	.short	60319                           # 0xeb9f
	.byte	1
	.text
	exit
"""


def test_clang_s_sections_of_data_are_no_instructions() -> None:
    assert parse(CLANG) == Instructions([
        asm.LoadMapPtr(R1, "slots").with_symbol("prog").with_symbol(".Lprog$local"),
        asm.LoadMapPtr(R2, "counter"),
        asm.LoadFunc(asm.R3, "function"),
        asm.Call.Label("sub"),
        asm.Return(),
        asm.Mov.Imm(R0, 0).with_symbol(".Lfunc_end0").with_symbol("function").with_symbol("sub"),
        asm.Return(),
        asm.Return(),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("section", "code"),
    [
        (".text", True), (".section .text.unlikely", True), (".section tc", True),
        ('.section tc , "ax" , @progbits', True),
        ('.section "odd name","ax"', True), (".data", False), (".bss", False), (".rodata", False),
        ('.section .rodata.str,"aMS",@progbits,1', False), (".section .BTF", False), (".section license", False),
        ('.pushsection x,"a"', False), ('.section x,"a"\n.previous', True), ('.pushsection x,"a"\n.popsection', True),
        (".popsection", True), (".subsection 1", True),
    ],
)  # fmt: skip
def test_sections(section: str, code: bool) -> None:
    program = parse(f"{section}\nhere: .quad 0x95")
    assert len(program) == code
    assert ("here" in program.symbols()) == code


# the kernel's text

LOG = """\
func#0 @0
0: R1=ctx() R10=fp0
; int x = 0; @ t.c:5
0: (b7) r0 = 0                        ; R0_w=0
1: (18) r1 = 0xffff8881234
   18 01 00 00 34 12 00 00
3: (15) if r1 == 0x0 goto pc+1 5: R0=0 R1=1
mark_precise: frame0: last_idx 3 first_idx 0 subseq_idx -1
mark_precise: frame0: regs=r1 stack= before 1: (18) r1 = 0xffff8881234

from 3 to 5: R0=0 R10=fp0
5: (95) exit

from 3 to 4: R1=0
4: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null
5: (95) exit
processed 6 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""


def test_a_log_is_the_instructions_it_numbers() -> None:
    log = LOG.replace(" 5: R0=0 R1=1", "")
    assert parse(log, "kernel") == Instructions([
        asm.Mov.Imm(R0, 0),
        asm.LoadImm(R1, 0xFFFF8881234, DWord),
        asm.JEq.Imm(R1, 0, 1),
        asm.FnMapLookupElem.Call(),
        asm.Return(),
    ])  # fmt: skip
    assert parse(log.replace("\n", "\r\n"), "kernel") == parse(log, "kernel")


def test_a_log_that_lacks_an_instruction_or_has_two_of_a_number() -> None:
    error = refused("0: (b7) r0 = 0\n1: (18) r1 = 0x5\n4: (95) exit", "kernel")
    assert (error.line, error.column, error.reason) == (3, 9, "instruction 3 is missing, the one before this")
    error = refused("0: (b7) r0 = 0\n1: (95) exit\n0: (b7) r0 = 1", "kernel")
    assert (error.line, error.column, error.reason) == (3, 9, "instruction 0 is another one on line 1")
    assert parse("7: (b7) r0 = 0\n8: (95) exit", "kernel") == parse("r0 = 0\nexit", "kernel")


def test_a_dump_is_the_instructions_it_numbers() -> None:
    dump = """\
int prog(struct ctx * x):
; int prog(struct ctx *x) [file:t.c line_num:5 line_col:1]
   0: (b7) r0 = 0
       b7 00 00 00 00 00 00 00
   1: (85) call pc+1#bpf_prog_6deef7357e7b4530_F
   2: (95) exit
int f():
   3: (85) call pc-2#0xffffffffc0001234
   4: (95) exit
"""
    assert parse(dump, "kernel") == Instructions(
        [asm.Mov.Imm(R0, 0), asm.Call.Label(1), asm.Return(), asm.Call.Label(-2), asm.Return()]
    )


def test_kernel_text_without_numbers() -> None:
    text = "r0 = 0 ; R0=0\n; a line of source\nb7 00 00 00 00 00 00 00\n  r1 = 0x0\n\nexit"
    assert parse(text, "kernel") == Instructions([asm.Mov.Imm(R0, 0), asm.LoadImm(R1, 0, DWord), asm.Return()])


def test_a_mistake_in_a_log_is_told_where_it_stands() -> None:
    error = refused("0: (b7) r0 = 0\n1: (07) r0 += x ; R0=1\n", "kernel")
    assert (error.line, error.column) == (2, 15)
    assert error.source == "1: (07) r0 += x ; R0=1"


# what is no text


def test_arguments_of_another_kind() -> None:
    with pytest.raises(OperandError, match="dialect must be one of llvm, kernel, ubpf, not 'gas'"):
        parse("exit", "gas")
    with pytest.raises(OperandError, match="dialect must be one of llvm, kernel, ubpf, not 'gas'"):
        Instructions([asm.Return()]).format("gas")
    for text in (b"exit", None, ["exit"]):
        with pytest.raises(OperandError, match="text must be a str, not"):
            parse(text)  # type: ignore[arg-type]


def test_a_dialect_says_what_it_has_no_text_for() -> None:
    with pytest.raises(UnknownForm, match=r"the ubpf dialect has no text for LoadAcquire\(R1, R2, Word, 0\)"):
        Instructions([asm.LoadAcquire(R1, R2, asm.Word, 0)]).format("ubpf")
    with pytest.raises(UnknownForm, match="the kernel dialect has no text"):
        Instructions([asm.Instruction(0xFF)]).format("kernel")


# mistakes


def test_a_mistake_is_shown_with_its_line_and_a_caret() -> None:
    error = refused("r0 = 0\n\tgto end\nend: exit")
    assert isinstance(error, EbpfError)
    assert isinstance(error, ValueError)
    assert (error.line, error.column, error.source) == (2, 2, "\tgto end")
    assert error.reason == "'gto' is no instruction; did you mean 'goto'?"
    assert str(error) == (
        "line 2, column 2: 'gto' is no instruction; did you mean 'goto'?\n     gto end\n     ^"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("frob", 1, "'frob' is no instruction"),
        ("exi", 1, "'exi' is no instruction; did you mean 'exit'?"),
        ("if r1 == 2 gotoo x", 12, "'gotoo' is no continuation of this instruction; did you mean 'goto'?"),
        ("x: y: frob r1", 7, "'frob' is no instruction"),
        ("exit; r1 = 5 5; exit", 14, "'5' is no continuation of this instruction: expected 'll' or the end of"),
        ("r1 = ", 5, "the line ends too early: expected"),
        ("goto", 5, "the line ends too early: expected '+' or '-' or a name or a number"),
        ("goto r1", 6, "register r1 cannot stand here: expected '+' or '-' or a name or a number"),
        ("w1 = r2", 6, "register r2 cannot stand here: expected"),
        ("r1 += x", 7, "'x' is no continuation of this instruction: expected '+' or '-' or a number or a register"),
        ("r1 = (s7)r2", 7, "'s7' is no continuation of this instruction"),
        ('r1 = "x', 6, '" opens something that is not closed on this line'),
        ("r1 = 'xy'", 6, "' opens something that is not closed on this line"),
        ('r1 = "" ll', 6, "a name cannot be empty"),
        ('"": exit', 1, "a label is a non-empty str, not ''"),
    ],
)  # fmt: skip
def test_what_is_said_of_mistakes(text: str, column: int, reason: str) -> None:
    error = refused(text)
    assert error.reason.startswith(reason)
    assert error.column == column


def test_ten_mistakes_are_ten() -> None:
    good = "\tr0 = 0\n\tif r0 == 1 goto end"
    bad = [
        "frob",
        "r1 = 4294967296",
        "r11 = 0",
        ".bad 1",
        "end:",
        "goto 5 5",
        "r1 =",
        'goto "x',
        "r1 = 08",
        ".byte 999,0,0,0,0,0,0,0",
    ]
    text = "\n".join(["end:", *(f"{good}\n{mistake}" for mistake in bad), "exit"])
    error = refused(text)
    assert len(error.errors) == len(bad) == 10
    assert [one.line for one in error.errors] == [4 + 3 * at for at in range(10)]
    assert [one.source for one in error.errors] == bad
    assert (error.line, error.column, error.reason) == (4, 1, error.errors[0].reason)
    assert str(error).count("^") == 10


@pytest.mark.parametrize(("mistakes", "end"), [(999, "… and 979 more"), (1000, "… and 980 more")])
def test_more_mistakes_than_are_shown(mistakes: int, end: str) -> None:
    error = refused("frob\n" * mistakes)
    assert (len(error.errors), error.complete) == (mistakes, True)
    assert str(error).count("^") == 20
    assert str(error).endswith(end)


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("frob\n" * 1001, "llvm"),
        ("frob; " * 5000, "ubpf"),
        ("a:" * 1002, "llvm"),
        (".byte " + "999," * 5000, "llvm"),
        ("\n".join(f"{2 * at}: (95) exit" for at in range(1002)), "kernel"),
        ("\n".join(f"1: (b7) r1 = {at}" for at in range(1002)), "kernel"),
    ],
)
def test_more_mistakes_than_are_looked_for(text: str, dialect: str) -> None:
    error = refused(text, dialect)
    assert (len(error.errors), error.complete) == (1000, False)
    assert str(error).endswith("… and 980 more; reading stopped after 1000, there are others")


@pytest.mark.parametrize(
    ("dialect", "before", "text", "column", "reason"),
    [
        ("kernel", "r1 = 5", "r1 = #", 6, "no form of this instruction has these numbers"),
        ("kernel", "call foo#5", "call foo##", 10, "no form of this instruction has these numbers"),
        ("kernel", "call foo#5", "call foo 1 -7", 13, "no form of this instruction has these numbers"),
        ("kernel", "call foo#5", "call @#5", 6, "'@' is no continuation of this instruction"),
        ("llvm", "out: goto out", "goto @", 6, "'@' is no continuation of this instruction"),
        ("ubpf", "out: ja out", "call local @", 12, "'@' is no continuation of this instruction"),
        ("llvm", "r1 += 5", "r 1 += 5", 3, "the number of a register stands right after its letter"),
        ("llvm", "r1 += 5", "r,1 += 5", 3, "the number of a register stands right after its letter"),
    ],
)
def test_a_line_is_not_its_shape(dialect: str, before: str, text: str, column: int, reason: str) -> None:
    error = refused(f"{before}\n{text}", dialect)
    assert [(one.line, one.column) for one in error.errors] == [(2, column)]
    assert error.reason.startswith(reason)


@pytest.mark.parametrize(
    "text",
    ["frob " + "x" * 10**6, "x" * 10**6, "r1 = " + "x" * 10**6, " " * 10**6 + "frob",
     '"' + "x" * 10**6 + '": exit; ' * 2,
     ".frob" + "x" * 10**6, ".byte " + "x" * 10**6, "r1 = " + "1" * 10**6, 'goto "' + "x" * 10**6 + '" 5'],
)  # fmt: skip
def test_the_message_of_a_long_line_is_short(text: str) -> None:
    error = refused(text)
    assert len(str(error)) < 1000
    assert str(error).splitlines()[2].endswith("^")
