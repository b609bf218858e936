package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"augmix/data"
	"augmix/eval"
	"augmix/nets"
	"augmix/run"
	"augmix/train"
)

func predictCommand() command {
	return command{
		name: "predict", operands: "IMAGE…", summary: "classifies image files",
		about: "Confidences are calibrated by the temperature that `augmix eval RUN --temperature fit` stored in the run's\n" +
			"results, or by --temperature. Several checkpoints are averaged. An image is resized and its centre cropped to\n" +
			"the size that the network was trained on.",
		setup: func(f *flags) func(*call) error { return newPrediction(f).run },
	}
}

// prediction is what the flags of predict write to.
type prediction struct {
	evaluation
	top int
}

func newPrediction(f *flags) *prediction {
	p := &prediction{evaluation: *bareEvaluation(f), top: 5}
	c := &p.config
	g := f.group("Checkpoints")
	g.add(&filesValue{&p.checkpoints}, "checkpoint", "a run's folder or a checkpoint; several are averaged")
	g.network(c)
	g.normalize(c, "the checkpoint's, else the model's published one")
	g.text(&p.temperature, "temperature", "X", checkWarmth, "divide the logits by X (default: the run's fitted one, else 1)")

	g = f.group("Classes and images")
	g.dataset(c)
	g.text(&c.Data, "data", "DIR", nil, "folder: where the classes' folders are, for a checkpoint that does not know its classes")
	g.integer(&c.ImageSize, "image-size", 8, 4096, "side of the images in pixels, for a checkpoint that does not know it (default: 224 of imagenet and folder, else 32)")

	g = f.group("Machine")
	g.machine(c)

	g = f.group("Output")
	g.integer(&p.top, "top", 1, 100_000, "how many classes to show of each image")
	g.json(&p.json)
	g.toggle(&p.quiet, "quiet", "no messages, only results and errors")
	return p
}

// checkWarmth is checkTemperature without fit, for which there are no labels.
func checkWarmth(s string) error {
	if s == "fit" || checkTemperature(s) != nil {
		return errors.New("give a number from 0.01 to 100")
	}
	return nil
}

// predictions are the result of predict.
type predictions struct {
	Checkpoints     []string     `json:"checkpoints"`
	Model           string       `json:"model"`
	Temperature     float64      `json:"temperature"`
	TemperatureFrom string       `json:"temperature_from"`
	Precision       string       `json:"precision"`
	Images          []classified `json:"images"`
}

// classified is one image with its most probable classes.
type classified struct {
	Image   string         `json:"image"`
	Classes []classifiedAs `json:"classes"`
}

type classifiedAs struct {
	Class      string  `json:"class"`
	Label      int     `json:"label"`
	Confidence float64 `json:"confidence"` // percent
}

func (p *prediction) run(c *call) error {
	if err := p.check(c.args); err != nil {
		return err
	}
	log := newProgress(c.stderr, p.quiet)
	side, err := p.side()
	if err != nil {
		return err
	}
	images, err := data.ReadFiles(c.args, side)
	if err != nil {
		return err
	}
	networks, config, err := p.networks(log)
	if err != nil {
		return err
	}
	defer func() {
		for _, n := range networks {
			n.Close()
		}
	}()
	out := predictions{Checkpoints: p.checkpoints, Precision: p.config.Precision}
	if out.Temperature, out.TemperatureFrom, err = p.warmth(); err != nil {
		return err
	}
	var models []string
	for _, n := range networks {
		models = append(models, n.Config().Model)
	}
	out.Model = strings.Join(models, " + ")
	log.say("%s, %s; temperature %g (%s)", out.Model, out.Precision, out.Temperature, out.TemperatureFrom)
	train.Prepare(p.config)
	all, err := eval.Predict(networks, images, out.Temperature, p.config.Precision == "bf16")
	if err != nil {
		return err
	}
	for i, path := range c.args {
		out.Images = append(out.Images, classified{path, best(all[i], config.Classes, p.top)})
	}
	return c.results(p.json, out, func(w io.Writer) error { return writePredictions(w, out) })
}

// check looks at the command line alone.
func (p *prediction) check(args []string) error {
	if len(args) == 0 {
		return usage("what is to be classified? Name image files")
	}
	if len(p.checkpoints) == 0 {
		return usage("which network? Name a run's folder or a checkpoint with --checkpoint")
	}
	if err := checkSaid(p.given, p.config, p.foreign); err != nil {
		return err
	}
	precision := p.config.Precision
	if precision == "auto" {
		precision = "fp32"
	}
	if err := train.Resolve(&p.config, precision, p.config.Device); err != nil {
		return usage("%v", err)
	}
	for i, path := range p.checkpoints {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			continue
		}
		folder, err := run.Open(path)
		if err != nil {
			return usage("--checkpoint %s: %v", show(path), err)
		}
		best, err := folder.Best()
		if err != nil {
			return err
		}
		p.checkpoints[i] = best.Path
	}
	return nil
}

