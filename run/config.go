package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Config is every decision that a run was trained with, resolved: no field says
// "auto". It is stored as config.json and inside each checkpoint; its JSON
// names are the flags' names with '_' for '-'.
//
// The tag resume:"free" marks the fields that may differ when a run is resumed,
// because no weight and no logged number depends on them, or as of eval_batch_size
// only the last digits of a logged one. device is compared by kind, since cuda:0
// and cuda:1 compute the same.
type Config struct {
	// Data.
	Dataset    string   `json:"dataset"`
	Data       string   `json:"data" resume:"free"` // folder; empty for shapes
	Classes    []string `json:"classes"`            // names in label order
	LimitTrain int      `json:"limit_train"`        // images; 0 is all
	LimitEval  int      `json:"limit_eval"`         // images; 0 is all
	ValSplit   int      `json:"val_split"`          // training images held out; 0 is none
	ImageSize  int      `json:"image_size"`         // side of an image folder's images; 0 where the dataset's have their own
	FastDecode bool     `json:"fast_decode"`        // training images may be decoded at a reduced size

	// OnBadSample is error (or empty) or skip. A run that a bad sample stopped goes on
	// with skip, and until then the two do the same.
	OnBadSample string `json:"on_bad_sample" resume:"free"`

	// Network.
	Model           string  `json:"model"` // the next fields are zero where the model has no such thing
	Layers          int     `json:"layers"`
	WidenFactor     int     `json:"widen_factor"`
	Droprate        float64 `json:"droprate"`
	DensenetVariant string  `json:"densenet_variant"`
	Cardinality     int     `json:"cardinality"`
	BaseWidth       int     `json:"base_width"`
	Pool            string  `json:"pool"`
	Normalize       string  `json:"normalize"` // half, cifar, imagenet or M,S

	// Method.
	Method       string  `json:"method"`
	Views        int     `json:"views"` // views of an image, the clean one included
	NoJSD        bool    `json:"no_jsd"`
	JSDWeight    float64 `json:"jsd_weight"`
	CEViews      string  `json:"ce_views"` // all, or empty for the clean one
	SplitBN      bool    `json:"split_bn"` // batch normalisation of each view by itself
	MixtureWidth int     `json:"mixture_width"`
	MixtureDepth int     `json:"mixture_depth"` // -1 draws 1 to 3
	AugSeverity  float64 `json:"aug_severity"`
	AugProbCoeff float64 `json:"aug_prob_coeff"`
	AllOps       bool    `json:"all_ops"`
	Fill         int     `json:"fill"` // grey value outside the image

	// Settings of one method each; 0 or empty for the others.
	CutoutLength int     `json:"cutout_length"` // pixels; 0 is half the image
	MixupAlpha   float64 `json:"mixup_alpha"`
	CutMixBeta   float64 `json:"cutmix_beta"`
	CutMixProb   float64 `json:"cutmix_prob"`
	Policy       string  `json:"policy"`
	PolicySHA256 string  `json:"policy_sha256"` // of its text
	PatchWidth   int     `json:"patch_width"`   // pixels; 0 is the shorter side
	PatchNoise   float64 `json:"patch_noise"`
	Epsilon      float64 `json:"epsilon"`
	AttackStep   float64 `json:"attack_step"`
	AttackSteps  int     `json:"attack_steps"`
	Corruption   string  `json:"corruption"`
	SinData      string  `json:"sin_data"` // folder of a stylised copy that replaces the training images; empty for none
	Severity     int     `json:"severity"` // 0 draws 1 to 5

	Recipe string `json:"recipe" resume:"free"` // what decided the fields that no flag did; they say all

	// Optimizer.
	Epochs         int     `json:"epochs"`
	LearningRate   float64 `json:"learning_rate"`
	Schedule       string  `json:"schedule"`      // thirds, or empty for cosine
	WarmupEpochs   int     `json:"warmup_epochs"` // 0 is none
	WarmupLR       float64 `json:"warmup_lr"`     // where the warm-up begins; 0 without one
	Momentum       float64 `json:"momentum"`
	NoNesterov     bool    `json:"no_nesterov"`
	Decay          float64 `json:"decay"`
	BatchSize      int     `json:"batch_size"` // images of all ranks together
	GradAccum      int     `json:"grad_accum"` // batches a step; 0 is 1
	LabelSmoothing float64 `json:"label_smoothing"`
	ClipGrad       float64 `json:"clip_grad"` // largest norm of the gradients; 0 is any
	EMA            float64 `json:"ema"`       // decay of the weights' moving average; 0 is none
	EvalBatchSize  int     `json:"eval_batch_size" resume:"free"`
	Seed           uint64  `json:"seed"`

	// Where the weights begin. The file may move; its digest decides.
	Init       string `json:"init" resume:"free"` // a checkpoint; empty for a random initialisation
	InitSHA256 string `json:"init_sha256"`

	// Processes that train together. Another number of ranks trains on the same images at each step; what it changes is batch
	// normalisation, where each rank has its own statistics, and the draws that ranks make by themselves: dropout, and which
	// images Mixup and CutMix pair.
	Ranks            int  `json:"ranks" resume:"free"`               // 0 is 1
	BatchSizePerRank int  `json:"batch_size_per_rank" resume:"free"` // what batch_size was made of; 0 where it was given itself
	SyncBN           bool `json:"sync_bn"`                           // batch normalisation over all ranks' images

	// Numerics.
	Precision     string `json:"precision"`              // fp32 or bf16
	Device        string `json:"device"`                 // cpu, cuda or cuda:N
	NoGraph       bool   `json:"no_graph" resume:"free"` // steps on CUDA are not captured as graphs
	Threads       int    `json:"threads"`                // libtorch's, of each rank
	Deterministic bool   `json:"deterministic"`

	// House-keeping.
	NumWorkers      int    `json:"num_workers" resume:"free"`
	CheckpointEvery string `json:"checkpoint_every" resume:"free"`
	PrintFreq       int    `json:"print_freq" resume:"free"`
	Save            string `json:"save" resume:"free"`
}

