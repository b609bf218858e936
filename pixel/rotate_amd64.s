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

// Shuffles of four 32-bit masks to the bytes of four pixels.
DATA spread3<>+0(SB)/8, $0x0808040404000000
DATA spread3<>+8(SB)/8, $0x808080800C0C0C08
DATA spread3<>+16(SB)/8, $0x0808040404000000
DATA spread3<>+24(SB)/8, $0x808080800C0C0C08
GLOBL spread3<>(SB), RODATA|NOPTR, $32
DATA spread1<>+0(SB)/8, $0x808080800C080400
DATA spread1<>+8(SB)/8, $0x8080808080808080
DATA spread1<>+16(SB)/8, $0x808080800C080400
DATA spread1<>+24(SB)/8, $0x8080808080808080
GLOBL spread1<>(SB), RODATA|NOPTR, $32

// 1.0
DATA unity<>+0(SB)/8, $0x3FF0000000000000
GLOBL unity<>(SB), RODATA|NOPTR, $8

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
#define origin_u 144
#define origin_v 152
#define row_u 160
#define row_v 168
#define stride 176
#define last 184
#define channels 192
#define right 200
#define most_right 232
#define most_bottom 264
#define pitch 296
#define pixel 328
#define begin 360
#define end 392
#define unit 424
#define one 456
#define fill 488
#define group_u 520
#define group_v 552

// Offsets in the frame's record of a group.
#define upper 0
#define lower 32
#define du 64
#define dv 96
#define within 128
#define inside 160
#define out 192
#define record 224

// Offsets in the frame. Sixteen records follow, from a multiple of 64 on.
#define start_u 0
#define start_v 8
#define centre 16
#define column 24
#define rows_left 32
#define row_out 40
#define list 48
#define all 56
#define records 127

// PLACE turns eight coordinates (32.32 fixed point, in the order 0 1 4 5 of Y_A and
// 2 3 6 7 of Y_B) into whole parts in WHOLE and fractions, as unsigned and as float32, in
// F. Ones stay in Y8 only where the nearest whole number is one of the image's, 0 to
// MOST, and less than 2^13 in Y14 where the coordinate is within 2^-21 of a whole number
// or a half. Y13: 2^12.
#define PLACE(Y_A, Y_B, MOST, WHOLE, F)     \
	VSHUFPS      $0xDD, Y_B, Y_A, WHOLE \
	VSHUFPS      $0x88, Y_B, Y_A, F     \
	VPADDD       F, F, Y12              \
	VPADDD       Y13, Y12, Y12          \
	VPMINUD      Y12, Y14, Y14          \
	VPSRLD       $31, F, Y12            \
	VPADDD       WHOLE, Y12, Y12        \
	VPMINUD      MOST(DX), Y12, Y9      \
	VPCMPEQD     Y9, Y12, Y9            \
	VPAND        Y9, Y8, Y8             \
	VPSRLD       $1, F, F               \
	VCVTDQ2PS    F, F                   \
	VMULPS unit(DX), F, F

