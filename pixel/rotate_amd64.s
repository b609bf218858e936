#include "textflag.h"

// Bilinear sampling of RGB pixels in single precision (rotate_amd64.go bounds the
// error).

// Shuffles of the eight bytes that begin with a pixel, or two bytes before it: three
// channels of that pixel or of the next, times 2^16, as 32-bit integers. The fourth
// integer is 0.
DATA first<>+0(SB)/8, $0x8001808080008080
DATA first<>+8(SB)/8, $0x8080808080028080
DATA first<>+16(SB)/8, $0x8001808080008080
DATA first<>+24(SB)/8, $0x8080808080028080
GLOBL first<>(SB), RODATA|NOPTR, $32
DATA second<>+0(SB)/8, $0x8004808080038080
DATA second<>+8(SB)/8, $0x8080808080058080
DATA second<>+16(SB)/8, $0x8004808080038080
DATA second<>+24(SB)/8, $0x8080808080058080
GLOBL second<>(SB), RODATA|NOPTR, $32
DATA third<>+0(SB)/8, $0x8003808080028080
DATA third<>+8(SB)/8, $0x8080808080048080
DATA third<>+16(SB)/8, $0x8003808080028080
DATA third<>+24(SB)/8, $0x8080808080048080
GLOBL third<>(SB), RODATA|NOPTR, $32
DATA fourth<>+0(SB)/8, $0x8006808080058080
DATA fourth<>+8(SB)/8, $0x8080808080078080
DATA fourth<>+16(SB)/8, $0x8006808080058080
DATA fourth<>+24(SB)/8, $0x8080808080078080
GLOBL fourth<>(SB), RODATA|NOPTR, $32

// Shuffles of three such integers to the first, second, third and fourth pixel of
// twelve bytes.
DATA to0<>+0(SB)/8, $0x80808080800A0602
DATA to0<>+8(SB)/8, $0x8080808080808080
DATA to0<>+16(SB)/8, $0x80808080800A0602
DATA to0<>+24(SB)/8, $0x8080808080808080
GLOBL to0<>(SB), RODATA|NOPTR, $32
DATA to1<>+0(SB)/8, $0x80800A0602808080
DATA to1<>+8(SB)/8, $0x8080808080808080
DATA to1<>+16(SB)/8, $0x80800A0602808080
DATA to1<>+24(SB)/8, $0x8080808080808080
GLOBL to1<>(SB), RODATA|NOPTR, $32
DATA to2<>+0(SB)/8, $0x0602808080808080
DATA to2<>+8(SB)/8, $0x808080808080800A
DATA to2<>+16(SB)/8, $0x0602808080808080
DATA to2<>+24(SB)/8, $0x808080808080800A
GLOBL to2<>(SB), RODATA|NOPTR, $32
DATA to3<>+0(SB)/8, $0x8080808080808080
DATA to3<>+8(SB)/8, $0x808080800A060280
DATA to3<>+16(SB)/8, $0x8080808080808080
DATA to3<>+24(SB)/8, $0x808080800A060280
GLOBL to3<>(SB), RODATA|NOPTR, $32

// The same for grey: of each 32-bit integer the first, second, third or fourth byte,
// and the results' four bytes.
DATA grey1<>+0(SB)/8, $0x8004808080008080
DATA grey1<>+8(SB)/8, $0x800C808080088080
DATA grey1<>+16(SB)/8, $0x8004808080008080
DATA grey1<>+24(SB)/8, $0x800C808080088080
GLOBL grey1<>(SB), RODATA|NOPTR, $32
DATA grey2<>+0(SB)/8, $0x8005808080018080
DATA grey2<>+8(SB)/8, $0x800D808080098080
DATA grey2<>+16(SB)/8, $0x8005808080018080
DATA grey2<>+24(SB)/8, $0x800D808080098080
GLOBL grey2<>(SB), RODATA|NOPTR, $32
DATA grey3<>+0(SB)/8, $0x8006808080028080
DATA grey3<>+8(SB)/8, $0x800E8080800A8080
DATA grey3<>+16(SB)/8, $0x8006808080028080
DATA grey3<>+24(SB)/8, $0x800E8080800A8080
GLOBL grey3<>(SB), RODATA|NOPTR, $32
DATA grey4<>+0(SB)/8, $0x8007808080038080
DATA grey4<>+8(SB)/8, $0x800F8080800B8080
DATA grey4<>+16(SB)/8, $0x8007808080038080
DATA grey4<>+24(SB)/8, $0x800F8080800B8080
GLOBL grey4<>(SB), RODATA|NOPTR, $32
DATA greys<>+0(SB)/8, $0x808080800E0A0602
DATA greys<>+8(SB)/8, $0x8080808080808080
DATA greys<>+16(SB)/8, $0x808080800E0A0602
DATA greys<>+24(SB)/8, $0x8080808080808080
GLOBL greys<>(SB), RODATA|NOPTR, $32

