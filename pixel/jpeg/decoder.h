// The decoding half of the door to libjpeg: every longjmp of libjpeg's error
// handling starts and ends inside decoder.c.
#ifndef AUGMIX_JPEG_DECODER_H
#define AUGMIX_JPEG_DECODER_H

#include <stddef.h>

// What became of a call; jpeg.go names the same kinds.
enum {
  jpeg_ok,
  jpeg_truncated,    // the data end before the image does
  jpeg_damaged,      // the data contradict the format
  jpeg_unsupported,  // a process or a colour space that is not decoded
  jpeg_too_large,    // over one of the limits below
  jpeg_outside,      // the rectangle is not inside the image
};

// Pillow refuses more than twice Image.MAX_IMAGE_PIXELS, a quarter of 2^30 bytes of RGB.
#define JPEG_MAX_PIXELS 178956970
// A progressive image has 10 scans where the encoder is not told otherwise.
#define JPEG_MAX_SCANS 500
// How often an 8×8 block may be visited, all scans together: about a second. The usual
// progression of 10 scans visits each 6 times, which is less for every allowed size.
#define JPEG_MAX_VISITS (1 << 26)
// What libjpeg may allocate for one image.
#define JPEG_MAX_MEMORY (1 << 30)

typedef struct jpeg_decoder jpeg_decoder;

// What the last call of jpeg_decoder_header or jpeg_decoder_region found.
typedef struct {
  unsigned width, height;  // of the whole image
  char message[256];       // what is wrong, where the call did not return jpeg_ok
} jpeg_report;

// Returns NULL where there is no memory left.
jpeg_decoder *jpeg_decoder_new(void);
void jpeg_decoder_free(jpeg_decoder *d);
jpeg_report *jpeg_decoder_report(jpeg_decoder *d);

// Reads the header. It keeps no pointer to data.
int jpeg_decoder_header(jpeg_decoder *d, const unsigned char *data, size_t size);

// Decodes the w×h pixels from (x, y) on, in coordinates of the image scaled by
// 1/denominator, as RGB rows without padding into pixels. Where whole is not 0 the
// data are also read to their end. It keeps no pointer to data or pixels.
int jpeg_decoder_region(jpeg_decoder *d, const unsigned char *data, size_t size, unsigned x, unsigned y, unsigned w,
                        unsigned h, unsigned denominator, int whole, unsigned char *pixels);

// The version of libjpeg-turbo that this file was compiled with, or of libjpeg.
const char *jpeg_version(void);

#endif
