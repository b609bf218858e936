// Package weights reads and writes network weights without libtorch and without
// Python: safetensors files, PyTorch files (the zip container of torch >= 1.6; the
// stacked pickles before it are only read), and it reads the Python batches of CIFAR-10
// and CIFAR-100, which are pickles too.
//
// # What is trusted
//
// Nothing in a file. A length is compared with the bytes that are there before
// memory is asked for, a product of sizes is checked for overflow, a view of a
// storage is checked against the storage before it is read. Pickles run on one
// machine (type machine) that cannot call, import or construct anything: it knows
// the opcodes and the global names of an allow-list, type-checks the operands of
// each opcode, and refuses the rest by name and offset. There are two allow-lists:
// one for state dicts (torch_allow.go), one for CIFAR batches (cifar.go).
//
// # Digests
//
// A safetensors file written here carries a SHA-256 over all of its bytes in
// __metadata__ (see WriteSafetensors), verified whenever such a file is read. So a
// flipped bit anywhere in a checkpoint, its header and padding included, is an
// error and not a slightly different network. Digest is another thing: it names
// the tensors alone, whatever file they came from.
//
// Every error about a file's content is an *Error.
package weights
