#include "textflag.h"

// Operations on bytes that know nothing of rows. The loops take whole vectors only;
// the callers see to the rest.

// func maskBytes(dst, src *uint8, n int, mask uint8)
//
// dst = src & mask, 32 bytes at a time.
TEXT ·maskBytes(SB), NOSPLIT, $0-25
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTB mask+24(FP), Y1
	XORQ AX, AX

mask:
	VPAND (SI)(AX*1), Y1, Y0
	VMOVDQU Y0, (DI)(AX*1)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT mask
	VZEROUPPER
	RET

// func invertBytes(dst, src *uint8, n int, threshold uint8)
//
// dst = 255 - src where src >= threshold, else src, 32 bytes at a time.
TEXT ·invertBytes(SB), NOSPLIT, $0-25
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTB threshold+24(FP), Y2
	XORQ AX, AX

invert:
	VMOVDQU (SI)(AX*1), Y0
	VPMAXUB Y0, Y2, Y1
	VPCMPEQB Y0, Y1, Y1
	VPXOR Y0, Y1, Y0
	VMOVDQU Y0, (DI)(AX*1)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT invert
	VZEROUPPER
	RET

// Shuffles that bring the channels of 16 bytes which begin with the second, or the
// third, into the order of those that begin with the first. As five of one channel
// take the place of six, it needs two to show all.
DATA second1<>+0(SB)/8, $0x0908070605040302
DATA second1<>+8(SB)/8, $0x02010F0E0D0C0B0A
GLOBL second1<>(SB), RODATA|NOPTR, $16
DATA second2<>+0(SB)/8, $0x0605040302010002
DATA second2<>+8(SB)/8, $0x0E0D0C0B0A090807
GLOBL second2<>(SB), RODATA|NOPTR, $16
DATA third1<>+0(SB)/8, $0x0807060504030201
DATA third1<>+8(SB)/8, $0x010F0E0D0C0B0A09
GLOBL third1<>(SB), RODATA|NOPTR, $16
DATA third2<>+0(SB)/8, $0x0504030201000201
DATA third2<>+8(SB)/8, $0x0D0C0B0A09080706
GLOBL third2<>(SB), RODATA|NOPTR, $16

// FOLD reduces the 96 bytes of A, B and C to 16 in the lower half of A.
#define FOLD(OP, A, XA, B, XB, C, XC) \
	VEXTRACTI128 $1, A, X6            \ // bytes 16 to 31
	VEXTRACTI128 $1, B, X7            \ // 48 to 63
	VEXTRACTI128 $1, C, X8            \ // 80 to 95
	OP           X7, XA, XA           \ // first channel first
	OP           XC, X6, X6           \ // second channel first
	OP           X8, XB, XB           \ // third channel first
	VPSHUFB      second1<>(SB), X6, X7 \
	VPSHUFB      second2<>(SB), X6, X6 \
	OP           X7, XA, XA           \
	OP           X6, XA, XA           \
	VPSHUFB      third1<>(SB), XB, X7 \
	VPSHUFB      third2<>(SB), XB, X6 \
	OP           X7, XA, XA           \
	OP           X6, XA, XA

// func extremaBytes(p *uint8, n int, lo, hi *[16]uint8)
//
// Y0 Y1 Y2: minima, Y3 Y4 Y5: maxima, of 96 bytes at a time.
TEXT ·extremaBytes(SB), NOSPLIT, $0-32
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ lo+16(FP), R8
	MOVQ hi+24(FP), R9
	VPCMPEQB Y0, Y0, Y0
	VMOVDQA Y0, Y1
	VMOVDQA Y0, Y2
	VPXOR Y3, Y3, Y3
	VMOVDQA Y3, Y4
	VMOVDQA Y3, Y5
	XORQ AX, AX

extrema:
	VMOVDQU (SI)(AX*1), Y6
	VMOVDQU 32(SI)(AX*1), Y7
	VMOVDQU 64(SI)(AX*1), Y8
	VPMINUB Y6, Y0, Y0
	VPMINUB Y7, Y1, Y1
	VPMINUB Y8, Y2, Y2
	VPMAXUB Y6, Y3, Y3
	VPMAXUB Y7, Y4, Y4
	VPMAXUB Y8, Y5, Y5
	ADDQ $96, AX
	CMPQ AX, CX
	JLT extrema

	FOLD(VPMINUB, Y0, X0, Y1, X1, Y2, X2)
	VMOVDQU X0, (R8)
	FOLD(VPMAXUB, Y3, X3, Y4, X4, Y5, X5)
	VMOVDQU X3, (R9)
	VZEROUPPER
	RET

// Which channel each of 96 bytes belongs to.
DATA channel<>+0(SB)/8, $0x0100020100020100
DATA channel<>+8(SB)/8, $0x0002010002010002
DATA channel<>+16(SB)/8, $0x0201000201000201
DATA channel<>+24(SB)/8, $0x0100020100020100
DATA channel<>+32(SB)/8, $0x0002010002010002
DATA channel<>+40(SB)/8, $0x0201000201000201
DATA channel<>+48(SB)/8, $0x0100020100020100
DATA channel<>+56(SB)/8, $0x0002010002010002
DATA channel<>+64(SB)/8, $0x0201000201000201
DATA channel<>+72(SB)/8, $0x0100020100020100
DATA channel<>+80(SB)/8, $0x0002010002010002
DATA channel<>+88(SB)/8, $0x0201000201000201
GLOBL channel<>(SB), RODATA|NOPTR, $96