// The error's bound and twice that plus one, in units of 2^-16.
DATA bound<>+0(SB)/8, $0x0000000600000006
DATA bound<>+8(SB)/8, $0x0000000600000006
DATA bound<>+16(SB)/8, $0x0000000600000006
DATA bound<>+24(SB)/8, $0x0000000600000006
GLOBL bound<>(SB), RODATA|NOPTR, $32
DATA window<>+0(SB)/8, $0x0000000D0000000D
DATA window<>+8(SB)/8, $0x0000000D0000000D
DATA window<>+16(SB)/8, $0x0000000D0000000D
DATA window<>+24(SB)/8, $0x0000000D0000000D
GLOBL window<>(SB), RODATA|NOPTR, $32

// Offsets in the struct turn.
#define starts_u 0
#define starts_v 64
#define step_u 128
#define step_v 136
#define right 144
#define bottom 176
#define pitch 208
#define unit 240
#define one 272
#define channels 304

// Offsets in the frame's record of a group.
#define offsets 0
#define du 32
#define dv 64
#define within_u 96
#define within_v 128
#define out 160
#define record 192

// Offsets in the struct piece.
#define piece_u 0
#define piece_v 8
#define piece_out 16
#define piece_pixels 24
#define piece_size 32

// SPLIT turns eight coordinates (32.32 fixed point, in the order 0 1 4 5 of Y_A and
// 2 3 6 7 of Y_B) into whole parts between 0 and the last but one pixel in WHOLE and
// fractions in FRACTION: 0 before the first pixel, 1 from the last on. CLAMPED is
// all ones where the coordinate lies there, and ones are added to Y14 where it is
// within 2^-21 of a whole number. Y13: 2^11, Y15: zeros.
#define SPLIT(Y_A, Y_B, LIMIT, WHOLE, FRACTION, CLAMPED) \
	VSHUFPS   $0xDD, Y_B, Y_A, WHOLE            \
	VSHUFPS   $0x88, Y_B, Y_A, FRACTION         \
	VPADDD    Y13, FRACTION, Y12                \
	VPSRLD    $12, Y12, Y12                     \
	VPCMPEQD  Y15, Y12, Y12                     \
	VPOR      Y12, Y14, Y14                     \
	VPSRLD    $1, FRACTION, FRACTION            \
	VPSRAD    $31, WHOLE, CLAMPED               \
	VPANDN    FRACTION, CLAMPED, FRACTION       \
	VPANDN    WHOLE, CLAMPED, WHOLE             \
	VCVTDQ2PS FRACTION, FRACTION                \
	VMULPS    unit(DX), FRACTION, FRACTION      \
	VPCMPGTD  LIMIT(DX), WHOLE, Y12             \
	VBLENDVPS Y12, one(DX), FRACTION, FRACTION  \
	VPOR      Y12, CLAMPED, CLAMPED             \
	VPMINSD   LIMIT(DX), WHOLE, WHOLE

