// The transforms of winograd.h. Each file of kernels includes this in a namespace of its own after it has said what they are
// made for: TARGET and INLINE, the vector `Vector` of kLanes float32 values with load, store, zero and splat, and the
// elements of activations, `Element`.

// Run is a number of neighbouring tiles of one row of tiles.
struct Run {
  int64_t image, row, column, count;
};

// run_at cuts the run that begins at tile g out of the tiles before end; rows have `width` tiles, images `height` rows.
Run run_at(int64_t g, int64_t end, int64_t width, int64_t height) {
  int64_t column = g % width, row = g / width;
  return {row / height, row % height, column, std::min(end - g, width - column)};
}

// Pixels are the four rows of an image that a row of tiles reads; rows outside are null.
struct Pixels {
  const Element *rows[4];
  int64_t width, channels;
};

Pixels pixels_of(const Element *x, const Shape &s, Run run) {
  Pixels p{{}, s.w, s.in};
  for (int64_t i = 0; i < 4; i++) {
    int64_t y = 2 * run.row + i - 1;
    p.rows[i] = y < 0 || y >= s.h ? nullptr : x + (run.image * s.h + y) * s.w * s.in;
  }
  return p;
}

// column computes one column of Bᵀd, which neighbouring tiles share: x may lie outside of the image, in its padding.
INLINE void column(const Pixels &p, int64_t x, int64_t c, Vector out[4]) {
  Vector d[4];
  bool inside = x >= 0 && x < p.width;
  UNROLL for (int i = 0; i < 4; i++) {
    d[i] = inside && p.rows[i] ? load(p.rows[i] + x * p.channels + c) : zero();
  }
  out[0] = d[0] - d[2];
  out[1] = d[1] + d[2];
  out[2] = d[2] - d[1];
  out[3] = d[1] - d[3];
}

// row computes one row of (Bᵀd)B from the four columns of Bᵀd.
INLINE void row(Vector a, Vector b, Vector c, Vector d, Vector out[4]) {
  out[0] = a - c;
  out[1] = b + c;
  out[2] = c - b;
  out[3] = b - d;
}

// transform_input writes Bᵀ d B of a run's tiles to v: plane f, tile t, channel c at v[f·plane + t·in + c].
TARGET void transform_input(const Element *x, const Shape &s, Run run, Element *v, int64_t plane) {
  Pixels p = pixels_of(x, s, run);
  for (int64_t c = 0; c < s.in; c += kLanes) {
    Vector q[4][4];
    column(p, 2 * run.column - 1, c, q[0]);
    column(p, 2 * run.column, c, q[1]);
    for (int64_t t = 0; t < run.count; t++) {
      int64_t left = 2 * (run.column + t);
      column(p, left + 1, c, q[2]);
      column(p, left + 2, c, q[3]);
      UNROLL for (int r = 0; r < 4; r++) {
        Vector out[4];
        row(q[0][r], q[1][r], q[2][r], q[3][r], out);
        UNROLL for (int j = 0; j < 4; j++) store(v + (4 * r + j) * plane + t * s.in + c, out[j]);
        q[0][r] = q[2][r];
        q[1][r] = q[3][r];
      }
    }
  }
}

// transform_output writes Aᵀ m A of a run's tiles to y: plane f, tile t, channel o at m[f·plane + t·out + o].
TARGET void transform_output(const float *m, int64_t plane, Element *y, const Shape &s, Run run) {
  Element *corner = y + ((run.image * s.h + 2 * run.row) * s.w + 2 * run.column) * s.out;
  for (int64_t t = 0; t < run.count; t++, corner += 2 * s.out) {
    for (int64_t o = 0; o < s.out; o += kLanes) {
      Vector top[4], bottom[4];
      UNROLL for (int j = 0; j < 4; j++) {
        const float *p = m + j * plane + t * s.out + o;
        Vector a = load(p), b = load(p + 4 * plane), c = load(p + 8 * plane), d = load(p + 12 * plane);
        top[j] = a + b + c;
        bottom[j] = b - c - d;
      }
      Element *first = corner + o, *second = first + s.w * s.out;
      store(first, top[0] + top[1] + top[2]);
      store(first + s.out, top[1] - top[2] - top[3]);
      store(second, bottom[0] + bottom[1] + bottom[2]);
      store(second + s.out, bottom[1] - bottom[2] - bottom[3]);
    }
  }
}

// spread computes A e of a pair, without the minus of its last row: finish has it.
INLINE void spread(Vector a, Vector b, Vector out[4]) {
  out[0] = a;
  out[1] = a + b;
  out[2] = a - b;
  out[3] = b;
}

// halves computes G of a column of three.
INLINE void halves(Vector a, Vector b, Vector c, Vector out[4]) {
  Vector half = splat(0.5f), outer = (a + c) * half, middle = b * half;
  out[0] = a;
  out[1] = outer + middle;
  out[2] = outer - middle;
  out[3] = c;
}

// transform_kernel computes G g Gᵀ of kLanes neighbouring input channels of an output channel.
INLINE void transform_kernel(const float *g, int64_t in, bool rotate, Vector u[16]) {
  Vector columns[3][4];
  UNROLL for (int j = 0; j < 3; j++) {
    Vector k[3];
    UNROLL for (int i = 0; i < 3; i++) k[i] = load(g + (rotate ? 8 - 3 * i - j : 3 * i + j) * in);
    halves(k[0], k[1], k[2], columns[j]);
  }
  UNROLL for (int r = 0; r < 4; r++) halves(columns[0][r], columns[1][r], columns[2][r], u + 4 * r);
}

// finish computes Gᵀ Σ G of the sums of `chunks` chunks, for output channels [begin, end).
TARGET void finish(const float *sums, float *dg, const Shape &s, int64_t chunks, int64_t begin, int64_t end) {
  int64_t plane = s.in * s.out;
  const Vector half = splat(0.5f);
  for (int64_t o = begin; o < end; o++) {
    for (int64_t c = 0; c < s.in; c += kLanes) {
      Vector rows[3][4];
      UNROLL for (int j = 0; j < 4; j++) {
        Vector m[4];
        UNROLL for (int i = 0; i < 4; i++) {
          const float *p = sums + (4 * i + j) * plane + o * s.in + c;
          m[i] = load(p);
          for (int64_t k = 1; k < chunks; k++) m[i] += load(p + k * 16 * plane);
        }
        Vector both = (m[1] + m[2]) * half;
        rows[0][j] = m[0] + both;
        rows[1][j] = (m[1] - m[2]) * half;
        rows[2][j] = both - m[3];
      }
      UNROLL for (int i = 0; i < 3; i++) {
        const Vector *m = rows[i];
        Vector both = (m[1] + m[2]) * half;
        float *out = dg + (o * 9 + 3 * i) * s.in + c;
        store(out, m[0] + both);
        store(out + s.in, (m[1] - m[2]) * half);
        store(out + 2 * s.in, both - m[3]);
      }
    }
  }
}

