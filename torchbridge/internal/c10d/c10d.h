// The C interface of c10d: stores, groups of processes and what they do together.
//
// Tensors cross as in bridge.h. Every function returns an error whose text is null on success and malloc'd otherwise. No
// C++ exception leaves any function.
#ifndef TORCHBRIDGE_C10D_H
#define TORCHBRIDGE_C10D_H

#include "bridge.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef void *td_store;
typedef void *td_group;

enum { TD_OTHER = 0, TD_TIMEOUT = 1, TD_CONNECTION = 2 };

typedef struct {
  int kind;
  char *text;
} td_error;

// A store: texts by key, in the memory of the process that is its server. Port 0 of a server is any that is free; the one
// that is used comes back. Waiting for a key that nobody sets ends after the timeout, in milliseconds, as does looking
// for a server.
td_error td_store_new(const char *host, int port, bool server, int64_t timeout, td_store *out, int *used);
td_error td_store_set(td_store s, const char *key, const char *value, int64_t n);
td_error td_store_get(td_store s, const char *key, char **value, int64_t *n);  // value is malloc'd
td_error td_store_add(td_store s, const char *key, int64_t delta, int64_t *sum);
td_error td_store_wait(td_store s, const char *key, int64_t timeout);
void td_store_free(td_store s);

// A group: its processes call the same functions in the same order. Keys begin with prefix. address is this process's own
// as the others reach it; interface, which may be empty, is used instead of it.
td_error td_gloo_new(td_store s, const char *prefix, int rank, int size, const char *address, const char *interface,
                     int64_t timeout, td_group *out);
td_error td_nccl_new(td_store s, const char *prefix, int rank, int size, int device, int64_t timeout,
                     td_group *out);  // in CUDA builds only
td_error td_all_reduce(td_group g, tb_tensor t);  // the sum, in place, on the current stream
td_error td_broadcast(td_group g, tb_tensor t, int root);
td_error td_barrier(td_group g, int device);  // device is −1 on the host
void td_group_free(td_group g);

// Batch normalisation in training, as tb_batch_norm, by the statistics of all ranks' images. counted tells whether those of
// this rank belong to them. Errors are those of operations: texts.
tb_result td_batch_norm(td_group g, tb_tensor x, tb_tensor weight, tb_tensor bias, tb_tensor mean, tb_tensor var,
                        double momentum, double eps, bool counted);

#ifdef __cplusplus
}
#endif
#endif