// Offsets in the struct stretch.
#define lows 0
#define scales_low 16
#define scales_high 32
#define shifts 48
#define rounds 64
#define exceptions 80

// SETUP spreads what the struct says of the channels over the 32 bytes at PHASE of 96.
#define SETUP(PHASE) \
	VMOVDQU         channel<>+PHASE(SB), Y0      \
	VBROADCASTI128  lows(DX), Y1                 \
	VPSHUFB         Y0, Y1, Y1                   \
	VMOVDQU         Y1, PHASE(SP)                \
	VBROADCASTI128  scales_low(DX), Y1           \
	VBROADCASTI128  scales_high(DX), Y2          \
	VPSHUFB         Y0, Y1, Y1                   \
	VPSHUFB         Y0, Y2, Y2                   \
	VPUNPCKLBW      Y2, Y1, Y3                   \
	VPUNPCKHBW      Y2, Y1, Y4                   \
	VMOVDQU         Y3, 96+PHASE(SP)             \
	VMOVDQU         Y4, 192+PHASE(SP)            \
	VBROADCASTI128  shifts(DX), Y2               \
	VPSHUFB         Y0, Y2, Y2                   \
	VPUNPCKLBW      Y2, Y15, Y3                  \
	VPUNPCKHBW      Y2, Y15, Y4                  \
	VMOVDQU         Y3, 288+PHASE(SP)            \
	VMOVDQU         Y4, 384+PHASE(SP)

// STRETCH takes 32 bytes at PHASE into X and leaves the result in OUT.
#define STRETCH(PHASE, X, OUT) \
	VMOVDQU    PHASE(SI)(AX*1), X      \
	VPSUBB     PHASE(SP), X, Y6        \
	VPUNPCKLBW Y6, Y15, OUT            \ // times 256
	VPUNPCKHBW Y6, Y15, Y6             \
	VPMULHUW   96+PHASE(SP), OUT, OUT  \
	VPMULHUW   192+PHASE(SP), Y6, Y6   \
	VPMULHUW   288+PHASE(SP), OUT, OUT \
	VPMULHUW   384+PHASE(SP), Y6, Y6   \
	VPACKUSWB  Y6, OUT, OUT

// EXCEPT takes 1 from OUT where X is the exception of its channel.
#define EXCEPT(PHASE, X, OUT) \
	VMOVDQU  channel<>+PHASE(SB), Y8 \
	VPSHUFB  Y8, Y6, Y9              \
	VPCMPEQB Y9, X, Y9               \
	VPSHUFB  Y8, Y7, Y8              \
	VPAND    Y8, Y9, Y9              \
	VPADDB   Y9, OUT, OUT

// func stretchBytes(dst, src *uint8, n int, s *stretch)
//
// dst = ((src-low)·scale >> 8) >> shift, less 1 at the exceptions, 96 bytes at a time.
// Y0 Y1 Y2: src, Y3 Y4 Y5: dst, Y15: zeros, R8: the exceptions left.
TEXT ·stretchBytes(SB), NOSPLIT, $480-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ s+24(FP), DX
	VPXOR Y15, Y15, Y15
	SETUP(0)
	SETUP(32)
	SETUP(64)
	XORQ AX, AX

stretch:
	STRETCH(0, Y0, Y3)
	STRETCH(32, Y1, Y4)
	STRETCH(64, Y2, Y5)
	MOVQ rounds(DX), R8
	LEAQ exceptions(DX), R9
	TESTQ R8, R8
	JEQ stretched

except:
	VBROADCASTI128 (R9), Y6
	VBROADCASTI128 16(R9), Y7
	EXCEPT(0, Y0, Y3)
	EXCEPT(32, Y1, Y4)
	EXCEPT(64, Y2, Y5)
	ADDQ $32, R9
	DECQ R8
	JNZ except

stretched:
	VMOVDQU Y3, (DI)(AX*1)
	VMOVDQU Y4, 32(DI)(AX*1)
	VMOVDQU Y5, 64(DI)(AX*1)
	ADDQ $96, AX
	CMPQ AX, CX
	JLT stretch
	VZEROUPPER
	RET

// func floatBytes(dst *float32, src *uint8, n int)
//
// dst = src·h + src·l with 1/255 = h + l, the last step fused, eight bytes at a time. For
// every byte that is the float32 nearest to src/255.
TEXT ·floatBytes(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVL $0x3B808081, AX // float32(1/255)
	VMOVD AX, X1
	VPBROADCASTD X1, Y1
	MOVL $0xAF7EFEFF, AX // float32(1/255 - h)
	VMOVD AX, X2
	VPBROADCASTD X2, Y2
	XORQ AX, AX

floats:
	VPMOVZXBD (SI)(AX*1), Y0
	VCVTDQ2PS Y0, Y0
	VMULPS Y2, Y0, Y3
	VFMADD231PS Y1, Y0, Y3
	VMOVUPS Y3, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT floats
	VZEROUPPER
	RET
