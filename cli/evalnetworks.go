package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"augmix/data"
	"augmix/eval"
	"augmix/nets"
	"augmix/run"
)

// defaultResamples is how often --ci alone draws.
const defaultResamples = 1000

// figures declares the flags about what is computed of the predictions.
func (e *evaluation) figures(g *group) {
	g.toggle(&e.ensemble, "ensemble", "also evaluate the mean of all checkpoints' softmaxes")
	g.text(&e.temperature, "temperature", "fit|X", checkTemperature, "also give all figures of softmax(logits/X); fit finds the best X "+
		"on the images that the run held out (--val-split), else on every tenth test image, which those figures then leave out")
	g.integer(&e.resamples, "ci", 10, 1_000_000, "also give 95 % confidence intervals, of N bootstrap samples of the images (alone: "+
		strconv.Itoa(defaultResamples)+"; another number with =)")
	g.set.Lookup("ci").NoOptDefVal = strconv.Itoa(defaultResamples)
	g.text(&e.logits, "save-logits", "DIR", nil, "keep the logits: DIR/SET.npy, float32 [images, classes], and DIR/labels.npy; of several "+
		"checkpoints in folders DIR/NUMBER-MODEL")
}

// checkTemperature refuses what is neither fit nor a temperature.
func checkTemperature(s string) error {
	if s == "fit" {
		return nil
	}
	if x, err := strconv.ParseFloat(s, 64); err != nil || !(x >= 0.01 && x <= 100) {
		return errors.New("give fit, or a number from 0.01 to 100")
	}
	return nil
}

// network is a target's network, ready to be evaluated.
type network struct {
	target
	net    *nets.Net
	config run.Config
	source string // where the normalisation came from
}

// load builds a target's network, which the caller closes.
func (e *evaluation) load(t target, log *progress) (network, error) {
	if t.folder != nil {
		best, err := t.folder.Best()
		if err != nil {
			return network{}, err
		}
		t.path = best.Path
	}
	said, err := e.said(t)
	if err != nil {
		return network{}, err
	}
	net, config, source, err := eval.Load(t.path, said)
	if err != nil {
		return network{}, err
	}
	if err := net.Config().CheckSize(t.test.Size()); err != nil {
		net.Close()
		return network{}, usage("%v: %s is evaluated on images of %s", err, t.path, t.dataset)
	}
	matched, note, err := eval.Match(t.path, config, t.test)
	if err != nil {
		net.Close()
		return network{}, err
	}
	t.test = matched
	if note != "" {
		log.say("%s", note)
	}
	if err := eval.Move(net, e.config.Device, e.config.Precision == "bf16"); err != nil {
		net.Close()
		return network{}, err
	}
	log.say("%s from %s, %s, %d threads; normalisation %s (%s)", net.Describe(), t.path, e.config.Precision,
		e.config.Threads, config.Normalize, source)
	return network{t, net, config, source}, nil
}

// mostTogether bounds the networks that are in memory at once.
const mostTogether = 8

// together is how many of the targets, from the first on, are evaluated in one pass, which makes each corrupted image
// once for all of them: an ensemble's all, else those on the same images. A temperature is fitted to what each run held
// out by itself.
func (e *evaluation) together(targets []target) int {
	if e.ensemble {
		return len(targets)
	}
	n := 1
	for n < min(len(targets), mostTogether) && targets[n].test == targets[0].test && e.temperature != "fit" {
		n++
	}
	return n
}

// measure evaluates targets on the same images in one pass, and with --ensemble also all together; in a dry run they are
// only loaded. There is a table for each, then that of the ensemble. Without --ensemble it ends before the first target
// that knows other classes than the one before. first is the number of the first target, from 1, of all of them.
func (e *evaluation) measure(targets []target, first, all int, log *progress) ([]evalTable, error) {
	var networks []network
	defer func() {
		for _, n := range networks {
			n.net.Close()
		}
	}()
	var tables []evalTable
	for _, t := range targets {
		n, err := e.load(t, log)
		if err != nil {
			return nil, err
		}
		networks = append(networks, n)
		if !slices.Equal(n.test.Classes(), networks[0].test.Classes()) {
			if !e.ensemble {
				break
			}
			return nil, &eval.MismatchError{Path: n.path, Reason: fmt.Sprintf("it knows other classes than %s; the members of an ensemble "+
				"know the same ones", networks[0].path)}
		}
		tables = append(tables, evalTable{
			title: n.net.Describe(), normalize: fmt.Sprintf("%s (%s)", n.config.Normalize, n.source), threads: e.config.Threads,
			sets: e.sets, names: e.only, severities: e.severities, result: e.planned(n), configs: []run.Config{n.config},
		})
	}
	if e.ensemble {
		tables = append(tables, e.ensembleTable(tables))
	}
	if e.dryRun {
		return tables, nil
	}
	measured := networks[:min(len(tables), len(networks))]
	o, err := e.options(measured, first, all, log)
	if err != nil {
		return nil, err
	}
	maps := make([]*run.FourierMap, len(measured))
	if slices.Contains(e.sets, "fourier") {
		for i, n := range measured {
			if maps[i], err = e.fourierMap(n, first+i, all, log); err != nil {
				return nil, err
			}
			log.close()
		}
	}
	var raw []*nets.Net
	for _, n := range measured {
		raw = append(raw, n.net)
	}
	results, err := eval.RunAll(raw, o)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		planned := tables[i].result
		r.Model, r.Checkpoints = planned.Model, planned.Checkpoints
		if i < len(maps) {
			r.Fourier = maps[i]
		}
		tables[i].result = r
	}
	return tables, nil
}