// PAIRS samples the pixels I and I+4, J and J+4 of a group: adds the results' bytes to
// Y6 and lowers Y7 to the fractions plus bound where they are not exact. The steps for
// I (in Y8 to Y12) and J (in Y0 to Y4) alternate, because neither keeps the processor
// busy by itself.
//
// Upper row: a, b. Lower row: c, d. h = b-a, h' = d-c, s = lower-upper.
#define PAIRS(I, J, TO_I, TO_J, MASK_H, MASK_S) \
	MOVL offsets+I*4(R11), R8 \
	MOVL offsets+I*4+16(R11), R9 \
	MOVL offsets+J*4(R11), R10 \
	MOVL offsets+J*4+16(R11), DI \
	VPBROADCASTQ (SI)(R8*1), Y8 \
	VPBROADCASTQ (SI)(R9*1), Y9 \
	VPBROADCASTQ (BX)(R8*1), Y10 \
	VPBROADCASTQ (BX)(R9*1), Y11 \
	VPBROADCASTQ (SI)(R10*1), Y0 \
	VPBROADCASTQ (SI)(DI*1), Y1 \
	VPBROADCASTQ (BX)(R10*1), Y2 \
	VPBROADCASTQ (BX)(DI*1), Y3 \
	VPBLENDD $0xF0, Y9, Y8, Y9 \
	VPBLENDD $0xF0, Y1, Y0, Y1 \
	VPBLENDD $0xF0, Y11, Y10, Y11 \
	VPBLENDD $0xF0, Y3, Y2, Y3 \
	VPSHUFB Y13, Y9, Y8 \
	VPSHUFB Y13, Y1, Y0 \
	VPSHUFB Y14, Y9, Y9 \
	VPSHUFB Y14, Y1, Y1 \
	VPSHUFB Y15, Y11, Y10 \
	VPSHUFB Y15, Y3, Y2 \
	VPSHUFB fourth<>(SB), Y11, Y11 \
	VPSHUFB fourth<>(SB), Y3, Y3 \
	VCVTDQ2PS Y8, Y8 \ // a
	VCVTDQ2PS Y0, Y0 \
	VCVTDQ2PS Y9, Y9 \ // b
	VCVTDQ2PS Y1, Y1 \
	VCVTDQ2PS Y10, Y10 \ // c
	VCVTDQ2PS Y2, Y2 \
	VCVTDQ2PS Y11, Y11 \ // d
	VCVTDQ2PS Y3, Y3 \
	VPERMILPS $(I*0x55), du(R11), Y12 \
	VPERMILPS $(J*0x55), du(R11), Y4 \
	VSUBPS Y8, Y9, Y9 \ // h
	VSUBPS Y0, Y1, Y1 \
	VSUBPS Y10, Y11, Y11 \ // h'
	VSUBPS Y2, Y3, Y3 \
	VFMADD231PS Y9, Y12, Y8 \ // upper = a + h·du
	VFMADD231PS Y1, Y4, Y0 \
	VFMADD231PS Y11, Y12, Y10 \ // lower = c + h'·du
	VFMADD231PS Y3, Y4, Y2 \
	VORPS Y11, Y9, Y9 \
	VORPS Y3, Y1, Y1 \
	MASK_H(I, J) \
	VPERMILPS $(I*0x55), dv(R11), Y12 \
	VPERMILPS $(J*0x55), dv(R11), Y4 \
	VSUBPS Y8, Y10, Y10 \ // s
	VSUBPS Y0, Y2, Y2 \
	VFMADD231PS Y10, Y12, Y8 \ // upper + s·dv
	VFMADD231PS Y2, Y4, Y0 \
	MASK_S(I, J) \
	VORPS Y10, Y9, Y9 \
	VORPS Y2, Y1, Y1 \
	VCVTPS2DQ Y8, Y8 \
	VCVTPS2DQ Y0, Y0 \
	VPCMPEQD Y5, Y9, Y9 \ // the four are equal
	VPCMPEQD Y5, Y1, Y1 \
	VPSHUFB TO_I<>(SB), Y8, Y10 \
	VPSHUFB TO_J<>(SB), Y0, Y2 \
	VPADDD bound<>(SB), Y8, Y8 \
	VPADDD bound<>(SB), Y0, Y0 \
	VPOR Y10, Y6, Y6 \
	VPOR Y2, Y6, Y6 \
	VPOR Y9, Y8, Y8 \
	VPOR Y1, Y0, Y0 \
	VPMINUW Y8, Y7, Y7 \
	VPMINUW Y0, Y7, Y7

