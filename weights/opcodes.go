package weights

import "fmt"

// The pickle opcodes that an allow-list may name (Python's Lib/pickletools.py).
const (
	opMark           = '('
	opEmptyTuple     = ')'
	opStop           = '.'
	opBinFloat       = 'G'
	opBinInt         = 'J'
	opBinInt1        = 'K'
	opBinInt2        = 'M'
	opNone           = 'N'
	opBinPersID      = 'Q'
	opReduce         = 'R'
	opBinString      = 'T'
	opShortBinString = 'U'
	opBinUnicode     = 'X'
	opEmptyList      = ']'
	opAppend         = 'a'
	opBuild          = 'b'
	opGlobal         = 'c'
	opAppends        = 'e'
	opBinGet         = 'h'
	opLongBinGet     = 'j'
	opBinPut         = 'q'
	opLongBinPut     = 'r'
	opSetItem        = 's'
	opTuple          = 't'
	opSetItems       = 'u'
	opEmptyDict      = '}'
	opProto          = 0x80
	opNewObj         = 0x81
	opTuple1         = 0x85
	opTuple2         = 0x86
	opTuple3         = 0x87
	opNewTrue        = 0x88
	opNewFalse       = 0x89
	opLong1          = 0x8a
	opEmptySet       = 0x8f
)

// opcodeNames are all opcodes of protocols 0 to 5, so that a refusal can name one.
var opcodeNames = map[byte]string{
	opMark: "MARK", opEmptyTuple: "EMPTY_TUPLE", opStop: "STOP", opBinFloat: "BINFLOAT",
	opBinInt: "BININT", opBinInt1: "BININT1", opBinInt2: "BININT2", opNone: "NONE",
	opBinPersID: "BINPERSID", opReduce: "REDUCE", opBinString: "BINSTRING",
	opShortBinString: "SHORT_BINSTRING", opBinUnicode: "BINUNICODE", opEmptyList: "EMPTY_LIST",
	opAppend: "APPEND", opBuild: "BUILD", opGlobal: "GLOBAL", opAppends: "APPENDS",
	opBinGet: "BINGET", opLongBinGet: "LONG_BINGET", opBinPut: "BINPUT", opLongBinPut: "LONG_BINPUT",
	opSetItem: "SETITEM", opTuple: "TUPLE", opSetItems: "SETITEMS", opEmptyDict: "EMPTY_DICT",
	opProto: "PROTO", opNewObj: "NEWOBJ", opTuple1: "TUPLE1", opTuple2: "TUPLE2",
	opTuple3: "TUPLE3", opNewTrue: "NEWTRUE", opNewFalse: "NEWFALSE", opLong1: "LONG1",
	opEmptySet: "EMPTY_SET",

	'0': "POP", '1': "POP_MARK", '2': "DUP", 'F': "FLOAT", 'I': "INT", 'L': "LONG",
	'P': "PERSID", 'S': "STRING", 'V': "UNICODE", 'd': "DICT", 'g': "GET", 'i': "INST",
	'l': "LIST", 'o': "OBJ", 'p': "PUT", 'B': "BINBYTES", 'C': "SHORT_BINBYTES",
	0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x8b: "LONG4", 0x8c: "SHORT_BINUNICODE",
	0x8d: "BINUNICODE8", 0x8e: "BINBYTES8", 0x90: "ADDITEMS", 0x91: "FROZENSET",
	0x92: "NEWOBJ_EX", 0x93: "STACK_GLOBAL", 0x94: "MEMOIZE", 0x95: "FRAME",
	0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
}

// opcodeName is an opcode as a message spells it: "STACK_GLOBAL (0x93)".
func opcodeName(op byte) string {
	name, ok := opcodeNames[op]
	if !ok {
		name = "none of pickle's"
	}
	return fmt.Sprintf("%s (0x%02x)", name, op)
}
