#include "textflag.h"

// Which of three vectors of 32 interleaved bytes has the second, or third, channel at a
// place is the same for all three: byte j of the first belongs to channel j%3, of the
// second to (j+2)%3, of the third to (j+1)%3. SELECT moves the channels to vectors of
// their own, each byte where it is; it is its own inverse but for the order (see its
// uses). ones1 and ones2 mark the places where j%3 is 1 and 2.
DATA ones1<>+0(SB)/8, $0xFF0000FF0000FF00
DATA ones1<>+8(SB)/8, $0x0000FF0000FF0000
DATA ones1<>+16(SB)/8, $0x00FF0000FF0000FF
DATA ones1<>+24(SB)/8, $0xFF0000FF0000FF00
GLOBL ones1<>(SB), RODATA|NOPTR, $32
DATA ones2<>+0(SB)/8, $0x0000FF0000FF0000
DATA ones2<>+8(SB)/8, $0x00FF0000FF0000FF
DATA ones2<>+16(SB)/8, $0xFF0000FF0000FF00
DATA ones2<>+24(SB)/8, $0x0000FF0000FF0000
GLOBL ones2<>(SB), RODATA|NOPTR, $32
DATA sixteens<>+0(SB)/8, $0x1010101010101010
DATA sixteens<>+8(SB)/8, $0x1010101010101010
DATA sixteens<>+16(SB)/8, $0x1010101010101010
DATA sixteens<>+24(SB)/8, $0x1010101010101010
GLOBL sixteens<>(SB), RODATA|NOPTR, $32
DATA tops<>+0(SB)/8, $0x8080808080808080
DATA tops<>+8(SB)/8, $0x8080808080808080
DATA tops<>+16(SB)/8, $0x8080808080808080
DATA tops<>+24(SB)/8, $0x8080808080808080
GLOBL tops<>(SB), RODATA|NOPTR, $32

// SELECT takes OUT from X0 where j%3 is 0, from X1 where it is 1, from X2 where it is 2.
#define SELECT(X0, X1, X2, OUT) \
	VPBLENDVB Y14, X1, X0, OUT  \
	VPBLENDVB Y15, X2, OUT, OUT

// A table of 256 bytes is 16 rows of 16. ROW adds to the sum (exclusive or) of a byte x
// what row K has more than row K-1 at the lower half of x, as long as x-16·K is not
// negative: VPSHUFB gives 0 for negative indices. The subtraction saturates, so that
// values below 0 stay there. Rows from 8 on see x-128 in the same way.
#define ROW(K, TABLE, INDEX, SUM) \
	VMOVDQU TABLE+K*32(SP), Y11 \
	VPSHUFB INDEX, Y11, Y11     \
	VPXOR   Y11, SUM, SUM

#define LOOKUP(TABLE, X) \
	VPXOR   Y12, X, Y9       \ // x-128
	VMOVDQU TABLE(SP), Y11   \
	VPSHUFB X, Y11, Y8       \
	VMOVDQU TABLE+256(SP), Y11 \
	VPSHUFB Y9, Y11, Y10     \
	NEXT(1, TABLE, X)        \
	NEXT(2, TABLE, X)        \
	NEXT(3, TABLE, X)        \
	NEXT(4, TABLE, X)        \
	NEXT(5, TABLE, X)        \
	NEXT(6, TABLE, X)        \
	NEXT(7, TABLE, X)        \
	VPXOR   Y8, Y10, X

#define NEXT(K, TABLE, X) \
	VPSUBSB Y13, X, X        \
	VPSUBSB Y13, Y9, Y9      \
	ROW(K, TABLE, X, Y8)     \
	ROW(K, TABLE+256, Y9, Y10)

// func lookupBytes(dst, src *uint8, n int, tables *[3][256]uint8)
//
// The frame holds, twice in 32 bytes, the rows of the three tables, each but rows 0 and
// 8 exclusive-or the row before. Y0 Y1 Y2: bytes as they are stored, Y3 Y4 Y5: by
// channel, Y12: 128s, Y13: 16s, Y14 Y15: masks of SELECT.
TEXT ·lookupBytes(SB), 0, $1536-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ tables+24(FP), DX
	LEAQ 0(SP), R8
	MOVL $6, R9         // halves of tables

half:
	VPXOR Y0, Y0, Y0
	MOVL $8, R10

row:
	VBROADCASTI128 (DX), Y1
	VPXOR Y1, Y0, Y2
	VMOVDQU Y2, (R8)
	VMOVDQA Y1, Y0
	ADDQ $16, DX
	ADDQ $32, R8
	DECQ R10
	JNZ row
	DECQ R9
	JNZ half

	VMOVDQU tops<>(SB), Y12
	VMOVDQU sixteens<>(SB), Y13
	VMOVDQU ones1<>(SB), Y14
	VMOVDQU ones2<>(SB), Y15
	XORQ AX, AX

