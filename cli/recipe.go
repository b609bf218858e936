package cli

import (
	"fmt"
	"slices"
	"strings"

	"augmix/run"
	"augmix/train"
)

// Where decisions come from, besides recipes and presets.
const (
	fromFlag    = "flag"
	fromFile    = "config file"
	fromDefault = "default"
	fromMethod  = "the method"
	fromMachine = "this machine"
	fromNetwork = "the model's published one"
	fromData    = "the data"
	fromInit    = "the checkpoint of --init"
)

// recipe declares --recipe.
func (g *group) recipe(c *run.Config) {
	c.Recipe = train.Recipes()[0]
	g.choice(&c.Recipe, "recipe", "recipe", train.Recipes(), "what the flags that are not given are for the dataset, network and method: "+
		"as google-research/augmix trains them, as its paper says, or as the authors trained their released weights; --dry-run shows it")
}

// decideRecipe fills in what the command line and, unless --recipe is on it, the configuration file leave open.
func (t *training) decideRecipe() {
	c := &t.config
	insists := t.flags.given("recipe")
	open := func(flag string) bool { return !t.flags.given(flag) && (insists || !slices.Contains(t.inFile, flag)) }
	for _, s := range train.ApplyRecipe(c, open) {
		t.sources[s.Flag] = fmt.Sprintf("recipe %s: %s", c.Recipe, s.From)
	}
	name, from := train.RecipePreset(*c)
	from = fmt.Sprintf("recipe %s: %s", c.Recipe, from)
	if t.preset != "" {
		name, from = t.preset, "preset "+t.preset
		open = func(flag string) bool { return !t.flags.given(flag) }
	}
	for _, flag := range setPreset(name, c, open) {
		t.sources[flag] = from
	}
}

// track runs a function that completes the configuration, and notes where the fields that it changes come from.
func (t *training) track(from string, f func() error) error {
	before := t.config
	err := f()
	for _, d := range run.Differences(before, t.config) {
		t.sources[d.Flag] = from
	}
	return err
}

// source says where the decision about a flag comes from.
func (t *training) source(flag string) string {
	switch from, ok := t.sources[flag]; {
	case ok:
		return from
	case t.flags.given(flag):
		return fromFlag
	case slices.Contains(t.inFile, flag):
		return fromFile
	}
	return fromDefault
}

// plan is what --dry-run --json prints: the configuration, where it comes from, and what it costs.
type plan struct {
	run.Config
	Sources  map[string]string `json:"sources"` // by flag
	Estimate train.Estimate    `json:"estimate"`
}

func (t *training) plan(e train.Estimate) plan {
	p := plan{Config: t.config, Sources: map[string]string{}, Estimate: e}
	for _, key := range run.ConfigKeys() {
		flag := strings.ReplaceAll(key, "_", "-")
		p.Sources[flag] = t.source(flag)
	}
	return p
}

// rows lists the decisions with their sources, and the costs.
func (p plan) rows() []row {
	rows := configRows(p.Config)
	for i := range rows {
		rows[i] = append(rows[i], p.Sources[rows[i][0]])
	}
	return append(rows, estimateRows(p.Estimate)...)
}

func estimateRows(e train.Estimate) []row {
	of := func(n int64, unit string) string {
		return fmt.Sprintf("%.3g %s", float64(n), unit)
	}
	return []row{
		{"", "", ""},
		{"network", e.Network, ""},
		{"parameters", fmt.Sprint(e.Parameters), ""},
		{"multiply-adds", of(e.MultiplyAdds, "an image, forward"), "the layers' shapes"},
		{"activations", of(e.ActivationBytes, "bytes a step"), "the layers' shapes: what backward keeps of a batch in all its views"},
		{"steps", fmt.Sprintf("%d an epoch, %d in all", e.StepsPerEpoch, e.Steps), ""},
		{"time", duration(e.Seconds), e.How()},
	}
}

// flagsIn lists the flags whose values a configuration file has.
func flagsIn(path string) ([]string, error) {
	keys, err := run.ConfigKeysIn(path)
	if err != nil {
		return nil, usage("--config: %v", err)
	}
	for i := range keys {
		keys[i] = strings.ReplaceAll(keys[i], "_", "-")
	}
	return keys, nil
}

// duration writes seconds for a person, as far as an estimate goes.
func duration(seconds float64) string {
	switch {
	case seconds < 100:
		return fmt.Sprintf("about %.0f s", seconds)
	case seconds < 100*60:
		return fmt.Sprintf("about %.0f min", seconds/60)
	case seconds < 72*3600:
		return fmt.Sprintf("about %.1f h", seconds/3600)
	}
	return fmt.Sprintf("about %.1f days", seconds/86400)
}