// maxConfig bounds config.json; one with the thousand class names of ImageNet
// has 30 KB.
const maxConfig = 1 << 20

// ReadConfig reads the config.json at path. A field that the file lacks has its
// zero value, so that a later field's zero value must mean what was done before
// the field existed. See MergeConfig for what is refused.
func ReadConfig(path string) (Config, error) {
	var c Config
	err := MergeConfig(path, &c)
	return c, err
}

// MergeConfig sets in c the fields that the file at path names and returns nil;
// other fields keep their values. A key that is not a field (with the nearest
// that is), a key given twice, a value of the wrong type, null, and anything
// after the object are errors that name path; c is then unchanged.
func MergeConfig(path string, c *Config) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return fmt.Errorf("read configuration %s: %w", path, err)
	}
	if len(text) > maxConfig {
		return fmt.Errorf("read configuration %s: larger than %d bytes; is it a run's config.json?", path, maxConfig)
	}
	if err := c.merge(text); err != nil {
		return fmt.Errorf("read configuration %s: %w", path, err)
	}
	return nil
}

// ParseConfig reads a configuration from its JSON text, as a checkpoint carries
// it. It refuses what MergeConfig refuses.
func ParseConfig(text []byte) (Config, error) {
	var c Config
	if err := c.merge(text); err != nil {
		return Config{}, fmt.Errorf("parse configuration: %w", err)
	}
	return c, nil
}

// merge walks the object by hand: encoding/json would match names without
// regard to case and take the last of two equal keys.
func (c *Config) merge(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	out := *c
	fields := out.fields()
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key := t.(string) // the decoder gives nothing else as an object's key
		if seen[key] {
			return fmt.Errorf("key %q is there twice", key)
		}
		seen[key] = true
		field, ok := fields[key]
		if !ok {
			return fmt.Errorf("unknown key %q; the nearest is %q", key, Nearest(key, ConfigKeys()))
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
		if string(raw) == "null" || json.Unmarshal(raw, field.Addr().Interface()) != nil {
			return fmt.Errorf("key %q: %s is not %s", key, clip(string(raw), 40), kindName(field.Type()))
		}
	}
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("the object does not end: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("there is something after the object")
	}
	*c = out
	return nil
}

