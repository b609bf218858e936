// The C interface of the CUDA build, under the same rules as bridge.h. A device is the number of a CUDA device.
#ifndef TORCHBRIDGE_CUDA_H
#define TORCHBRIDGE_CUDA_H

#include "bridge.h"

#ifdef __cplusplus
extern "C" {
#endif

// Devices.
int tc_device_count(void);
char *tc_no_device(void);  // why there is none, malloc'd; null where there is one
char *tc_current_device(int *out);  // of this thread
typedef struct {
  char name[256];
  int major, minor;
  int64_t memory;
} tc_properties;
char *tc_get_properties(int device, tc_properties *out);
void tc_versions(int *runtime, int *driver, int *cudnn, int *nccl);  // 0 where not known
char *tc_synchronize_device(int device);
char *tc_memory_allocated(int device, int64_t *now, int64_t *peak);
char *tc_empty_cache(void);
tb_result tc_pinned(const int64_t *shape, int64_t n, int dtype);  // page-locked CPU memory

// Streams.
typedef struct {
  int64_t id;
  int device;
} tc_stream;
// tc_current is the current device, and the current stream of a device.
typedef struct {
  int device;
  tc_stream stream;
} tc_current;
char *tc_new_stream(int device, bool high_priority, tc_stream *out);
char *tc_swap_stream(tc_stream next, tc_current *was);  // makes next and its device current on this thread
char *tc_restore_stream(tc_current was);
char *tc_synchronize_stream(tc_stream s);

// Events.
typedef void *tc_event;
char *tc_new_event(tc_event *out);
char *tc_record_event(tc_event e, tc_stream s);
char *tc_wait_event(tc_stream s, tc_event e);
char *tc_event_done(tc_event e, bool *out);
char *tc_synchronize_event(tc_event e);
void tc_free_event(tc_event e);

// Graphs.
typedef void *tc_graph;
char *tc_new_graph(tc_graph *out);
char *tc_begin_capture(tc_graph g, tc_graph pool);  // pool: whose memory to share, or null
char *tc_end_capture(tc_graph g);
void tc_abandon_capture(tc_graph g);
char *tc_replay_graph(tc_graph g);
void tc_free_graph(tc_graph g);

#ifdef __cplusplus
}
#endif
#endif
