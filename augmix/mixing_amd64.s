#include "textflag.h"

// TERM multiplies eight bytes at offset AX of the image at P by the weight W.
#define TERM(P, W, OUT) \
	VPMOVZXBD (P)(AX*1), OUT \
	VCVTDQ2PS OUT, OUT       \
	VMULPS    W, OUT, OUT

// func mixBytes(dst *float32, image, chain0, chain1, chain2 *uint8, n int, weights *[4]float32)
//
// dst = ((w0·image + w1·chain0) + w2·chain1) + w3·chain2, eight values at a time, every
// product and sum rounded.
TEXT ·mixBytes(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ image+8(FP), SI
	MOVQ chain0+16(FP), R8
	MOVQ chain1+24(FP), R9
	MOVQ chain2+32(FP), R10
	MOVQ n+40(FP), CX
	MOVQ weights+48(FP), DX
	VBROADCASTSS 0(DX), Y0
	VBROADCASTSS 4(DX), Y1
	VBROADCASTSS 8(DX), Y2
	VBROADCASTSS 12(DX), Y3
	XORQ AX, AX

mix:
	TERM(SI, Y0, Y4)
	TERM(R8, Y1, Y5)
	TERM(R9, Y2, Y6)
	TERM(R10, Y3, Y7)
	VADDPS Y5, Y4, Y4
	VADDPS Y6, Y4, Y4
	VADDPS Y7, Y4, Y4
	VMOVUPS Y4, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT mix
	VZEROUPPER
	RET
