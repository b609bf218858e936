#include "encoder.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

static void jump(j_common_ptr info) { longjmp(*(jmp_buf *)info->client_data, 1); }
static void silent(j_common_ptr info) {}

unsigned long jpeg_encode(const unsigned char *pixels, unsigned w, unsigned h, int channels, int quality, int optimize,
                          unsigned char **out) {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  jmp_buf fence;
  unsigned long size = 0;
  *out = NULL;
  info.err = jpeg_std_error(&errors);
  errors.error_exit = jump;
  errors.output_message = silent;
  info.client_data = &fence;
  if (setjmp(fence)) {
    jpeg_destroy_compress(&info);
    free(*out);
    *out = NULL;
    return 0;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, out, &size);
  info.image_width = w;
  info.image_height = h;
  info.input_components = channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  info.optimize_coding = optimize;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < h) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)info.next_scanline * w * channels);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return size;
}
