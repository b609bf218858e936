#include "textflag.h"

// Bytes 0 to 11 as 16-bit words, two pixels' red, green and blue side by side.
DATA pair01<>+0(SB)/8, $0x8004800180038000
DATA pair01<>+8(SB)/8, $0x8080808080058002
DATA pair01<>+16(SB)/8, $0x8004800180038000
DATA pair01<>+24(SB)/8, $0x8080808080058002
GLOBL pair01<>(SB), RODATA|NOPTR, $32

DATA pair23<>+0(SB)/8, $0x800A800780098006
DATA pair23<>+8(SB)/8, $0x80808080800B8008
DATA pair23<>+16(SB)/8, $0x800A800780098006
DATA pair23<>+24(SB)/8, $0x80808080800B8008
GLOBL pair23<>(SB), RODATA|NOPTR, $32

// Undoes what packing two lanes of 128 bits does to the order.
DATA order<>+0(SB)/8, $0x0000000400000000
DATA order<>+8(SB)/8, $0x0000000500000001
DATA order<>+16(SB)/8, $0x0000000600000002
DATA order<>+24(SB)/8, $0x0000000700000003
GLOBL order<>(SB), RODATA|NOPTR, $32

// ARGUMENTS loads what rowsRGB and rowsGrey share. Y13: what rounds a sum.
#define ARGUMENTS \
	MOVQ dst0+0(FP), DI     \
	MOVQ dst1+8(FP), R8     \
	MOVQ src0+16(FP), SI    \
	MOVQ src1+24(FP), R9    \
	MOVQ n+32(FP), CX       \
	MOVQ offsets+40(FP), BX \
	MOVQ parts+48(FP), DX   \
	MOVQ groups+56(FP), R10 \
	MOVL $(1<<21), AX       \
	VMOVD AX, X13           \
	VPBROADCASTD X13, Y13

// SUM adds the high parts in Y1 to the low parts in Y0 and rounds to 8 bits.
#define SUM \
	VPSLLD $15, Y1, Y1   \
	VPADDD Y13, Y0, Y0   \
	VPADDD Y1, Y0, Y0

// PIXEL sums one RGB pixel of each row: Y0, one row a lane.
#define PIXEL \
	MOVLQSX (BX), AX               \
	ADDQ    $4, BX                 \
	LEAQ    (SI)(AX*1), R11        \
	LEAQ    (R9)(AX*1), R12        \
	VPXOR   Y0, Y0, Y0             \
	VPXOR   Y1, Y1, Y1             \
	MOVQ    R10, R13

#define GROUP \
	VMOVDQU      (R11), X2          \
	VINSERTI128  $1, (R12), Y2, Y2  \
	VPSHUFB      Y14, Y2, Y3        \
	VPSHUFB      Y15, Y2, Y4        \
	VPBROADCASTD (DX), Y5           \
	VPBROADCASTD 4(DX), Y6          \
	VPBROADCASTD 8(DX), Y7          \
	VPBROADCASTD 12(DX), Y8         \
	VPMADDWD     Y5, Y3, Y5         \
	VPMADDWD     Y6, Y4, Y6         \
	VPMADDWD     Y7, Y3, Y7         \
	VPMADDWD     Y8, Y4, Y8         \
	VPADDD       Y6, Y5, Y5         \
	VPADDD       Y8, Y7, Y7         \
	VPADDD       Y5, Y0, Y0         \
	VPADDD       Y7, Y1, Y1         \
	ADDQ         $12, R11           \
	ADDQ         $12, R12           \
	ADDQ         $16, DX

#define BYTES \
	SUM                          \
	VPSRLD       $22, Y0, Y0     \
	VPACKUSDW    Y0, Y0, Y0      \
	VPACKUSWB    Y0, Y0, Y0      \
	VEXTRACTI128 $1, Y0, X1

// func rowsRGB(dst0, dst1, src0, src1 *uint8, n int, offsets *int32, parts *int16, groups int)
//
// All pixels but the last are stored as four bytes, the fourth of which the next
// one overwrites.
TEXT ·rowsRGB(SB), NOSPLIT, $0-64
	ARGUMENTS
	VMOVDQU pair01<>(SB), Y14
	VMOVDQU pair23<>(SB), Y15
	JMP     next

pixel:
	PIXEL

