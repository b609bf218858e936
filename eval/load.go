package eval

import (
	"errors"
	"fmt"
	"math"

	"augmix/data"
	"augmix/nets"
	"augmix/run"
	"augmix/weights"
)

// MismatchError says that a checkpoint that was read is not one of the network or dataset that was asked for.
type MismatchError struct{ Path, Reason string }

func (e *MismatchError) Error() string { return e.Path + ": " + e.Reason }

// Load reads a checkpoint and builds its network, in evaluation mode, float32. A checkpoint of a run knows its
// model, dataset, classes and normalisation; for others flags say Model, and Classes for the classes of the dataset.
// A flag that is given (not empty, not 0) and disagrees with the checkpoint is an error, except Normalize, which decides.
// The configuration that is returned says what was used, and source where the normalisation came from. The caller closes
// the network.
//
// Errors: *weights.Error for a file that cannot be read, *MismatchError for one of something else.
func Load(path string, flags run.Config) (net *nets.Net, config run.Config, source string, err error) {
	file, err := weights.Read(path)
	if err != nil {
		return nil, config, "", err
	}
	return Build(path, file, flags)
}

// Build is Load of a file that was read from path.
func Build(path string, file *weights.File, flags run.Config) (net *nets.Net, config run.Config, source string, err error) {
	config = flags
	if text, ours := file.Metadata["config"]; ours && file.Format == weights.FormatSafetensors {
		was, err := run.ParseConfig([]byte(text))
		if err != nil {
			return nil, config, "", &MismatchError{path, err.Error()}
		}
		if err := disagreement(path, was, flags); err != nil {
			return nil, config, "", err
		}
		config, source = was, "the checkpoint"
	} else if flags.Model == "" {
		return nil, config, "", &MismatchError{path, "the file does not say which network it is for; add --model"}
	}
	normalize, source, err := normalization(file, config, flags, source)
	if err != nil {
		return nil, config, "", &MismatchError{path, err.Error()}
	}
	config.Normalize = normalize.Name
	net, err = nets.New(NetConfig(config, len(config.Classes), normalize), 0)
	if err != nil {
		return nil, config, "", &MismatchError{path, err.Error()}
	}
	if err := net.Load(withoutNormalization(file.Tensors)); err != nil {
		net.Close()
		return nil, config, "", &MismatchError{path, err.Error()}
	}
	net.Train(false)
	return net, config, source, nil
}

// NetConfig is the network that a configuration says.
func NetConfig(c run.Config, classes int, normalize nets.Normalization) nets.Config {
	return nets.Config{
		Model: c.Model, Classes: classes, Layers: c.Layers, WidenFactor: c.WidenFactor, DropRate: c.Droprate,
		DenseNetVariant: c.DensenetVariant, Cardinality: c.Cardinality, BaseWidth: c.BaseWidth, Pool: c.Pool,
		Normalize: normalize,
	}
}

// WithoutUnused returns c with zero for what its network does not have, so that flags of other networks make no
// difference.
func WithoutUnused(c run.Config) run.Config {
	for _, flag := range nets.Flags() {
		if !nets.Has(c.Model, flag) {
			c.Take(flag, run.Config{})
		}
	}
	return c
}

// disagreement compares what a run was with the flags that are given.
func disagreement(path string, was, flags run.Config) error {
	now := was
	for _, flag := range append([]string{"model", "dataset"}, nets.Flags()...) {
		// Dropout leaves no trace in the weights.
		if flags.Says(flag) && flag != "droprate" {
			now.Take(flag, flags)
		}
	}
	for _, d := range run.Differences(was, now) {
		return &MismatchError{path, fmt.Sprintf("it was trained with --%s %s, not %s; leave the flag out", d.Flag, d.Was, d.Now)}
	}
	return nil
}

// normalization decides how pixels are normalised: by the flag, else by mu and sigma of the file, else by the run's
// configuration, else by the model's published convention.
func normalization(file *weights.File, config, flags run.Config, from string) (n nets.Normalization, source string, err error) {
	if flags.Normalize != "" {
		n, err = nets.ParseNormalization(flags.Normalize)
		return n, "--normalize", err
	}
	if n, ok, err := stored(file); ok || err != nil {
		return n, "the checkpoint", err
	}
	if from != "" {
		n, err = nets.ParseNormalization(config.Normalize)
		return n, from, err
	}
	n, err = nets.ParseNormalization(nets.PublishedNormalization(config.Model))
	return n, "the published convention of " + config.Model, err
}

// stored reads mu and sigma of a file that has both.
func stored(file *weights.File) (n nets.Normalization, ok bool, err error) {
	found := 0
	for _, t := range file.Tensors {
		name, _ := nets.CanonicalName(t.Name)
		to := &n.Mu
		switch name {
		case "mu":
		case "sigma":
			to = &n.Sigma
		default:
			continue
		}
		values, err := t.Float32()
		if err != nil || len(values) != 3 {
			return n, false, fmt.Errorf("%s is not three numbers", t.Name)
		}
		for i, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || name == "sigma" && v <= 0 {
				return n, false, fmt.Errorf("%s holds %v", t.Name, v)
			}
			to[i] = v
		}
		found++
	}
	if found != 2 {
		return n, false, nil
	}
	return n.Named(), true, nil
}

func withoutNormalization(tensors []weights.Tensor) []weights.Tensor {
	var out []weights.Tensor
	for _, t := range tensors {
		if name, _ := nets.CanonicalName(t.Name); name != "mu" && name != "sigma" {
			out = append(out, t)
		}
	}
	return out
}

// Match returns the set labelled by the classes that a checkpoint was trained on. The images of a folder may be of some of
// them; note then says so. The classes of other sets must be the same ones. Errors are *MismatchError, and *data.Error for a
// folder with a class that the checkpoint does not know.
func Match(path string, config run.Config, set data.Dataset) (matched data.Dataset, note string, err error) {
	folder, ok := set.(*data.Folder)
	if !ok || len(config.Classes) <= len(set.Classes()) {
		return set, "", CheckClasses(path, config, set)
	}
	known, err := folder.WithClasses(config.Classes)
	if e, ok := errors.AsType[*data.Error](err); ok {
		e.Remedy = fmt.Sprintf("Evaluate %s on folders of its classes only, named as they were when it was trained.", path)
		return nil, "", err
	}
	return known, fmt.Sprintf("%s knows %d classes, the images are of %d of them; all of them compete",
		path, len(config.Classes), folder.FolderClasses()), nil
}

// CheckClasses compares the classes that a checkpoint was trained on with those of a set.
func CheckClasses(path string, config run.Config, set data.Dataset) error {
	if got, want := len(config.Classes), len(set.Classes()); got != want {
		return &MismatchError{path, fmt.Sprintf("it knows %d classes, %s has %d", got, set.Name(), want)}
	}
	for i, name := range set.Classes() {
		if config.Classes[i] != name {
			return &MismatchError{path, fmt.Sprintf("its class %d is %q, that of %s is %q", i, config.Classes[i], set.Name(), name)}
		}
	}
	return nil
}
