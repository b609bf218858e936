package train

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"augmix/nets"
	"augmix/run"
	"augmix/weights"

	"github.com/wangkuiyi/gotorch/nn"
)

// formatVersion is that of the metadata below; a checkpoint with a larger one was written by a later program.
const formatVersion = 1

// Names in a checkpoint's metadata. All values are text; floats are in Go's shortest exact form.
const (
	metaFormat     = "format"
	metaConfig     = "config"     // The run's config.json.
	metaDataset    = "dataset"    // Fingerprint of the training images.
	metaEpochStep  = "epoch_step" // Steps done of the current epoch.
	metaSeconds    = "seconds"    // Training time so far.
	metaEpochTime  = "epoch_seconds"
	metaLog        = "log_bytes" // Length of training_log.csv.
	metaMetrics    = "metrics_bytes"
	metaEvents     = "events_bytes"      // Length of the event file; there since that is written.
	metaBad        = "bad_samples_bytes" // There, and the next, since image folders can be trained on.
	metaWaited     = "waited_seconds"
	metaLoss       = "loss_sum"
	metaErrors     = "error_sum"
	metaImages     = "image_sum"
	metaSteps      = "step_sum"
	metaAverage    = "loss_average"
	metaBest       = "best_error" // On the held-out images; infinite where there are none yet.
	metaWeights    = "weights_sha256"
	momentumPrefix = nets.OptimizerPrefix + "momentum."
	// Of the weights that are trained, where the file's own are their moving average: what is evaluated has the plain names.
	trainedPrefix = nets.OptimizerPrefix + "trained."
)

// position is where training stands between two steps.
type position struct {
	epoch     int    // Epochs done.
	epochStep int    // Steps done of the current epoch.
	step      uint64 // Steps done in all.
	seconds   time.Duration
	epochTime time.Duration // Of the current epoch.
	best      float64
	waited    time.Duration // For data, until the process began.
	log       int64
	metrics   int64
	events    int64
	bad       int64 // Length of bad_samples.jsonl.
}

// named lists everything that a step changes: the weights and the statistics of batch normalisation that are evaluated,
// and what only training needs.
func (m *machine) named() []nn.Named { return append(m.evaluated().NamedTensors(), m.private()...) }

// private lists what only training needs: the momenta and, where their average is evaluated, the weights that are trained.
func (m *machine) private() []nn.Named {
	var out []nn.Named
	if m.average != nil {
		for _, t := range m.net.NamedTensors() {
			out = append(out, nn.Named{Name: trainedPrefix + t.Name, Tensor: t.Tensor})
		}
	}
	return append(out, m.momenta()...)
}

// momenta lists the optimizer's tensors, one for each trained tensor of the network, in that order.
func (m *machine) momenta() []nn.Named {
	var out []nn.Named
	momenta := m.sgd.Momenta()
	for _, t := range m.net.NamedTensors() {
		if !t.Buffer {
			out = append(out, nn.Named{Name: momentumPrefix + t.Name, Tensor: momenta[len(out)]})
		}
	}
	return out
}

// tensors copies everything that a step changes.
func (m *machine) tensors() []weights.Tensor {
	var out []weights.Tensor
	for _, t := range m.named() {
		out = append(out, weights.Tensor{Name: t.Name, DType: weights.F32, Shape: t.Tensor.Shape(), Data: t.Tensor.Bytes()})
	}
	return out
}

