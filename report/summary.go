package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"augmix/run"
)

// Summary is what a report says of its runs. All errors and calibrations are in
// percent.
type Summary struct {
	Title         string       `json:"title"`
	Synthetic     bool         `json:"synthetic"` // a run's pictures are the generated shapes
	Runs          []Run        `json:"runs"`
	Groups        []string     `json:"groups"`        // of corruptions, those present, in the paper's order
	Corruptions   []string     `json:"corruptions"`   // those present, in the paper's order
	Perturbations []string     `json:"perturbations"` // those present, in the paper's order
	Seeds         []Seeds      `json:"seeds"`         // the runs by dataset, network and method
	Tables        []Comparison `json:"tables"`        // the paper's, one a dataset
	Notes         []string     `json:"notes"`         // what a reader must know to use the figures
	Missing       []Gap        `json:"missing"`       // what the runs lack
	Unreadable    []string     `json:"unreadable"`    // runs of a folder whose configuration cannot be read, and why
	Page          string       `json:"page,omitempty"`
	Markdown      string       `json:"markdown,omitempty"`
	Plots         []string     `json:"plots,omitempty"`
	Results       []string     `json:"results,omitempty"`  // the files in results/
	Pictures      []string     `json:"pictures,omitempty"` // of augmented images, where there are some
}

// groupOrder and paperOrder are those of Hendrycks and Dietterich,
// "Benchmarking Neural Network Robustness to Common Corruptions and
// Perturbations", section 4.1, with the four extra corruptions of its appendix
// in the group that they were made to stand in for.
var groupOrder = []string{"noise", "blur", "weather", "digital"}

var paperOrder = []string{
	"gaussian_noise", "shot_noise", "impulse_noise",
	"defocus_blur", "glass_blur", "motion_blur", "zoom_blur",
	"snow", "frost", "fog", "brightness",
	"contrast", "elastic_transform", "pixelate", "jpeg_compression",
	"speckle_noise", "gaussian_blur", "spatter", "saturate",
}

// pPaperOrder is that of the perturbations of the same page, section 4.2: ten for
// testing and four more, and with a number the other strengths of the noises.
var pPaperOrder = []string{
	"gaussian_noise", "gaussian_noise_2", "gaussian_noise_3", "shot_noise", "shot_noise_2", "shot_noise_3",
	"motion_blur", "zoom_blur", "snow", "brightness", "translate", "rotate", "tilt", "scale",
	"speckle_noise", "speckle_noise_2", "speckle_noise_3", "gaussian_blur", "spatter", "shear",
}

// describe fills what follows from s.Runs.
func (s *Summary) describe() {
	corruptions, groups, perturbations := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range s.Runs {
		if c := r.corruption(); c != nil {
			for name := range c.ByCorruption {
				corruptions[name] = true
			}
			for group := range c.ByGroup {
				groups[group] = true
			}
		}
		if r.Eval != nil && r.Eval.Perturbation != nil {
			for name := range r.Eval.Perturbation.ByPerturbation {
				perturbations[name] = true
			}
		}
		s.Synthetic = s.Synthetic || r.Config.Dataset == "shapes"
	}
	s.Corruptions = inOrder(corruptions, paperOrder)
	s.Groups = inOrder(groups, groupOrder)
	s.Perturbations = inOrder(perturbations, pPaperOrder)
	s.Seeds = bySeeds(s.Runs)
	s.Tables = compare(s.Seeds)
	s.Missing = merged(s.Runs)
	s.Title = s.title()
	s.Notes = s.notes()
}

