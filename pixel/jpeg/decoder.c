#include "decoder.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

struct jpeg_decoder {
  struct jpeg_decompress_struct info;  // lives during a call
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf fence;
  int kind;                // of the failure that jumped
  int scan;                // the last one that watch_scans has seen
  unsigned long visits;    // of 8×8 blocks by scans
  unsigned components_in;  // a bit for each component that was in a scan, unless there is one scan for all
  unsigned char *row;      // one row of libjpeg's, where it is not the caller's
  size_t row_size;
  jpeg_report report;
};

// Ends the call; the message is the report's.
static void refuse(jpeg_decoder *d, int kind) {
  d->kind = kind;
  longjmp(d->fence, 1);
}

static int kind_of(int code) {
  switch (code) {
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF:
      return jpeg_truncated;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
      return jpeg_unsupported;
    case JERR_IMAGE_TOO_BIG:
    case JERR_NO_BACKING_STORE:
    case JERR_OUT_OF_MEMORY:
      return jpeg_too_large;
  }
  return jpeg_damaged;
}

static void error_exit(j_common_ptr info) {
  jpeg_decoder *d = info->client_data;
  int code = info->err->msg_code;
  if (code == JERR_NO_BACKING_STORE) {
    snprintf(d->report.message, sizeof d->report.message, "decoding takes more than %d MiB of memory", JPEG_MAX_MEMORY >> 20);
  } else {
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    snprintf(d->report.message, sizeof d->report.message, "%s", text);
  }
  refuse(d, kind_of(code));
}

// Warnings are errors, except those that leave no pixel in doubt: an unknown JFIF
// version or Adobe colour code, parameters that a sequential scan does not use,
// and bytes that belong to nothing before the first scan or after the last.
static void emit_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
      return;
    case JWRN_EXTRANEOUS_DATA:
      if (info->err->msg_parm.i[1] == JPEG_EOI || ((j_decompress_ptr)info)->input_scan_number == 0) return;
  }
  error_exit(info);
}

static void no_output(j_common_ptr info) {}
static void no_source(j_decompress_ptr info) {}

static boolean fill_input_buffer(j_decompress_ptr info) {
  jpeg_decoder *d = info->client_data;
  snprintf(d->report.message, sizeof d->report.message, "the data end before the image does");
  refuse(d, jpeg_truncated);
  return FALSE;
}

static void skip_input_data(j_decompress_ptr info, long n) {
  if (n <= 0) return;
  if ((size_t)n > info->src->bytes_in_buffer) fill_input_buffer(info);
  info->src->next_input_byte += n;
  info->src->bytes_in_buffer -= n;
}

static unsigned long blocks_of(const jpeg_component_info *c) {
  return (unsigned long)c->width_in_blocks * c->height_in_blocks;
}

// Called again and again while jpeg_start_decompress reads several scans, and
// before rows of pixels.
static void watch_scans(j_common_ptr common) {
  j_decompress_ptr info = (j_decompress_ptr)common;
  jpeg_decoder *d = info->client_data;
  if (info->input_scan_number == d->scan) return;
  d->scan = info->input_scan_number;
  for (int i = 0; i < info->comps_in_scan; i++) {
    d->components_in |= 1u << info->cur_comp_info[i]->component_index;
    d->visits += blocks_of(info->cur_comp_info[i]);
  }
  if (d->scan > JPEG_MAX_SCANS || d->visits > JPEG_MAX_VISITS) {
    snprintf(d->report.message, sizeof d->report.message, "more than %d scans of %u×%u pixels", d->scan - 1,
             info->image_width, info->image_height);
    refuse(d, jpeg_too_large);
  }
}

jpeg_decoder *jpeg_decoder_new(void) {
  jpeg_decoder *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  d->info.err = jpeg_std_error(&d->errors);
  d->errors.error_exit = error_exit;
  d->errors.emit_message = emit_message;
  d->errors.output_message = no_output;
  d->info.client_data = d;
  d->source.init_source = no_source;
  d->source.fill_input_buffer = fill_input_buffer;
  d->source.skip_input_data = skip_input_data;
  d->source.resync_to_restart = jpeg_resync_to_restart;
  d->source.term_source = no_source;
  d->progress.progress_monitor = watch_scans;
  return d;
}