#define NOTHING(I, J)

// A clamped coordinate leaves its direction out, whatever the neighbours are.
#define BETWEEN_COLUMNS(I, J) \
	VPERMILPS $(I*0x55), within_u(R11), Y12 \
	VPERMILPS $(J*0x55), within_u(R11), Y4  \
	VANDPS    Y12, Y9, Y9                   \
	VANDPS    Y4, Y1, Y1
#define BETWEEN_ROWS(I, J) \
	VPERMILPS $(I*0x55), within_v(R11), Y12 \
	VPERMILPS $(J*0x55), within_v(R11), Y4  \
	VANDPS    Y12, Y10, Y10                 \
	VANDPS    Y4, Y2, Y2

// func rotatePieces(dst, src *uint8, stride int, pieces *piece, n int, p *turn) uint64
//
// First all groups of eight pixels are located, so that their loads need not wait.
// SI: src, BX: the row below it, less 2 bytes, DI: dst, R9: the piece, CX: the pieces
// left, R10: the group's first pixel in it, R11: the group's record, AX: groups,
// DX: p, R12: bit g is set where group g has a clamped coordinate, R13: 1<<g, R14: bit g
// is set where it has one near a whole number.
// Y4 Y5: fractions of u and v, Y6 Y7: their whole parts.
TEXT ·rotatePieces(SB), 0, $3072-56
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ stride+16(FP), BX
	MOVQ pieces+24(FP), R9
	MOVQ n+32(FP), CX
	MOVQ p+40(FP), DX
	LEAQ -2(SI)(BX*1), BX
	LEAQ 0(SP), R11
	XORQ R12, R12
	XORQ R14, R14
	MOVL $1, R13
	XORQ AX, AX
	VPXOR Y15, Y15, Y15
	VPCMPEQD Y13, Y13, Y13
	VPSRLD $31, Y13, Y13
	VPSLLD $11, Y13, Y13

piece:
	XORQ R10, R10

locate:
	MOVQ step_u(DX), R8
	IMULQ R10, R8
	ADDQ piece_u(R9), R8
	VMOVQ R8, X0
	VPBROADCASTQ X0, Y0
	VPADDQ starts_u+32(DX), Y0, Y1
	VPADDQ starts_u(DX), Y0, Y0
	MOVQ step_v(DX), R8
	IMULQ R10, R8
	ADDQ piece_v(R9), R8
	VMOVQ R8, X2
	VPBROADCASTQ X2, Y2
	VPADDQ starts_v+32(DX), Y2, Y3
	VPADDQ starts_v(DX), Y2, Y2
	VPXOR Y14, Y14, Y14
	SPLIT(Y0, Y1, right, Y6, Y4, Y10)
	SPLIT(Y2, Y3, bottom, Y7, Y5, Y11)
	VPMULLD pitch(DX), Y7, Y7
	VPMULLD channels(DX), Y6, Y6
	VPADDD Y6, Y7, Y7
	VMOVDQU Y7, offsets(R11)
	VMOVDQU Y4, du(R11)
	VMOVDQU Y5, dv(R11)
	VPCMPEQD Y12, Y12, Y12
	VPXOR Y12, Y10, Y8
	VPXOR Y12, Y11, Y9
	VMOVDQU Y8, within_u(R11)
	VMOVDQU Y9, within_v(R11)
	XORQ R8, R8
	VPOR Y10, Y11, Y10
	VPTEST Y10, Y10
	CMOVQNE R13, R8
	ORQ R8, R12
	XORQ R8, R8
	VPTEST Y14, Y14
	CMOVQNE R13, R8
	ORQ R8, R14
	ADDQ R13, R13
	MOVLQZX channels(DX), R8
	IMULQ R10, R8
	ADDQ piece_out(R9), R8
	ADDQ DI, R8
	MOVQ R8, out(R11)
	ADDQ $record, R11
	INCQ AX

	// The last group ends with the piece.
	MOVQ piece_pixels(R9), R8
	SUBQ $8, R8
	CMPQ R10, R8
	JGE next
	ADDQ $8, R10
	CMPQ R10, R8
	CMOVQGT R8, R10
	JMP locate

