package pixel

import "golang.org/x/sys/cpu"

// avx2 says whether the assembly runs; its tests switch it off to compare.
var avx2 = cpu.X86.HasAVX2 && cpu.X86.HasFMA
