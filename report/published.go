package report

import (
	"slices"
	"strings"

	"augmix/run"
)

// Publication is what others published of a network, a method and a dataset, on the published corrupted files. Errors
// are in percent.
type Publication struct {
	Dataset string     `json:"dataset"`
	Network string     `json:"network"` // as network names it
	Method  string     `json:"method"`  // augmix, augmix-no-jsd or a method's name
	Clean   run.Number `json:"clean_error"`
	Mean    run.Number `json:"mean_corruption_error"` // of ImageNet mCE, normalised by AlexNet's errors
	Source  string     `json:"source"`

	byCorruption []float64 // the fifteen of paperOrder; of ImageNet CE; nil where not known
}

const (
	robustBench  = "RobustBench's evaluation of the authors' checkpoint (model_info, on the published files)"
	hybrid       = "the AugMix paper's table as quoted by HybridAugment++ (ICCV 2023), tables 1 and 2"
	hybridDense  = hybrid + "; that its DenseNet is this one is likely, not confirmed"
	released     = "; the authors' released checkpoint of 180 epochs has 22.47 and 65.3 (google-research/augmix)"
	hybridImages = "the AugMix paper's table as quoted by HybridAugment++ (ICCV 2023), table 3"
)

// publications are the cells of the paper's tables that a second text confirms or quotes; cells that were seen nowhere
// are not in it.
var publications = []Publication{
	{"cifar10", "wrn-40-2", "augmix", 4.92, 11.18, robustBench,
		[]float64{19.09, 14.00, 13.29, 6.32, 17.06, 7.92, 6.98, 10.37, 10.65, 8.46, 5.93, 9.68, 9.24, 16.79, 11.90}},
	{"cifar10", "resnext-4x32d", "augmix", 4.17, 10.91, robustBench,
		[]float64{22.69, 16.48, 10.63, 5.51, 17.92, 7.31, 6.38, 9.70, 10.01, 8.47, 5.30, 9.04, 8.66, 14.38, 11.14}},
	{"cifar10", "wrn-28-10", "standard", 5.22, 26.54, "RobustBench's Standard (model_info, on the published files)",
		[]float64{52.97, 41.22, 44.70, 18.51, 49.00, 22.28, 24.40, 18.11, 24.96, 11.21, 6.72, 17.39, 16.22, 28.02, 22.44}},
	{"cifar100", "wrn-40-2", "augmix", 23.72, 35.89, robustBench,
		[]float64{52.11, 44.31, 40.32, 26.58, 45.92, 29.54, 28.17, 34.17, 36.31, 33.41, 26.50, 34.75, 31.91, 36.46, 37.89}},
	{"cifar100", "resnext-4x32d", "augmix", 21.10, 34.86, robustBench,
		[]float64{58.36, 49.15, 29.06, 24.08, 48.60, 26.81, 25.20, 31.65, 35.73, 31.53, 24.34, 32.81, 29.04, 40.90, 35.68}},
	{"cifar100", "wrn-40-2", "augmix-no-jsd", run.None(), 39.8, "the AugMix paper's table 4 as quoted in google-research/augmix, issue 6", nil},

	{"cifar10", "allconv", "standard", 6.1, 30.8, hybrid, nil},
	{"cifar10", "densenet-bc", "standard", 5.8, 30.7, hybridDense, nil},
	{"cifar10", "wrn-40-2", "standard", 5.2, 26.9, hybrid, nil},
	{"cifar10", "resnext-4x32d", "standard", 4.3, 27.5, hybrid, nil},
	{"cifar100", "allconv", "standard", 25.1, 56.4, hybrid, nil},
	{"cifar100", "densenet-bc", "standard", 28.6, 59.3, hybridDense, nil},
	{"cifar100", "wrn-40-2", "standard", 27.9, 53.3, hybrid, nil},
	{"cifar100", "resnext-4x32d", "standard", 25.0, 53.4, hybrid, nil},

	{"imagenet", "resnet50", "standard", 23.9, 80.6, hybridImages,
		[]float64{79, 80, 82, 82, 90, 84, 80, 86, 81, 75, 65, 79, 91, 77, 80}},
	{"imagenet", "resnet50", "patch-uniform", 24.5, 74.3, hybridImages,
		[]float64{67, 68, 70, 74, 83, 81, 77, 80, 74, 75, 62, 77, 84, 71, 71}},
	{"imagenet", "resnet50", "autoaugment", 22.8, 72.7, hybridImages,
		[]float64{69, 68, 72, 77, 83, 80, 81, 79, 75, 64, 56, 70, 88, 57, 71}},
	{"imagenet", "resnet50", "random-autoaugment", 23.6, 76.1, hybridImages,
		[]float64{70, 71, 72, 80, 86, 82, 81, 81, 77, 72, 61, 75, 88, 73, 72}},
	{"imagenet", "resnet50-maxblurpool", "standard", 23.0, 73.4, hybridImages,
		[]float64{73, 74, 76, 74, 86, 78, 77, 77, 72, 63, 56, 68, 86, 71, 71}},
	{"imagenet", "resnet50", "augmix", 22.4, 68.4, hybridImages + released,
		[]float64{65, 66, 67, 70, 80, 66, 66, 75, 72, 67, 58, 58, 79, 69, 69}},
}

// publishedFlipRates are mFRs by dataset, network and method, in percent (hendrycks/robustness, README).
var publishedFlipRates = map[[3]string]float64{
	{"imagenet", "resnet50", "standard"}: 58.0, {"imagenet", "resnet50", "augmix"}: 37.4,
}

// publishedOf returns what is published of a run's dataset, network and method, nil where nothing is or where the run
// was set otherwise than the published ones. How long and on how many images it was trained is not compared; tables say
// that.
func publishedOf(c run.Config) *Publication {
	method := c.Method
	if method == "augmix" {
		if c.NoJSD {
			method = "augmix-no-jsd"
		}
		usual := c.MixtureWidth == 3 && c.MixtureDepth < 1 && c.AugProbCoeff == 1 && !c.AllOps &&
			(c.AugSeverity == 3 || c.Dataset == "imagenet" && c.AugSeverity == 1) && (c.NoJSD || c.Views == 3 && c.JSDWeight == 12)
		if !usual {
			return nil
		}
	}
	if c.CEViews == "all" || c.SplitBN || c.SinData != "" || c.LabelSmoothing > 0 || c.EMA > 0 || c.ClipGrad > 0 || c.InitSHA256 != "" {
		return nil
	}
	i := slices.IndexFunc(publications, func(p Publication) bool {
		return p.Dataset == c.Dataset && p.Network == network(c) && p.Method == method
	})
	if i < 0 {
		return nil
	}
	return &publications[i]
}

// generatedSource tells whether some of a run's corrupted images were made by this program.
func generatedSource(r Run) bool { return strings.Contains(r.source(), "generated") }
