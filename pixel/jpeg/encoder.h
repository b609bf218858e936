// The encoding half of the door to libjpeg.
#ifndef AUGMIX_JPEG_ENCODER_H
#define AUGMIX_JPEG_ENCODER_H

// Encodes w×h pixels of 1 (grey) or 3 (RGB) interleaved channels, rows without
// padding. It sets *out to memory that the caller frees and returns its size, or
// returns 0 where there is no memory or the image is larger than the format allows.
unsigned long jpeg_encode(const unsigned char *pixels, unsigned w, unsigned h, int channels, int quality, int optimize,
                          unsigned char **out);

#endif
