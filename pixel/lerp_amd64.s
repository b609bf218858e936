#include "textflag.h"

// Interpolation of bytes in one direction, exact to the byte (lerp_amd64.go has the
// proof). For a byte a, its neighbour b and a fraction t in (0,1) of 32 bits,
// T = T1·2^16 + T0:
//
//	m    = |b-a|
//	ml   = low half of m·T1        h0 = high half of m·T0
//	frac = ml + h0                 16 bits of the fraction of m·t
//	F    = high half of m·T1 + carry of that sum = ⌊m·t⌋
//	out  = a + F where a <= b, a - F - 1 elsewhere
//
// A byte is doubtful where m > 0 and frac is 0 or 0xFFFF.
//
// LERP32 takes a in Y10, b in Y11, the fractions of the bytes that VPUNPCKLBW takes
// in Y0 (T1) and Y1 (T0), of those that VPUNPCKHBW takes in Y2 and Y3, zeros in Y4
// and ones in Y5. It leaves the result in Y10 and 0xFF for doubtful bytes in Y11,
// and uses Y12 to Y15 and Y9.
#define LERP32 \
	VPMINUB    Y11, Y10, Y12 \
	VPMAXUB    Y11, Y10, Y13 \
	VPSUBB     Y12, Y13, Y13 \ // m
	VPCMPEQB   Y12, Y10, Y9  \ // a <= b
	VPADDB     Y5, Y10, Y10  \ // a - 1
	VPUNPCKLBW Y4, Y13, Y11  \
	VPMULLW    Y0, Y11, Y14  \ // ml
	VPMULHUW   Y1, Y11, Y12  \ // h0
	VPMULHUW   Y0, Y11, Y11  \
	VPADDW     Y12, Y14, Y12 \ // frac
	VPANDN     Y14, Y12, Y14 \ // ml ≥ 2^15 > frac: the sum wrapped, as h0 < 255
	VPSRLW     $15, Y14, Y14 \
	VPADDW     Y14, Y11, Y11 \ // F
	VPSUBW     Y5, Y12, Y12  \ // frac + 1
	VPSRLW     $1, Y12, Y12  \ // 0 for 0 and 0xFFFF
	VPUNPCKHBW Y4, Y13, Y14  \
	VPMULLW    Y2, Y14, Y15  \
	VPMULHUW   Y3, Y14, Y8   \
	VPMULHUW   Y2, Y14, Y14  \
	VPADDW     Y8, Y15, Y8   \
	VPANDN     Y15, Y8, Y15  \
	VPSRLW     $15, Y15, Y15 \
	VPADDW     Y15, Y14, Y14 \
	VPSUBW     Y5, Y8, Y8    \
	VPSRLW     $1, Y8, Y8    \
	VPACKUSWB  Y14, Y11, Y11 \ // F as bytes
	VPXOR      Y9, Y11, Y11  \ // -F-1 where a <= b
	VPSUBB     Y11, Y10, Y10 \ // (a-1) - (-F-1), or (a-1) - F
	VPACKUSWB  Y8, Y12, Y12  \ // 0 for doubtful fractions
	VPCMPEQB   Y4, Y12, Y12  \
	VPCMPEQB   Y4, Y13, Y13  \ // m = 0
	VPANDN     Y12, Y13, Y11

// func lerpRow(dst, a, b *uint8, n int, t uint32) int
//
// AX: offset, DI: dst, SI: a, BX: b, CX: n, DX: n-32, the last vector's offset.
TEXT ·lerpRow(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), BX
	MOVQ n+24(FP), CX
	MOVL t+32(FP), R8
	MOVL R8, R9
	SHRL $16, R9
	VMOVD R9, X0
	VPBROADCASTW X0, Y0
	VMOVD R8, X1
	VPBROADCASTW X1, Y1
	VMOVDQA Y0, Y2
	VMOVDQA Y1, Y3
	VPXOR Y4, Y4, Y4
	VPCMPEQB Y5, Y5, Y5
	LEAQ -32(CX), DX
	XORQ AX, AX

row:
	VMOVDQU (SI)(AX*1), Y10
	VMOVDQU (BX)(AX*1), Y11
	LERP32
	VMOVDQU Y10, (DI)(AX*1)
	VPTEST Y11, Y11
	JNZ doubtful
	ADDQ $32, AX
	CMPQ AX, DX
	JLE row
	CMPQ AX, CX
	JGE done
	MOVQ DX, AX
	JMP row

done:
	MOVQ CX, AX

doubtful:
	VZEROUPPER
	MOVQ AX, ret+40(FP)
	RET

// func lerpColumns(dst, src *uint8, stride, y, h, top int, c *columns) int
//
// DI: dst's row, R8 R9 R10: src's rows y+top, y+top+1 and y+top+2, each held inside
// the image, R11: y+top+2, R12: h-1, AX: y, CX: h, BX: stride.
TEXT ·lerpColumns(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ stride+16(FP), BX
	MOVQ y+24(FP), AX
	MOVQ h+32(FP), CX
	MOVQ top+40(FP), R11
	MOVQ c+48(FP), DX
	VMOVDQU 0(DX), Y0
	VMOVDQU 32(DX), Y1
	VMOVDQU 64(DX), Y2
	VMOVDQU 96(DX), Y3
	VMOVDQU 128(DX), Y6
	VMOVDQU 160(DX), Y7
	VPXOR Y4, Y4, Y4
	VPCMPEQB Y5, Y5, Y5

	LEAQ -1(CX), R12
	XORQ R13, R13
	MOVQ AX, R14
	IMULQ BX, R14
	ADDQ R14, DI
	ADDQ AX, R11     // y+top
	MOVQ R11, R8
	CMPQ R8, R13
	CMOVQLT R13, R8
	CMPQ R8, R12
	CMOVQGT R12, R8
	IMULQ BX, R8
	ADDQ SI, R8
	INCQ R11
	MOVQ R11, R9
	CMPQ R9, R13
	CMOVQLT R13, R9
	CMPQ R9, R12
	CMOVQGT R12, R9
	IMULQ BX, R9
	ADDQ SI, R9
	INCQ R11
	MOVQ R11, R10
	CMPQ R10, R13
	CMOVQLT R13, R10
	CMPQ R10, R12
	CMOVQGT R12, R10
	IMULQ BX, R10
	ADDQ SI, R10

columns:
	VMOVDQU (R8), Y10
	VMOVDQU (R9), Y11
	VPBLENDVB Y6, Y11, Y10, Y10
	VPBLENDVB Y6, (R10), Y11, Y11
	LERP32
	VMOVDQU (DI), Y12
	VPBLENDVB Y7, Y10, Y12, Y10
	VMOVDQU Y10, (DI)
	VPTEST Y7, Y11
	JNZ found
	MOVQ R9, R8
	MOVQ R10, R9
	XORQ R14, R14
	CMPQ R11, R12    // the row after R10 is one further where 0 <= y+top+2 < h-1
	CMOVQLT BX, R14
	CMPQ R11, R13
	CMOVQLT R13, R14
	ADDQ R14, R10
	INCQ R11
	ADDQ BX, DI
	INCQ AX
	CMPQ AX, CX
	JLT columns

found:
	VZEROUPPER
	MOVQ AX, ret+56(FP)
	RET