// checkpoint is the whole state of the training of cfg as a file. The meter must have been read.
func (m *machine) checkpoint(p position, fingerprint string, cfg run.Config) *weights.File {
	tensors := m.tensors()
	float := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	return &weights.File{
		Tensors: tensors,
		Metadata: map[string]string{
			metaFormat:    strconv.Itoa(formatVersion),
			metaConfig:    string(cfg.JSON()),
			metaDataset:   fingerprint,
			run.MetaEpoch: strconv.Itoa(p.epoch),
			metaEpochStep: strconv.Itoa(p.epochStep),
			run.MetaStep:  strconv.FormatUint(p.step, 10),
			metaSeconds:   float(p.seconds.Seconds()),
			metaEpochTime: float(p.epochTime.Seconds()),
			metaLog:       strconv.FormatInt(p.log, 10),
			metaMetrics:   strconv.FormatInt(p.metrics, 10),
			metaEvents:    strconv.FormatInt(p.events, 10),
			metaBad:       strconv.FormatInt(p.bad, 10),
			metaWaited:    float(p.waited.Seconds()),
			metaBest:      float(p.best),
			metaLoss:      float(m.meter.loss),
			metaErrors:    float(m.meter.errors),
			metaImages:    float(m.meter.images),
			metaSteps:     float(m.meter.steps),
			metaAverage:   float(m.meter.average),
			metaWeights:   weights.Digest(tensors),
		},
	}
}

// restore puts the machine into the state of a checkpoint. path is for the error, a *CheckpointError.
func (m *machine) restore(path string, f *weights.File, fingerprint string) (position, error) {
	fail := func(format string, args ...any) (position, error) {
		return position{}, &CheckpointError{path, fmt.Sprintf(format, args...)}
	}
	meta := reader{meta: f.Metadata}
	p := position{
		epoch:     int(meta.integer(run.MetaEpoch)),
		epochStep: int(meta.integer(metaEpochStep)),
		step:      uint64(meta.integer(run.MetaStep)),
		seconds:   time.Duration(meta.float(metaSeconds) * float64(time.Second)),
		epochTime: time.Duration(meta.float(metaEpochTime) * float64(time.Second)),
		best:      meta.float(metaBest),
		log:       meta.integer(metaLog),
		metrics:   meta.integer(metaMetrics),
	}
	if _, ok := f.Metadata[metaWaited]; ok {
		p.bad = meta.integer(metaBad)
		p.waited = time.Duration(meta.float(metaWaited) * float64(time.Second))
	}
	if _, ok := f.Metadata[metaEvents]; ok {
		p.events = meta.integer(metaEvents)
	}
	m.meter.loss, m.meter.errors = meta.float(metaLoss), meta.float(metaErrors)
	m.meter.images, m.meter.steps = meta.float(metaImages), meta.float(metaSteps)
	m.meter.average = meta.float(metaAverage)
	version := meta.integer(metaFormat)
	switch {
	case meta.missing != "":
		return fail("it is no checkpoint of a training run: its metadata has no valid %q", meta.missing)
	case version > formatVersion:
		return fail("a later version of augmix wrote it (format %d, this one reads %d)", version, formatVersion)
	case f.Metadata[metaDataset] != fingerprint:
		return fail("it was trained on other images: their digest was %.16s…, now it is %.16s…", f.Metadata[metaDataset], fingerprint)
	}
	if err := m.evaluated().Load(f.Tensors); err != nil {
		return fail("%v", err)
	}
	byName := map[string]weights.Tensor{}
	for _, t := range f.Tensors {
		byName[t.Name] = t
	}
	for _, t := range m.private() {
		got, ok := byName[t.Name]
		if !ok || got.DType != weights.F32 || len(got.Data) != int(4*t.Tensor.Numel()) {
			return fail("it has no %s that fits", t.Name)
		}
		t.Tensor.SetBytes(got.Data)
	}
	if want, got := f.Metadata[metaWeights], weights.Digest(m.tensors()); got != want {
		return fail("its weights have the digest %.16s…, its metadata says %.16s…", got, want)
	}
	return p, nil
}

// reader reads numbers from metadata and remembers the first name that has none.
type reader struct {
	meta    map[string]string
	missing string
}

func (r *reader) integer(name string) int64 {
	v, err := strconv.ParseInt(r.meta[name], 10, 64)
	if err != nil || v < 0 {
		r.note(name)
	}
	return v
}

func (r *reader) float(name string) float64 {
	v, err := strconv.ParseFloat(r.meta[name], 64)
	if err != nil || math.IsNaN(v) {
		r.note(name)
	}
	return v
}

func (r *reader) note(name string) {
	if r.missing == "" {
		r.missing = name
	}
}