// PAIRS samples the pixels I and I+4, J and J+4 of a group: adds the results' bytes to
// Y6 and lowers Y7 to the fractions plus bound where they are not exact. The steps for
// I (in Y8 to Y12) and J (in Y0 to Y4) alternate, because neither keeps the processor
// busy by itself.
//
// Upper row: a, b. Lower row: c, d. h = b-a, h' = d-c, s = lower-upper.
#define PAIRS(I, J, TO_I, TO_J)                  \
	MOVL         upper+I*4(R11), R8          \
	MOVL         upper+I*4+16(R11), R9       \
	MOVL         upper+J*4(R11), R10         \
	MOVL         upper+J*4+16(R11), DI       \
	VPBROADCASTQ (SI)(R8*1), Y8              \
	VPBROADCASTQ (SI)(R9*1), Y9              \
	VPBROADCASTQ (SI)(R10*1), Y0             \
	VPBROADCASTQ (SI)(DI*1), Y1              \
	MOVL         lower+I*4(R11), R8          \
	MOVL         lower+I*4+16(R11), R9       \
	MOVL         lower+J*4(R11), R10         \
	MOVL         lower+J*4+16(R11), DI       \
	VPBROADCASTQ (BX)(R8*1), Y10             \
	VPBROADCASTQ (BX)(R9*1), Y11             \
	VPBROADCASTQ (BX)(R10*1), Y2             \
	VPBROADCASTQ (BX)(DI*1), Y3              \
	VPBLENDD     $0xF0, Y9, Y8, Y9           \
	VPBLENDD     $0xF0, Y1, Y0, Y1           \
	VPBLENDD     $0xF0, Y11, Y10, Y11        \
	VPBLENDD     $0xF0, Y3, Y2, Y3           \
	VPSHUFB      Y13, Y9, Y8                 \
	VPSHUFB      Y13, Y1, Y0                 \
	VPSHUFB      Y14, Y9, Y9                 \
	VPSHUFB      Y14, Y1, Y1                 \
	VPSHUFB      Y15, Y11, Y10               \
	VPSHUFB      Y15, Y3, Y2                 \
	VPSHUFB      fourth<>(SB), Y11, Y11      \
	VPSHUFB      fourth<>(SB), Y3, Y3        \
	VCVTDQ2PS    Y8, Y8                      \ // a
	VCVTDQ2PS    Y0, Y0                      \
	VCVTDQ2PS    Y9, Y9                      \ // b
	VCVTDQ2PS    Y1, Y1                      \
	VCVTDQ2PS    Y10, Y10                    \ // c
	VCVTDQ2PS    Y2, Y2                      \
	VCVTDQ2PS    Y11, Y11                    \ // d
	VCVTDQ2PS    Y3, Y3                      \
	VPERMILPS    $(I*0x55), du(R11), Y12     \
	VPERMILPS    $(J*0x55), du(R11), Y4      \
	VSUBPS       Y8, Y9, Y9                  \ // h
	VSUBPS       Y0, Y1, Y1                  \
	VSUBPS       Y10, Y11, Y11               \ // h'
	VSUBPS       Y2, Y3, Y3                  \
	VFMADD231PS  Y9, Y12, Y8                 \ // upper = a + h·du
	VFMADD231PS  Y1, Y4, Y0                  \
	VFMADD231PS  Y11, Y12, Y10               \ // lower = c + h'·du
	VFMADD231PS  Y3, Y4, Y2                  \
	VORPS        Y11, Y9, Y9                 \
	VORPS        Y3, Y1, Y1                  \
	VPERMILPS    $(I*0x55), within(R11), Y12 \
	VPERMILPS    $(J*0x55), within(R11), Y4  \
	VANDPS       Y12, Y9, Y9                 \
	VANDPS       Y4, Y1, Y1                  \
	VPERMILPS    $(I*0x55), dv(R11), Y12     \
	VPERMILPS    $(J*0x55), dv(R11), Y4      \
	VSUBPS       Y8, Y10, Y10                \ // s
	VSUBPS       Y0, Y2, Y2                  \
	VFMADD231PS  Y10, Y12, Y8                \ // upper + s·dv
	VFMADD231PS  Y2, Y4, Y0                  \
	VORPS        Y10, Y9, Y9                 \
	VORPS        Y2, Y1, Y1                  \
	VCVTPS2DQ    Y8, Y8                      \
	VCVTPS2DQ    Y0, Y0                      \
	VPCMPEQD     Y5, Y9, Y9                  \ // the four are equal
	VPCMPEQD     Y5, Y1, Y1                  \
	VPSHUFB      TO_I<>(SB), Y8, Y10         \
	VPSHUFB      TO_J<>(SB), Y0, Y2          \
	VPADDD       bound<>(SB), Y8, Y8         \
	VPADDD       bound<>(SB), Y0, Y0         \
	VPOR         Y10, Y6, Y6                 \
	VPOR         Y2, Y6, Y6                  \
	VPOR         Y9, Y8, Y8                  \
	VPOR         Y1, Y0, Y0                  \
	VPMINUW      Y8, Y7, Y7                  \
	VPMINUW Y0, Y7, Y7