lookup:
	VMOVDQU (SI)(AX*1), Y0
	VMOVDQU 32(SI)(AX*1), Y1
	VMOVDQU 64(SI)(AX*1), Y2
	SELECT(Y0, Y1, Y2, Y3)
	SELECT(Y2, Y0, Y1, Y4)
	SELECT(Y1, Y2, Y0, Y5)
	LOOKUP(0, Y3)
	LOOKUP(512, Y4)
	LOOKUP(1024, Y5)
	SELECT(Y3, Y4, Y5, Y0)
	SELECT(Y5, Y3, Y4, Y1)
	SELECT(Y4, Y5, Y3, Y2)
	VMOVDQU Y0, (DI)(AX*1)
	VMOVDQU Y1, 32(DI)(AX*1)
	VMOVDQU Y2, 64(DI)(AX*1)
	ADDQ $96, AX
	CMPQ AX, CX
	JLT lookup
	VZEROUPPER
	RET

// EIGHT takes eight counts at OFFSET, leaves in OUT the table's entries for them, and
// moves on.
//
// Y0: 255s, Y1: the reciprocal, Y2: n for the first of them.
#define EIGHT(OFFSET, OUT) \
	VMOVDQU    OFFSET(SI), Y4      \
	VPSLLDQ    $4, Y4, Y5          \
	VPADDD     Y4, Y5, Y5          \
	VPSLLDQ    $8, Y5, Y6          \
	VPADDD     Y6, Y5, Y5          \ // sums in each half
	VPSHUFD    $0xFF, Y5, Y6       \
	VPERM2I128 $0x08, Y6, Y6, Y7   \ // 0, sum of the lower half
	VPADDD     Y7, Y5, Y5          \ // sums
	VPADDD     Y2, Y5, Y7          \
	VPSUBD     Y4, Y7, Y7          \ // n: sums before each
	VPMULUDQ   Y1, Y7, OUT         \
	VPSRLQ     $32, Y7, Y7         \
	VPMULUDQ   Y1, Y7, Y7          \
	VPSRLQ     $32, OUT, OUT       \
	VPBLENDD   $0xAA, Y7, OUT, OUT \ // n/step
	VPMINUD    Y0, OUT, OUT        \
	VPSHUFD    $0xFF, Y5, Y5       \
	VPERM2I128 $0x11, Y5, Y5, Y5   \
	VPADDD     Y5, Y2, Y2

// func equalizeCounts(table *[256]uint8, counts *[256]uint32, start, reciprocal uint32)
TEXT ·equalizeCounts(SB), NOSPLIT, $0-24
	MOVQ table+0(FP), DI
	MOVQ counts+8(FP), SI
	MOVL start+16(FP), AX
	VMOVD AX, X2
	VPBROADCASTD X2, Y2
	MOVL reciprocal+20(FP), AX
	VMOVD AX, X1
	VPBROADCASTD X1, Y1
	VPCMPEQD Y0, Y0, Y0
	VPSRLD $24, Y0, Y0
	MOVL $16, CX

sixteen:
	EIGHT(0, Y8)
	EIGHT(32, Y9)
	VPACKUSDW Y9, Y8, Y8
	VPERMQ $0xD8, Y8, Y8
	VEXTRACTI128 $1, Y8, X9
	VPACKUSWB X9, X8, X8
	VMOVDQU X8, (DI)
	ADDQ $64, SI
	ADDQ $16, DI
	DECQ CX
	JNZ sixteen
	VZEROUPPER
	RET

// COUNT adds 1 to the counts of the two lowest bytes, LOW and HIGH, of a register, which
// belong to the channels whose counts begin at C0 and C1. (No second byte of a register
// goes into one of R8 to R15.)
#define COUNT(LOW, HIGH, C0, C1) \
	MOVBLZX LOW, CX      \
	INCL    C0(DI)(CX*4) \
	MOVBLZX HIGH, CX     \
	INCL    C1(DI)(CX*4)

// func countBytes(counts *[3][256]uint32, p *uint8, n int)
//
// Eight pixels at a time.
TEXT ·countBytes(SB), NOSPLIT, $0-24
	MOVQ counts+0(FP), DI
	MOVQ p+8(FP), SI
	MOVQ n+16(FP), R9
	ADDQ SI, R9

count:
	MOVQ 0(SI), AX
	MOVQ 8(SI), BX
	MOVQ 16(SI), DX
	COUNT(AL, AH, 0, 1024)
	SHRQ $16, AX
	COUNT(AL, AH, 2048, 0)
	SHRQ $16, AX
	COUNT(AL, AH, 1024, 2048)
	SHRQ $16, AX
	COUNT(AL, AH, 0, 1024)
	COUNT(BL, BH, 2048, 0)
	SHRQ $16, BX
	COUNT(BL, BH, 1024, 2048)
	SHRQ $16, BX
	COUNT(BL, BH, 0, 1024)
	SHRQ $16, BX
	COUNT(BL, BH, 2048, 0)
	COUNT(DL, DH, 1024, 2048)
	SHRQ $16, DX
	COUNT(DL, DH, 0, 1024)
	SHRQ $16, DX
	COUNT(DL, DH, 2048, 0)
	SHRQ $16, DX
	COUNT(DL, DH, 1024, 2048)
	ADDQ $24, SI
	CMPQ SI, R9
	JLT count
	RET
