package eval

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"augmix/rng"
	"augmix/run"
)

// confidenceLevel is that of the intervals, in percent.
const confidenceLevel = 95

// resample returns the scores of n samples, drawn with replacement, of a set's
// images. Sample number b takes the same positions in every set with as many
// images, so that the sets of one benchmark, which show the same pictures, are
// resampled together.
func resample(images []outcome, n int) []run.Scores {
	order, out := byConfidence(images), make([]run.Scores, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			times, sample := make([]int, len(images)), make([]int, len(images))
			for b := range next {
				draw(times, b)
				out[b] = scoresOf(images, repeat(sample, order, times))
			}
		})
	}
	for b := range n {
		next <- b
	}
	close(next)
	workers.Wait()
	return out
}

// draw counts how often each image is in sample number b, which has as many images
// as there are.
func draw(times []int, b int) {
	clear(times)
	r := rng.Named("bootstrap", uint64(b))
	for range times {
		times[r.IntN(len(times))]++
	}
}

// repeat writes each position of order as often as times says; all three have the
// same length.
func repeat(sample, order, times []int) []int {
	sample = sample[:0]
	for _, i := range order {
		for range times[i] {
			sample = append(sample, i)
		}
	}
	return sample
}

// newIntervals returns what every interval has.
func newIntervals(resamples int) *run.Intervals {
	return &run.Intervals{Level: confidenceLevel, Resamples: resamples,
		Method: "bootstrap over images, the same in every set; percentiles, shifted so that the mean of the resamples lies on the figure"}
}

// bounds returns the intervals of all figures of an estimate from its resampled
// values. Resampled images repeat, which by itself raises binned calibration
// errors; the shift takes that out.
func bounds[T any](estimate T, resampled []T) *run.Bounds[T] {
	b := &run.Bounds[T]{}
	values := make([]reflect.Value, len(resampled))
	for i := range resampled {
		values[i] = reflect.ValueOf(&resampled[i]).Elem()
	}
	spread(reflect.ValueOf(&b.Low).Elem(), reflect.ValueOf(&b.High).Elem(), reflect.ValueOf(&estimate).Elem(), values)
	return b
}

// spread fills low and high, which are of the estimate's type: numbers with the ends
// of their intervals, everything else with the estimate's.
func spread(low, high, estimate reflect.Value, resampled []reflect.Value) {
	field := func(of func(reflect.Value) reflect.Value) []reflect.Value {
		out := make([]reflect.Value, len(resampled))
		for i, v := range resampled {
			out[i] = of(v)
		}
		return out
	}
	switch estimate.Kind() {
	case reflect.Float64:
		values := make([]float64, len(resampled))
		for i, v := range resampled {
			values[i] = v.Float()
		}
		lo, hi := interval(estimate.Float(), values)
		low.SetFloat(lo)
		high.SetFloat(hi)
	case reflect.Struct:
		for i := range estimate.NumField() {
			of := func(v reflect.Value) reflect.Value { return v.Field(i) }
			spread(of(low), of(high), of(estimate), field(of))
		}
	case reflect.Slice:
		for _, end := range []reflect.Value{low, high} {
			end.Set(reflect.MakeSlice(estimate.Type(), estimate.Len(), estimate.Len()))
		}
		for i := range estimate.Len() {
			of := func(v reflect.Value) reflect.Value { return v.Index(i) }
			spread(of(low), of(high), of(estimate), field(of))
		}
	case reflect.Map:
		low.Set(reflect.MakeMap(estimate.Type()))
		high.Set(reflect.MakeMap(estimate.Type()))
		for _, key := range estimate.MapKeys() {
			// A map's values have no address.
			lo, hi := reflect.New(estimate.Type().Elem()).Elem(), reflect.New(estimate.Type().Elem()).Elem()
			of := func(v reflect.Value) reflect.Value { return v.MapIndex(key) }
			spread(lo, hi, of(estimate), field(of))
			low.SetMapIndex(key, lo)
			high.SetMapIndex(key, hi)
		}
	case reflect.Int, reflect.String:
		low.Set(estimate)
		high.Set(estimate)
	default:
		panic(fmt.Sprintf("eval: no interval of a %v", estimate.Type()))
	}
}

// interval returns the ends of the interval of one figure: percentiles of its
// resampled values, shifted by what their mean is off the estimate. There is none
// (NaN) where the figure is missing, also from one resample.
func interval(estimate float64, resampled []float64) (low, high float64) {
	shift := estimate - mean(resampled)
	if shift != shift {
		return shift, shift
	}
	slices.Sort(resampled)
	const tail = (100 - confidenceLevel) / 2. / 100
	return quantile(resampled, tail) + shift, quantile(resampled, 1-tail) + shift
}

// quantile interpolates between the sorted values, as NumPy does by default.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-2)
	if i < 0 {
		return sorted[0]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}