// func rotateRows(dst, src *uint8, y, rows int, p *turn, doubtful *uint16) int
//
// Sixteen groups of eight pixels are located before they are sampled, so that their
// loads need not wait for their places.
//
// DX: p, SI: src, BX: 2 bytes before it, R11: the group's record, R13: 1 << the group, AX:
// groups. While they are located: R9: the column, R10: rows left, DI: the row in dst,
// R14: bits of the doubtful groups, Y4 Y5: fractions, Y6 Y7: whole parts, Y8: which are
// inside, Y14: which are doubtful.
TEXT ·rotateRows(SB), 0, $3712-56
	MOVQ p+32(FP), DX
	MOVQ src+8(FP), SI
	LEAQ -2(SI), BX
	MOVQ y+16(FP), AX
	VXORPS X0, X0, X0
	VCVTSI2SDQ AX, X0, X0
	VMOVSD X0, centre(SP)
	MOVQ $0, column(SP)
	MOVQ rows+24(FP), AX
	MOVQ AX, rows_left(SP)
	MOVQ dst+0(FP), AX
	MOVQ AX, row_out(SP)
	MOVQ doubtful+40(FP), AX
	MOVQ AX, list(SP)
	MOVQ $0, all(SP)

batch:
	MOVQ column(SP), R9
	MOVQ rows_left(SP), R10
	MOVQ row_out(SP), DI
	LEAQ records(SP), R11
	ANDQ $~63, R11
	XORQ R14, R14
	MOVL $1, R13
	XORQ AX, AX
	VPXOR Y15, Y15, Y15
	VPCMPEQD Y13, Y13, Y13
	VPSRLD $31, Y13, Y13
	VPSLLD $12, Y13, Y13
	TESTQ R9, R9
	JNE prime

locate:
	TESTQ R10, R10
	JEQ located
	TESTQ $511, R9
	JNE place
	TESTQ R9, R9
	JNE prime
	VMOVSD centre(SP), X0
	VMULSD row_u(DX), X0, X1
	VMULSD row_v(DX), X0, X2
	VADDSD origin_u(DX), X1, X1
	VADDSD origin_v(DX), X2, X2
	VCVTTSD2SIQ X1, R8
	MOVQ R8, start_u(SP)
	VCVTTSD2SIQ X2, R8
	MOVQ R8, start_v(SP)
	VADDSD unity<>(SB), X0, X0
	VMOVSD X0, centre(SP)

prime:
	MOVQ step_u(DX), R8
	IMULQ R9, R8
	SARQ $16, R8
	ADDQ start_u(SP), R8
	VMOVQ R8, X0
	VPBROADCASTQ X0, Y0
	VPADDQ starts_u+32(DX), Y0, Y1
	VPADDQ starts_u(DX), Y0, Y0
	MOVQ step_v(DX), R8
	IMULQ R9, R8
	SARQ $16, R8
	ADDQ start_v(SP), R8
	VMOVQ R8, X2
	VPBROADCASTQ X2, Y2
	VPADDQ starts_v+32(DX), Y2, Y3
	VPADDQ starts_v(DX), Y2, Y2

place:
	VPCMPEQD Y14, Y14, Y14
	VPCMPEQD Y8, Y8, Y8
	PLACE(Y0, Y1, most_right, Y6, Y4)
	PLACE(Y2, Y3, most_bottom, Y7, Y5)
	VPADDQ group_u(DX), Y0, Y0
	VPADDQ group_u(DX), Y1, Y1
	VPADDQ group_v(DX), Y2, Y2
	VPADDQ group_v(DX), Y3, Y3
	VPSRLD $13, Y14, Y14
	VPCMPEQD Y15, Y14, Y14

	// Before the first column, take it and a fraction of 0; from the last on, the last
	// but one and a fraction of 1.
	VPSRAD $31, Y6, Y10
	VPANDN Y4, Y10, Y4
	VPANDN Y6, Y10, Y6
	VPCMPGTD right(DX), Y6, Y11
	VBLENDVPS Y11, one(DX), Y4, Y4
	VPMINSD right(DX), Y6, Y6
	VPCMPEQD Y12, Y12, Y12
	VPOR Y11, Y10, Y10
	VPXOR Y12, Y10, Y10
	VMOVDQU Y4, du(R11)
	VMOVDQU Y5, dv(R11)
	VMOVDQU Y10, within(R11)
	VMOVDQU Y8, inside(R11)

	// Over the border, take the row on it twice.
	VPSUBD Y12, Y7, Y11
	VPMAXSD Y15, Y7, Y7
	VPMINSD most_bottom(DX), Y7, Y7
	VPMAXSD Y15, Y11, Y11
	VPMINSD most_bottom(DX), Y11, Y11
	VPCMPEQD Y7, Y11, Y11
	VPMULLD pixel(DX), Y6, Y6
	VPMULLD pitch(DX), Y7, Y7
	VPADDD Y6, Y7, Y7
	VPANDN pitch(DX), Y11, Y6
	VPADDD Y6, Y7, Y6
	VPTEST Y11, Y11
	JEQ between

	// Loads of eight bytes might leave the image in two corners.
	VPMINSD end(DX), Y7, Y9
	VPCMPEQD Y9, Y7, Y10
	VMOVDQA Y9, Y7
	VPMAXSD begin(DX), Y6, Y9
	VPCMPEQD Y9, Y6, Y11
	VMOVDQA Y9, Y6
	VPAND Y10, Y11, Y10
	VPANDN Y8, Y10, Y10
	VPOR Y10, Y14, Y14