void jpeg_decoder_free(jpeg_decoder *d) {
  if (!d) return;
  free(d->row);
  free(d);
}

jpeg_report *jpeg_decoder_report(jpeg_decoder *d) { return &d->report; }

// Frees what belongs to the image and forgets the caller's memory.
static int finish(jpeg_decoder *d, int kind) {
  jpeg_destroy_decompress(&d->info);
  d->source.next_input_byte = NULL;
  d->source.bytes_in_buffer = 0;
  return kind;
}

// Reads the header and checks what it promises before anything is allocated for it.
static void read_header(jpeg_decoder *d, const unsigned char *data, size_t size) {
  j_decompress_ptr info = &d->info;
  // A new object each time: one that has read another file would lend its tables to
  // a file that lacks them. It takes a few microseconds.
  jpeg_create_decompress(info);
  info->mem->max_memory_to_use = JPEG_MAX_MEMORY;
  info->src = &d->source;
  info->progress = &d->progress;
  d->source.next_input_byte = data;
  d->source.bytes_in_buffer = size;
  d->scan = 0;
  d->visits = 0;
  d->components_in = 0;
  d->report.message[0] = 0;
  jpeg_read_header(info, TRUE);
  d->report.width = info->image_width;
  d->report.height = info->image_height;
  char *message = d->report.message;
  if ((unsigned long)info->image_width * info->image_height > JPEG_MAX_PIXELS) {
    snprintf(message, sizeof d->report.message, "%u×%u pixels are more than %d", info->image_width, info->image_height,
             JPEG_MAX_PIXELS);
    refuse(d, jpeg_too_large);
  }
  if (info->arith_code) {
    // Its decoder reads zeros after the end of the data, so that a truncated file would go unnoticed.
    snprintf(message, sizeof d->report.message, "arithmetic coding");
    refuse(d, jpeg_unsupported);
  }
  if (info->num_components != 1 && info->num_components != 3 && info->num_components != 4) {
    snprintf(message, sizeof d->report.message, "%d colour components", info->num_components);
    refuse(d, jpeg_unsupported);
  }
  unsigned long blocks = 0;
  for (int i = 0; i < info->num_components; i++) blocks += blocks_of(&info->comp_info[i]);
  if (blocks / 8 > size) {
    // The DC coefficient of a block takes at least one bit.
    snprintf(message, sizeof d->report.message, "%zu bytes cannot hold %u×%u pixels", size, info->image_width,
             info->image_height);
    refuse(d, jpeg_truncated);
  }
}

int jpeg_decoder_header(jpeg_decoder *d, const unsigned char *data, size_t size) {
  if (setjmp(d->fence)) return finish(d, d->kind);
  read_header(d, data, size);
  return finish(d, jpeg_ok);
}

// libjpeg makes grey or smooth pixels of a file that was cut between two scans and
// given an end marker, without a warning.
static int scans_are_missing(jpeg_decoder *d) {
  j_decompress_ptr info = &d->info;
  if (!jpeg_has_multiple_scans(info)) return 0;
  if (!info->progressive_mode) return d->components_in != (1u << info->num_components) - 1;
  for (int i = 0; i < info->num_components; i++) {
    for (int k = 0; k < DCTSIZE2; k++) {
      if (info->coef_bits[i][k] != 0) return 1;  // -1: none of the coefficient's bits, n: not the last n
    }
  }
  return 0;
}

// Narrows decoding to the columns that x..x+w need and returns how many columns
// of what libjpeg then gives lie left of x.
static unsigned crop_columns(jpeg_decoder *d, unsigned x, unsigned w) {
  j_decompress_ptr info = &d->info;
  for (int i = 0; i < info->num_components; i++) {
    // Some versions go wrong at scaled 4:1:1 and the like.
    if (info->comp_info[i].h_samp_factor > 2 || info->comp_info[i].v_samp_factor > 2) return x;
  }
  // The upsampling filter mixes neighbours and takes the crop's edge for the
  // image's. So decode one more of libjpeg's units on either side.
  unsigned margin = DCTSIZE * info->max_h_samp_factor / info->scale_denom;
  JDIMENSION left = x > margin ? x - margin : 0;
  JDIMENSION right = info->output_width - (x + w) > margin ? x + w + margin : info->output_width;
  JDIMENSION width = right - left;
  jpeg_crop_scanline(info, &left, &width);
  return x - left;
}