// inOrder lists a set, the names of order first and in that order.
func inOrder(set map[string]bool, order []string) []string {
	var out []string
	for _, name := range order {
		if set[name] {
			out = append(out, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !slices.Contains(order, name) {
			out = append(out, name)
		}
	}
	return out
}

func (s *Summary) title() string {
	subject := strings.Join(distinct(s.Runs, func(r Run) string { return r.Config.Dataset }), ", ") + ": " +
		strings.Join(distinct(s.Runs, func(r Run) string { return network(r.Config) }), ", ")
	switch {
	case s.Synthetic && several(s.Seeds):
		return subject + " (a synthetic smoke test)"
	case s.Synthetic:
		return subject + " (a synthetic smoke test, n = 1)"
	}
	return subject
}

// notes says what the figures are and what they cannot show.
func (s *Summary) notes() []string {
	var notes []string
	switch {
	case s.Synthetic && several(s.Seeds):
		notes = append(notes, "This is a synthetic smoke test on generated pictures. It shows that the program works from end to end, "+
			"not how good a method is on photographs; no figure here compares with a published one.")
	case s.Synthetic:
		notes = append(notes, "This is a synthetic smoke test with n = 1: one seed on generated pictures. It shows that the program works from end to end, "+
			"not how good a method is on photographs; no figure here compares with a published one.")
	case several(s.Seeds):
		notes = append(notes, "Runs that differ by their seed alone are averaged. Differences smaller than the spread between seeds mean nothing.")
	default:
		notes = append(notes, "Each row is one training run (n = 1). Differences smaller than the spread between seeds mean nothing.")
	}
	if names := s.unevaluated(); len(names) > 0 && len(s.Runs) > 1 {
		notes = append(notes, "Not trained or not evaluated yet: "+strings.Join(names, ", ")+".")
	}
	for _, reason := range s.Unreadable {
		notes = append(notes, "Left out: "+reason+".")
	}
	evaluated := slices.DeleteFunc(slices.Clone(s.Runs), func(r Run) bool { return r.Eval == nil })
	if len(evaluated) == 0 {
		return append(notes, "No run is evaluated yet: there are no errors to show.")
	}
	images := strings.Join(distinct(evaluated, func(r Run) string { return thousands(r.images()) }), " or ")
	if len(s.Corruptions) == 0 {
		notes = append(notes, fmt.Sprintf("Errors are top-1, in percent, over %s test images.", images))
	} else {
		notes = append(notes, fmt.Sprintf("Errors are top-1, in percent, over %s test images; the mean corruption error is the unnormalised mean over %s, "+
			"which the CIFAR literature also calls mCE.", images, s.corruptionCount()))
	}
	for _, source := range distinct(evaluated, Run.source) {
		switch {
		case strings.HasPrefix(source, "generated"):
			notes = append(notes, "The corrupted images are "+source+
				" by this program and not the published files; figures on them are not comparable with published ones.")
		case source != "":
			notes = append(notes, "The corrupted images are the "+source+" files.")
		}
	}
	return append(notes, "RMS calibration is the published code's: bins of 100 images by confidence, the top bin left out, in percent.",
		"The time is that of training alone. Networks trained in "+
			strings.Join(distinct(s.Runs, func(r Run) string { return r.Config.Precision }), " or ")+", evaluated in "+
			strings.Join(distinct(evaluated, func(r Run) string { return r.Eval.Precision }), " or ")+".")
}

// unevaluated lists the runs without an evaluation.
func (s *Summary) unevaluated() []string {
	var list []string
	for _, r := range s.Runs {
		if r.Eval == nil {
			list = append(list, r.Name)
		}
	}
	return list
}

// corruptionCount is, for example, "5 corruptions (brightness, …), five severities each".
func (s *Summary) corruptionCount() string {
	if len(s.Corruptions) == 1 {
		return spaced(s.Corruptions[0])
	}
	names := make([]string, len(s.Corruptions))
	for i, c := range s.Corruptions {
		names[i] = spaced(c)
	}
	return fmt.Sprintf("%d corruptions (%s) and their severities", len(names), strings.Join(names, ", "))
}

// network is the short name of a configuration's network: wrn-40-2, densenet-bc, resnext-4x32d, resnet18-maxblurpool.
func network(c run.Config) string {
	switch {
	case c.Model == "wrn":
		return fmt.Sprintf("wrn-%d-%d", c.Layers, c.WidenFactor)
	case c.Model == "densenet":
		return "densenet-" + c.DensenetVariant
	case c.Model == "resnext":
		return fmt.Sprintf("resnext-%dx%dd", c.Cardinality, c.BaseWidth)
	case c.Pool != "" && c.Pool != "max":
		return c.Model + "-" + c.Pool
	}
	return c.Model
}

// spaced writes a corruption's name as words.
func spaced(name string) string { return strings.ReplaceAll(name, "_", " ") }

// duration writes seconds for a person: 58 s, 2 min 05 s, 3 h 07 min.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	switch {
	case d < time.Minute && seconds < 9.95:
		return fmt.Sprintf("%.1f s", seconds)
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
	}
}

// thousands writes a count with a comma before each group of three digits.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// distinct returns the different values of of, in the order of first sight.
func distinct(runs []Run, of func(Run) string) []string {
	var values []string
	for _, r := range runs {
		if v := of(r); !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return values
}
