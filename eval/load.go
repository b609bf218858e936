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
	net, err = nets.New(nets.Config{
		Model: config.Model, Classes: len(config.Classes), Layers: config.Layers, WidenFactor: config.WidenFactor,
		Normalize: normalize,
	}, 0)
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

// disagreement compares what a run was with the flags that are given.
func disagreement(path string, was, flags run.Config) error {
	for _, c := range []struct {
		flag     string
		was, now any
		given    bool
	}{
		{"model", was.Model, flags.Model, flags.Model != ""},
		{"layers", was.Layers, flags.Layers, flags.Layers != 0},
		{"widen-factor", was.WidenFactor, flags.WidenFactor, flags.WidenFactor != 0},
		{"dataset", was.Dataset, flags.Dataset, flags.Dataset != ""},
	} {
		if c.given && c.was != c.now {
			return &MismatchError{path, fmt.Sprintf("it was trained with --%s %v, not %v; leave the flag out", c.flag, c.was, c.now)}
		}
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