// Gives RGB for Adobe's inverted CMYK as Pillow does: (255-K)·(255-C)/255, with its
// rounding, where the file's values are C' = 255-C and K' = 255-K.
static void rgb_of_cmyk(unsigned char *out, const unsigned char *in, unsigned w) {
  for (unsigned i = 0; i < w; i++, in += 4, out += 3) {
    int k = in[3];
    for (int c = 0; c < 3; c++) {
      int product = (255 - in[c]) * k + 128;
      out[c] = k - (((product >> 8) + product) >> 8);
    }
  }
}

static void read_rows(jpeg_decoder *d, unsigned left, unsigned w, unsigned h, unsigned char *pixels) {
  j_decompress_ptr info = &d->info;
  int channels = info->output_components;
  size_t stride = (size_t)w * 3, needed = (size_t)info->output_width * channels;
  if (channels == 3 && left == 0 && info->output_width == w) {
    for (unsigned y = 0; y < h;) {
      JSAMPROW rows[16];
      unsigned n = 0;
      for (; n < 16 && y + n < h; n++) rows[n] = pixels + (y + n) * stride;
      y += jpeg_read_scanlines(info, rows, n);
    }
    return;
  }
  if (d->row_size < needed) {
    free(d->row);
    d->row_size = 0;
    d->row = malloc(needed + 1);
    if (!d->row) {
      snprintf(d->report.message, sizeof d->report.message, "there is no memory for a row of %zu bytes", needed);
      refuse(d, jpeg_too_large);
    }
    d->row_size = needed;
  }
  // At an odd address: libjpeg-turbo writes aligned rows around the cache, and
  // reading them back would take a tenth of the whole time.
  JSAMPROW row = d->row + 1;
  for (unsigned y = 0; y < h; y++, pixels += stride) {
    jpeg_read_scanlines(info, &row, 1);
    if (channels == 4)
      rgb_of_cmyk(pixels, row + (size_t)left * 4, w);
    else
      memcpy(pixels, row + (size_t)left * 3, stride);
  }
}

int jpeg_decoder_region(jpeg_decoder *d, const unsigned char *data, size_t size, unsigned x, unsigned y, unsigned w,
                        unsigned h, unsigned denominator, int whole, unsigned char *pixels) {
  if (setjmp(d->fence)) return finish(d, d->kind);
  read_header(d, data, size);
  j_decompress_ptr info = &d->info;
  info->scale_num = 1;
  info->scale_denom = denominator;
  info->out_color_space = info->num_components == 4 ? JCS_CMYK : JCS_RGB;
  info->dct_method = JDCT_ISLOW;
  info->do_fancy_upsampling = TRUE;
  jpeg_calc_output_dimensions(info);
  if (w == 0 || h == 0 || x >= info->output_width || y >= info->output_height || w > info->output_width - x ||
      h > info->output_height - y)
    return finish(d, jpeg_outside);
  jpeg_start_decompress(info);
  if (scans_are_missing(d)) {
    snprintf(d->report.message, sizeof d->report.message, "some of its scans are missing");
    refuse(d, jpeg_truncated);
  }
  unsigned left = w < info->output_width ? crop_columns(d, x, w) : 0;
  if (y > 0) jpeg_skip_scanlines(info, y);
  read_rows(d, left, w, h, pixels);
  if (whole) jpeg_finish_decompress(info);
  return finish(d, jpeg_ok);
}

#define TEXT(x) #x
#define EXPANDED(x) TEXT(x)

const char *jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
  return "libjpeg-turbo " EXPANDED(LIBJPEG_TURBO_VERSION);
#else
  return "libjpeg " EXPANDED(JPEG_LIB_VERSION);
#endif
}
