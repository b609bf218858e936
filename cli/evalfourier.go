package cli

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"augmix/data"
	"augmix/eval"
	"augmix/report"
	"augmix/run"
)

// fourierFlags are about --sets fourier.
type fourierFlags struct {
	epsilon float64 // 0: the published one
	images  int
	side    int // 0: the published one
	out     string
}

func (e *evaluation) fourierFlags(g *group) {
	e.fourier.images = 1000
	g.real(&e.fourier.epsilon, "fourier-epsilon", "above 0", func(x float64) bool { return x > 0 && x <= 1e6 },
		"Euclidean norm of the basis image that is added to each channel (default: 4, of images from 64 pixels on 15.7)")
	g.integer(&e.fourier.images, "fourier-images", 1, maxCount, "use the first N test images, or where they are sorted by class N from all over")
	g.integer(&e.fourier.side, "fourier-side", 1, 4095, "side of the map, odd (default: all frequencies below Nyquist's, of images from 64 "+
		"pixels on the lowest 63)")
	g.text(&e.fourier.out, "out", "DIR", nil, "the folder for fourier.png and fourier.npy (default: the run's results); of several checkpoints "+
		"folders DIR/NUMBER-MODEL")
}

// checkFourier completes and checks the flags for a target.
func (e *evaluation) checkFourier(t target) (epsilon float64, side int, err error) {
	w, h, _ := t.test.Size()
	epsilon, side = eval.DefaultFourier(min(w, h))
	if e.fourier.epsilon != 0 {
		epsilon = e.fourier.epsilon
	}
	if e.fourier.side != 0 {
		side = e.fourier.side
	}
	if side%2 == 0 || side >= min(w, h) {
		return 0, 0, usage("--fourier-side %d: give an odd number below %d, the side of the images", side, min(w, h))
	}
	if t.folder == nil && e.fourier.out == "" {
		return 0, 0, usage("--sets fourier writes a picture and an array: name a folder for those of %s with --out", t.path)
	}
	return epsilon, side, nil
}

// partial is the file of a map in the making.
type partial struct {
	Key   string            `json:"key"` // what the state belongs to
	State eval.FourierState `json:"state"`
}

// fourierMap makes the map of one network, the number-th of all, and writes it. What an interrupted call has done is not
// done again.
func (e *evaluation) fourierMap(n network, number, all int, log *progress) (*run.FourierMap, error) {
	epsilon, side, err := e.checkFourier(n.target)
	if err != nil {
		return nil, err
	}
	dir := e.fourier.out
	if dir == "" {
		dir = n.folder.Path("results")
	} else if all > 1 {
		dir = filepath.Join(dir, fmt.Sprintf("%d-%s", number, n.config.Model))
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	images := data.Subset(n.test, e.fourier.images, data.SortedByClass(n.test))
	key, err := fourierKey(n, images, epsilon, side, e.config.Precision)
	if err != nil {
		return nil, err
	}
	o := eval.FourierOptions{
		Dataset: images, Epsilon: epsilon, Side: side, BatchSize: evalBatchSize(e.config, n.dataset), Workers: e.config.NumWorkers,
		BF16: e.config.Precision == "bf16", NoGraph: e.config.NoGraph,
		Note: func(text string) { log.say("%s", text) },
		Progress: func(done, total int) {
			log.show(done, total, "Fourier map", "")
		},
	}
	part := filepath.Join(dir, "fourier.part.json")
	if o.State, err = resumeFourier(part, key, side); err != nil {
		return nil, err
	}
	if o.State != nil {
		log.say("going on with the Fourier map in %s", part)
	}
	o.Save = func(s eval.FourierState) error {
		return run.WriteFile(part, func(w io.Writer) error { return json.NewEncoder(w).Encode(partial{key, s}) })
	}
	m, err := eval.Fourier(n.net, o)
	if err != nil {
		return nil, err
	}
	picture := filepath.Join(dir, "fourier.png")
	if err := run.WriteFile(picture, func(w io.Writer) error { return report.WriteFourier(w, n.net.Describe(), m) }); err != nil {
		return nil, err
	}
	if err := run.WriteFile(filepath.Join(dir, "fourier.npy"), func(w io.Writer) error { return writeFourier(w, m) }); err != nil {
		return nil, err
	}
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	log.say("wrote %s and fourier.npy beside it", picture)
	return &m, nil
}

// fourierKey identifies everything that a map depends on.
func fourierKey(n network, images data.Dataset, epsilon float64, side int, precision string) (string, error) {
	h := sha256.New()
	file, err := os.Open(n.path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	fmt.Fprintf(h, "%s %s %v %d %s", n.config.Normalize, images.Fingerprint(), epsilon, side, precision)
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// resumeFourier reads the state of an interrupted call, nil where there is none that fits.
func resumeFourier(path, key string, side int) (*eval.FourierState, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var p partial
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("%s is not the state of a Fourier map (%w); delete it to begin again", path, err)
	}
	if p.Key != key {
		return nil, nil // Of another checkpoint, other images or other settings.
	}
	if err := p.State.Check(side); err != nil {
		return nil, fmt.Errorf("%s: %w; delete it to begin again", path, err)
	}
	return &p.State, nil
}

// writeFourier writes a map as NumPy's array, float64 [side, side], in percent.
func writeFourier(w io.Writer, m run.FourierMap) error {
	var raw []byte
	for _, row := range m.Error {
		for _, v := range row {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
		}
	}
	return data.WriteNPY(w, data.NPYHeader{Descr: "<f8", Shape: []int{m.Side, m.Side}}, raw)
}