// side is the side of the images that the first checkpoint wants.
func (p *prediction) side() (int, error) {
	was, ours, err := p.peek(p.checkpoints[0])
	if err != nil {
		return 0, err
	}
	dataset, side := was.Dataset, 0
	if ours {
		side = was.ImageSize
	}
	if p.given("dataset") {
		dataset = p.config.Dataset
	}
	c := run.Config{Dataset: dataset, ImageSize: p.config.ImageSize}
	if err := checkImages(&c); err != nil {
		return 0, err
	}
	if side == 0 {
		side = c.ImageSize
	}
	return cmp.Or(side, smallSide), nil
}

// networks builds the network of every checkpoint, all of the same classes; the configuration is the first one's.
func (p *prediction) networks(log *progress) (out []*nets.Net, config run.Config, err error) {
	defer func() {
		if err != nil {
			for _, n := range out {
				n.Close()
			}
			out = nil
		}
	}()
	for i, path := range p.checkpoints {
		said, err := p.saidOf(path, log)
		if err != nil {
			return out, config, err
		}
		net, c, source, err := eval.Load(path, said)
		if err != nil {
			return out, config, err
		}
		out = append(out, net)
		if err := eval.Move(net, p.config.Device, p.config.Precision == "bf16"); err != nil {
			return out, config, err
		}
		if i == 0 {
			config = c
		} else if !slices.Equal(c.Classes, config.Classes) {
			return out, config, &eval.MismatchError{Path: path, Reason: "it knows other classes than " + p.checkpoints[0]}
		}
		log.say("%s from %s; normalisation %s (%s)", net.Describe(), path, c.Normalize, source)
	}
	return out, config, nil
}

// saidOf is what the flags say of a checkpoint, and of one that no run wrote all that is needed to build it.
func (p *prediction) saidOf(path string, log *progress) (run.Config, error) {
	_, ours, err := p.peek(path)
	if err != nil {
		return run.Config{}, err
	}
	if ours {
		return p.said(target{path: path})
	}
	dataset := cmp.Or(p.config.Dataset, p.foreign.Dataset)
	classes, ok := data.KnownClasses(dataset)
	if !ok {
		set, err := openData(run.Config{Dataset: dataset, Data: p.config.Data}, "test", 0, log)
		if err != nil {
			return run.Config{}, fmt.Errorf("the names of the classes: %w", err)
		}
		classes = set.Classes()
	}
	return p.said(target{path: path, dataset: dataset, test: data.Named(dataset, classes)})
}

// warmth is the temperature and where it is from: the flag, the results of the run that a checkpoint is in, or nowhere.
func (p *prediction) warmth() (float64, string, error) {
	if p.temperature != "" {
		t, err := strconv.ParseFloat(p.temperature, 64)
		return t, "--temperature", err
	}
	none := "not calibrated; `augmix eval RUN --temperature fit` finds a run's"
	if len(p.checkpoints) > 1 {
		return 1, "not calibrated; of several checkpoints give one with --temperature", nil
	}
	folder, err := run.Open(filepath.Dir(filepath.Dir(p.checkpoints[0])))
	if err != nil {
		return 1, none, nil // The checkpoint is in no run's folder.
	}
	e, err := folder.Evaluation()
	if errors.Is(err, fs.ErrNotExist) {
		return 1, none, nil
	}
	if err != nil {
		return 0, "", err
	}
	if e.Temperature == nil || len(e.Checkpoints) != 1 || !sameFile(e.Checkpoints[0], p.checkpoints[0]) {
		return 1, none, nil
	}
	return e.Temperature.Value, "results/eval.json, from " + e.Temperature.From, nil
}

func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// best returns the n most probable classes; of equal ones the first.
func best(probabilities []float64, classes []string, n int) []classifiedAs {
	order := make([]int, len(probabilities))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(probabilities[b], probabilities[a]) })
	var out []classifiedAs
	for _, k := range order[:min(n, len(order))] {
		out = append(out, classifiedAs{classes[k], k, 100 * probabilities[k]})
	}
	return out
}

// writePredictions writes a line an image.
func writePredictions(w io.Writer, p predictions) error {
	var rows []row
	for _, image := range p.Images {
		line := row{image.Image}
		for _, c := range image.Classes {
			line = append(line, fmt.Sprintf("%s %.1f %%", c.Class, c.Confidence))
		}
		rows = append(rows, line)
	}
	return writeRows(w, rows, false)
}