between:
	VMOVDQU Y7, upper(R11)
	VMOVDQU Y6, lower(R11)
	XORQ R8, R8
	VPTEST Y14, Y14
	CMOVQNE R13, R8
	ORQ R8, R14
	ADDQ R13, R13
	MOVQ channels(DX), R8
	IMULQ R9, R8
	ADDQ DI, R8
	MOVQ R8, out(R11)
	ADDQ $record, R11
	INCQ AX

	MOVQ last(DX), R8
	CMPQ R9, R8
	JGE nextRow
	ADDQ $8, R9
	CMPQ R9, R8
	JLE nextGroup

	// The last group of the row ends with it.
	MOVQ R8, R9
	CMPQ AX, $16
	JLT prime
	JMP located

nextRow:
	XORQ R9, R9
	DECQ R10
	ADDQ stride(DX), DI

nextGroup:
	CMPQ AX, $16
	JLT locate

located:
	TESTQ AX, AX
	JEQ done
	MOVQ R9, column(SP)
	MOVQ R10, rows_left(SP)
	MOVQ DI, row_out(SP)
	VMOVDQU first<>(SB), Y13
	VMOVDQU second<>(SB), Y14
	VMOVDQU third<>(SB), Y15
	VPXOR Y5, Y5, Y5
	LEAQ records(SP), R11
	ANDQ $~63, R11
	MOVQ R14, CX     // bit g is set where group g is doubtful
	MOVL $1, R13
	CMPQ channels(DX), $1
	JEQ grey

group:
	VPXOR Y6, Y6, Y6
	VPCMPEQD Y7, Y7, Y7
	VMOVDQU inside(R11), Y8
	VPTEST Y8, Y8
	JEQ store
	PAIRS(0, 1, to0, to1)
	PAIRS(2, 3, to2, to3)

store:
	MOVQ out(R11), DI
	VMOVDQU inside(R11), Y8
	VPSHUFB spread3<>(SB), Y8, Y8
	VMOVDQU fill(DX), Y9
	VPBLENDVB Y8, Y6, Y9, Y6
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

report:
	MOVQ list(SP), R8
	MOVW CX, (R8)
	ADDQ $2, R8
	MOVQ R8, list(SP)
	ORQ CX, all(SP)
	JMP batch

done:
	VZEROUPPER
	MOVQ all(SP), AX
	MOVQ AX, ret+48(FP)
	RET

grey:
	VMOVDQU upper(R11), Y0
	VMOVDQU lower(R11), Y2
	VPCMPEQD Y1, Y1, Y1
	VPGATHERDD Y1, (SI)(Y0*1), Y9
	VPCMPEQD Y1, Y1, Y1
	VPGATHERDD Y1, (BX)(Y2*1), Y11
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
	VANDPS within(R11), Y9, Y9
	VSUBPS Y8, Y10, Y10       // s
	VFMADD231PS Y10, Y13, Y8
	VORPS Y10, Y9, Y9
	VCVTPS2DQ Y8, Y8
	VPCMPEQD Y5, Y9, Y9
	VPSHUFB greys<>(SB), Y8, Y6
	VPADDD bound<>(SB), Y8, Y7
	VPOR Y9, Y7, Y7
	MOVQ out(R11), DI
	VMOVDQU inside(R11), Y8
	VPSHUFB spread1<>(SB), Y8, Y8
	VMOVDQU fill(DX), Y9
	VPBLENDVB Y8, Y6, Y9, Y6
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

	JMP report