// JSON returns the configuration as it is written to config.json.
func (c Config) JSON() []byte {
	if c.Classes == nil {
		c.Classes = []string{} // null would be refused on reading
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		// Only a float that is not finite gets here, and flags are checked.
		panic("run: configuration cannot be written: " + err.Error())
	}
	return append(text, '\n')
}

// WriteConfig replaces the run's config.json.
func (f *Folder) WriteConfig(c Config) error {
	return writeFile(f.fs, f.Path(configName), func(w io.Writer) error {
		_, err := w.Write(c.JSON())
		return err
	})
}

// Config reads the run's config.json.
func (f *Folder) Config() (Config, error) { return ReadConfig(f.Path(configName)) }

// Difference is one field that two configurations disagree on, its values in
// JSON.
type Difference struct {
	Flag     string // as on the command line, without its dashes
	Was, Now string
	Free     bool // no number depends on it
}

func (d Difference) String() string {
	return fmt.Sprintf("--%s was %s and is now %s", d.Flag, d.Was, d.Now)
}

// Differences lists the fields in which now differs from was, in the order of
// Config. A run may be resumed with now when all of them are Free.
func Differences(was, now Config) []Difference {
	var ds []Difference
	a, b := reflect.ValueOf(was), reflect.ValueOf(now)
	for i := range a.NumField() {
		field := a.Type().Field(i)
		x, _ := json.Marshal(a.Field(i).Interface())
		y, _ := json.Marshal(b.Field(i).Interface())
		if field.Type.Kind() == reflect.Slice && a.Field(i).Len()+b.Field(i).Len() == 0 || bytes.Equal(x, y) {
			continue
		}
		ds = append(ds, Difference{
			Flag: strings.ReplaceAll(field.Tag.Get("json"), "_", "-"),
			Was:  clip(string(x), 80),
			Now:  clip(string(y), 80),
			Free: field.Tag.Get("resume") == "free" ||
				field.Name == "Device" && kindOf(was.Device) == kindOf(now.Device),
		})
	}
	return ds
}

// kindOf cuts the number off a device: cuda:1 is cuda.
func kindOf(device string) string {
	kind, _, _ := strings.Cut(device, ":")
	return kind
}

// DefaultSave is where a run goes when --save is not given.
func (c Config) DefaultSave() string {
	return filepath.Join("runs", fmt.Sprintf("%s-%s-%s-s%d", c.Dataset, c.Model, c.Method, c.Seed))
}

// Take sets the field of a flag to what other has there. It panics if there is no such flag.
func (c *Config) Take(flag string, other Config) {
	key := strings.ReplaceAll(flag, "-", "_")
	c.fields()[key].Set(other.fields()[key])
}

// Says tells whether the field of a flag is not zero. It panics if there is no such flag.
func (c Config) Says(flag string) bool {
	return !c.fields()[strings.ReplaceAll(flag, "-", "_")].IsZero()
}

// fields returns c's settable fields by JSON name.
func (c *Config) fields() map[string]reflect.Value {
	v := reflect.ValueOf(c).Elem()
	m := make(map[string]reflect.Value, v.NumField())
	for i := range v.NumField() {
		m[v.Type().Field(i).Tag.Get("json")] = v.Field(i)
	}
	return m
}

// ConfigKeys returns the JSON names of the fields, in the order of Config.
func ConfigKeys() []string {
	t := reflect.TypeFor[Config]()
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = t.Field(i).Tag.Get("json")
	}
	return keys
}

// kindName says in words what a field holds.
func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text in quotes"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Uint64:
		return "a whole number from 0 on"
	case reflect.Float64:
		return "a number"
	default:
		return "a list of texts"
	}
}

// clip shortens s to n runes for a message.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