next:
	ADDQ $piece_size, R9
	DECQ CX
	JNZ piece

	VMOVDQU first<>(SB), Y13
	VMOVDQU second<>(SB), Y14
	VMOVDQU third<>(SB), Y15
	VPXOR Y5, Y5, Y5
	LEAQ 0(SP), R11
	MOVQ R14, CX     // bit g is set where group g is doubtful
	MOVL $1, R13
	CMPL channels(DX), $1
	JEQ grey

group:
	VPXOR Y6, Y6, Y6
	VPCMPEQD Y7, Y7, Y7
	TESTQ R13, R12
	JNZ clamped
	PAIRS(0, 1, to0, to1, NOTHING, NOTHING)
	PAIRS(2, 3, to2, to3, NOTHING, NOTHING)

store:
	MOVQ out(R11), DI
	VEXTRACTI128 $1, Y6, X8
	VMOVDQU X6, (DI)
	VMOVQ X8, 12(DI)
	VPEXTRD $2, X8, 20(DI)
	XORQ R8, R8
	VMOVDQU window<>(SB), Y8
	VPSUBUSW Y7, Y8, Y8
	VPTEST Y8, Y8
	CMOVQNE R13, R8
	ORQ R8, CX
	ADDQ R13, R13
	ADDQ $record, R11
	DECQ AX
	JNZ group

	VZEROUPPER
	MOVQ CX, ret+48(FP)
	RET

clamped:
	PAIRS(0, 1, to0, to1, BETWEEN_COLUMNS, BETWEEN_ROWS)
	PAIRS(2, 3, to2, to3, BETWEEN_COLUMNS, BETWEEN_ROWS)
	JMP store

grey:
	VMOVDQU offsets(R11), Y0
	VPCMPEQD Y1, Y1, Y1
	VPGATHERDD Y1, (SI)(Y0*1), Y9
	VPCMPEQD Y1, Y1, Y1
	VPGATHERDD Y1, (BX)(Y0*1), Y11
	VMOVUPS du(R11), Y12
	VMOVUPS dv(R11), Y13
	VPSHUFB grey1<>(SB), Y9, Y8
	VPSHUFB grey2<>(SB), Y9, Y9
	VPSHUFB grey3<>(SB), Y11, Y10
	VPSHUFB grey4<>(SB), Y11, Y11
	VCVTDQ2PS Y8, Y8          // a
	VCVTDQ2PS Y9, Y9          // b
	VCVTDQ2PS Y10, Y10        // c
	VCVTDQ2PS Y11, Y11        // d
	VSUBPS Y8, Y9, Y9         // h
	VSUBPS Y10, Y11, Y11      // h'
	VFMADD231PS Y9, Y12, Y8   // upper
	VFMADD231PS Y11, Y12, Y10 // lower
	VORPS Y11, Y9, Y9
	VANDPS within_u(R11), Y9, Y9
	VSUBPS Y8, Y10, Y10       // s
	VFMADD231PS Y10, Y13, Y8
	VANDPS within_v(R11), Y10, Y10
	VORPS Y10, Y9, Y9
	VCVTPS2DQ Y8, Y8
	VPCMPEQD Y5, Y9, Y9
	VPSHUFB greys<>(SB), Y8, Y6
	VPADDD bound<>(SB), Y8, Y7
	VPOR Y9, Y7, Y7
	MOVQ out(R11), DI
	VEXTRACTI128 $1, Y6, X8
	VPUNPCKLDQ X8, X6, X6
	VMOVQ X6, (DI)
	XORQ R8, R8
	VMOVDQU window<>(SB), Y8
	VPSUBUSW Y7, Y8, Y8
	VPTEST Y8, Y8
	CMOVQNE R13, R8
	ORQ R8, CX
	ADDQ R13, R13
	ADDQ $record, R11
	DECQ AX
	JNZ grey

	VZEROUPPER
	MOVQ CX, ret+48(FP)
	RET