group:
	GROUP
	DECQ R13
	JNZ  group
	BYTES
	VMOVD X0, (DI)
	VMOVD X1, (R8)
	ADDQ $3, DI
	ADDQ $3, R8

next:
	DECQ CX
	JNZ  pixel
	PIXEL

lastgroup:
	GROUP
	DECQ R13
	JNZ  lastgroup
	BYTES
	VPEXTRW $0, X0, (DI)
	VPEXTRB $2, X0, 2(DI)
	VPEXTRW $0, X1, (R8)
	VPEXTRB $2, X1, 2(R8)
	VZEROUPPER
	RET

// func rowsGrey(dst0, dst1, src0, src1 *uint8, n int, offsets *int32, parts *int16, groups int)
TEXT ·rowsGrey(SB), NOSPLIT, $0-64
	ARGUMENTS

pixel:
	PIXEL

group:
	VMOVQ          (R11), X2
	VPINSRQ        $1, (R12), X2, X2
	VPMOVZXBW      X2, Y2
	VBROADCASTI128 (DX), Y3
	VBROADCASTI128 16(DX), Y4
	VPMADDWD       Y3, Y2, Y3
	VPMADDWD       Y4, Y2, Y4
	VPADDD         Y3, Y0, Y0
	VPADDD         Y4, Y1, Y1
	ADDQ           $8, R11
	ADDQ           $8, R12
	ADDQ           $32, DX
	DECQ           R13
	JNZ            group

	// The sum of a lane's four, rounded once.
	VPSLLD       $15, Y1, Y1
	VPADDD       Y1, Y0, Y0
	VPSHUFD      $0x4E, Y0, Y1
	VPADDD       Y1, Y0, Y0
	VPSHUFD      $0xB1, Y0, Y1
	VPADDD       Y1, Y0, Y0
	VPADDD       Y13, Y0, Y0
	VPSRLD       $22, Y0, Y0
	VPACKUSDW    Y0, Y0, Y0
	VPACKUSWB    Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPEXTRB      $0, X0, (DI)
	VPEXTRB      $0, X1, (R8)
	INCQ         DI
	INCQ         R8
	DECQ         CX
	JNZ          pixel
	VZEROUPPER
	RET

// func addRowsAVX2(dst, src *uint8, n, stride int, weights *int32, count int)
//
// AX: offset of 32 bytes, the last time n-32. Y0 to Y3: their sums.
TEXT ·addRowsAVX2(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ stride+24(FP), R8
	MOVQ weights+32(FP), BX
	MOVQ count+40(FP), R10
	MOVL $(1<<21), AX
	VMOVD AX, X13
	VPBROADCASTD X13, Y13
	VMOVDQU order<>(SB), Y14
	SUBQ $32, CX
	XORQ AX, AX

block:
	VMOVDQA Y13, Y0
	VMOVDQA Y13, Y1
	VMOVDQA Y13, Y2
	VMOVDQA Y13, Y3
	LEAQ    (SI)(AX*1), R11
	MOVQ    BX, R12
	MOVQ    R10, R13

row:
	VPBROADCASTD (R12), Y8
	VPMOVZXBD    (R11), Y4
	VPMOVZXBD    8(R11), Y5
	VPMOVZXBD    16(R11), Y6
	VPMOVZXBD    24(R11), Y7
	VPMULLD      Y8, Y4, Y4
	VPMULLD      Y8, Y5, Y5
	VPMULLD      Y8, Y6, Y6
	VPMULLD      Y8, Y7, Y7
	VPADDD       Y4, Y0, Y0
	VPADDD       Y5, Y1, Y1
	VPADDD       Y6, Y2, Y2
	VPADDD       Y7, Y3, Y3
	ADDQ         R8, R11
	ADDQ         $4, R12
	DECQ         R13
	JNZ          row

	VPSRLD    $22, Y0, Y0
	VPSRLD    $22, Y1, Y1
	VPSRLD    $22, Y2, Y2
	VPSRLD    $22, Y3, Y3
	VPACKUSDW Y1, Y0, Y0
	VPACKUSDW Y3, Y2, Y2
	VPACKUSWB Y2, Y0, Y0
	VPERMD    Y0, Y14, Y0
	VMOVDQU   Y0, (DI)(AX*1)
	CMPQ      AX, CX
	JGE       done
	ADDQ      $32, AX
	CMPQ      AX, CX
	CMOVQGT   CX, AX
	JMP       block

done:
	VZEROUPPER
	RET