// planned is what is known of a result before there is one.
func (e *evaluation) planned(n network) run.Evaluation {
	images := e.expected(n.target)
	return run.Evaluation{Dataset: n.dataset, Model: n.config.Model, Checkpoints: []string{n.path}, N: images, NExpected: images,
		Precision: e.config.Precision}
}

// ensembleTable is that of the members' ensemble, without a result.
func (e *evaluation) ensembleTable(members []evalTable) evalTable {
	t := members[0]
	var titles, models []string
	t.result.Checkpoints, t.configs = nil, nil
	for _, m := range members {
		t.configs = append(t.configs, m.configs...)
		titles, models = append(titles, m.title), append(models, m.result.Model)
		t.result.Checkpoints = append(t.result.Checkpoints, m.result.Checkpoints...)
	}
	t.title = fmt.Sprintf("ensemble of %d, mean of softmax: %s", len(members), strings.Join(titles, " + "))
	t.normalize = "each member's own"
	t.result.Model = strings.Join(models, " + ")
	return t
}

// options are those of package eval for networks on the same images.
func (e *evaluation) options(networks []network, first, all int, log *progress) (eval.Options, error) {
	t := networks[0].target
	o := eval.Options{
		Dataset: t.test, DataDir: t.data, Sets: e.sets, Only: e.only, CData: e.cData, PData: e.pData, Perturbations: e.perturbations,
		Frost: e.frost, FlipNorm: e.flipNorm,
		BatchSize: evalBatchSize(e.config, t.dataset), Workers: e.config.NumWorkers, Limit: e.config.LimitEval, Bad: t.bad,
		BF16: e.config.Precision == "bf16", NoGraph: e.config.NoGraph,
		Ensemble: e.ensemble, Resamples: e.resamples,
		Progress: func(done, total int, what string) { log.show(done, total, what, "") },
		Note:     func(text string) { log.say("%s", text) },
	}
	if e.given("severity") {
		o.Severities = e.severities
	}
	switch e.temperature {
	case "":
	case "fit":
		o.FitTemperature = true
		var err error
		if o.Held, err = heldOut(networks, log); err != nil {
			return o, err
		}
		if o.Held != nil {
			o.HeldName = fmt.Sprintf("the %d training images that --val-split held out", o.Held.Len())
		}
	default:
		var err error
		if o.Temperature, err = strconv.ParseFloat(e.temperature, 64); err != nil {
			return o, usage("--temperature: %v", err)
		}
	}
	if e.logits != "" {
		for i, n := range networks {
			dir := e.logits
			if all > 1 {
				dir = filepath.Join(dir, fmt.Sprintf("%d-%s", first+i, n.config.Model))
			}
			o.Logits = append(o.Logits, dir)
		}
	}
	return o, nil
}

// heldOut returns the training images that all networks' runs held out, nil where there are none or they differ.
func heldOut(networks []network, log *progress) (data.Dataset, error) {
	c := networks[0].config
	differs := func(n network) bool {
		o := n.config
		return o.ValSplit == 0 || o.SinData != "" || o.ValSplit != c.ValSplit || o.Seed != c.Seed || o.LimitTrain != c.LimitTrain ||
			o.Dataset != c.Dataset
	}
	if slices.ContainsFunc(networks, differs) {
		return nil, nil
	}
	c.Data, c.FastDecode = networks[0].data, false
	train, err := openData(c, "train", c.LimitTrain, log)
	if err != nil {
		return nil, fmt.Errorf("the images that --temperature is fitted to: %w", err)
	}
	_, held, err := data.Split(train, c.ValSplit, c.Seed)
	return held, err
}
