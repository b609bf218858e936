package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs the program in a folder of its own and returns what it wrote.
func callMain(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	code = Main(args, &out, &err)
	return code, out.String(), err.String()
}

// TestBadCommandLines checks that each mistake gives its exit code and a message
// with the words that help, on at most two lines, and nothing on standard output.
func TestBadCommandLines(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("unknown-key.json", `{"epohcs": 3}`)
	write("range.json", `{"epochs": 0}`)
	write("model.json", `{"model": "wnr"}`)
	write("split.json", `{"split_bn": true, "dataset": "shapes"}`)
	write("depth.json", `{"mixture_depth": 0, "dataset": "shapes"}`)
	write("policy.json", `{"source": "", "magnitudes": "autoaugment", "policy": [[{"op": "invert", "probability": 1}, `+
		`{"op": "rotat", "probability": 1, "magnitude": 3}]]}`)
	write("text.png", "no picture")
	write("weights.pt", "no weights")
	if err := os.Mkdir("empty", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"train/cat", "train/dog", "val/cat", "val/fox"} {
		if err := os.MkdirAll(filepath.Join("classes", folder), 0o700); err != nil {
			t.Fatal(err)
		}
		write(filepath.Join("classes", folder, "1.jpg"), "")
	}
	long := strings.Repeat("x", 100_000)

	for _, c := range []struct {
		line string
		code int
		want string // words of the message, in this order
	}{
		// Commands.
		{"", 2, "needs a command train eval"},
		{"trian", 2, "unknown command trian nearest augmix train"},
		{"evaluate", 2, "unknown command nearest augmix eval"},
		{"corrupt", 2, "--out DIR"},
		{"predict", 2, "classified Name image files"},
		{"predict text.png", 2, "which network --checkpoint"},
		{"predict text.png --checkpoint weights.pt --temperature fit", 2, "--temperature fit number from 0.01"},
		{"predict text.png --checkpoint empty", 2, "--checkpoint empty not a run's folder"},
		{"predict text.png --checkpoint nowhere.pt", 4, "nowhere.pt no such file"},
		{"eval --sets clean --out maps run", 2, "--out Fourier maps --sets clean add fourier"},
		{"eval --fourier-epsilon 0 --sets fourier run", 2, "--fourier-epsilon 0 above 0"},
		{"eval --sets fourier --dataset shapes --model wrn --checkpoint weights.pt", 2, "--sets fourier weights.pt --out"},
		{"eval --sets fourier --dataset shapes --model wrn --checkpoint weights.pt --out maps --fourier-side 32", 2, "--fourier-side 32 odd below 32"},
		{"-m wrn", 2, "flags follow a command augmix train"},
		{"--epochs 3", 2, "flags follow a command"},
		{"bench", 2, "needs a command pipeline step"},
		{"bench stpe", 2, "unknown command nearest augmix bench step"},
		{"help trian", 2, "unknown command nearest augmix train"},
		{"train now", 2, "takes no arguments now"},
		{"doctor me", 2, "takes no arguments me"},
		{long, 2, "unknown command xxx …"},

		// Flags that are not there.
		{"train --epohcs 3", 2, "unknown flag --epohcs nearest --epochs"},
		{"train --epohcs=3", 2, "unknown flag --epohcs nearest --epochs"},
		{"train -x", 2, "unknown flag -x"},
		{"train -seed 3", 2, "unknown flag -seed it is written --seed"},
		{"train -la 3", 2, "unknown flag -la nearest"},
		{"train ---epochs 3", 2, "unknown flag"},
		{"train --=3", 2, "unknown flag"},
		{"train --ensemble", 2, "augmix train has no flag --ensemble augmix eval has"},
		{"train --save-logits x", 2, "augmix train has no flag --save-logits augmix eval has"},
		{"train --recipe papers", 2, "--recipe no recipe papers nearest paper"},
		{"eval --epochs 3 run", 2, "augmix eval has no flag --epochs augmix train has"},
		{"eval -lr 0.1 run", 2, "augmix eval has no flag -lr augmix train has"},
		{"train --only fog", 2, "augmix train has no flag --only augmix eval augmix corrupt have"},
		{"train --checkpoint a.pt", 2, "augmix train has no flag --checkpoint augmix eval and augmix export have"},
		{"export --only fog run", 2, "augmix export has no flag --only augmix eval augmix corrupt have"},
		{"bench pipeline --device cpu", 2, "has no flag --device"},
		{"train --" + long, 2, "unknown flag"},

		// Values that are not there.
		{"train --epochs", 2, "--epochs needs a value"},
		{"train -e", 2, "-e needs a value"},
		{"train --save --epochs 3", 2, "--save needs a value"},
		{"train --save=", 2, "--save empty"},
		{"eval --checkpoint=", 2, "--checkpoint empty"},

		// Numbers.
		{"train --epochs three", 2, "--epochs three whole number from 1"},
		{"train --epochs 0", 2, "--epochs 0 whole number from 1"},
		{"train --epochs -1", 2, "--epochs -1 whole number"},
		{"train --epochs 1e3", 2, "--epochs 1e3 whole number"},
		{"train --epochs 0x10", 2, "--epochs 0x10 whole number"},
		{"train --epochs 99999999999999999999", 2, "--epochs whole number"},
		{"train -e " + long, 2, "--epochs whole number"},
		{"train -b 0", 2, "--batch-size 0 from 1"},
		{"train --eval_batch_size 0", 2, "--eval-batch-size 0 from 1"},
		{"train -lr NaN", 2, "--learning-rate NaN above 0"},
		{"train -lr=inf", 2, "--learning-rate inf above 0"},
		{"train -lr 0", 2, "--learning-rate 0 above 0"},
		{"train -lr0,1", 2, "--learning-rate 0,1 above 0"},
		{"train --lr -0.1", 2, "--learning-rate -0.1 above 0"},
		{"train --momentum 1", 2, "--momentum 1 below 1"},
		{"train -wd -1", 2, "--decay -1 from 0"},
		{"train --drop 1", 2, "--droprate 1 below 1"},
		{"train --droprate NaN", 2, "--droprate NaN"},
		{"train --seed -1", 2, "--seed -1 whole number"},
		{"train --seed 18446744073709551616", 2, "--seed whole number"},
		{"train --threads -1", 2, "--threads -1 whole number"},
		{"train -j 100000", 2, "--num-workers 100000 whole number"},
		{"train --limit-train -5", 2, "--limit-train -5 whole number"},
		{"train --limit-eval x", 2, "--limit-eval x whole number"},
		{"train --val-split -1", 2, "--val-split -1"},
		{"train --print-freq 0", 2, "--print-freq 0"},
		{"train --dist-timeout 0", 2, "--dist-timeout at least a second"},
		{"train --views 17", 2, "--views 17 from 1 to 16"},
		{"train --views 1", 2, "--views --no-jsd"},
		{"train --jsd-weight NaN", 2, "--jsd-weight NaN"},
		{"train --mixture-width 0", 2, "--mixture-width 0"},
		{"train --mixture-depth 0", 2, "--mixture-depth 0 -1"},
		{"train --method standard --mixture-depth 0", 2, "--mixture-depth 0"},
		{"train --aug-severity NaN", 2, "--aug-severity NaN"},
		{"train --aug-severity 11", 2, "--aug-severity 11"},
		{"train --aug-prob-coeff 0", 2, "--aug-prob-coeff 0"},
		{"train --layers 41", 2, "--layers 41 6n+4 40 46"},
		{"train --layers 4", 2, "--layers 4 whole number from 10"},
		{"train --widen-factor 0", 2, "--widen-factor 0"},
		{"train --model resnext --cardinality 0", 2, "--cardinality 0 from 1"},
		{"train --model resnext --base-width 1025", 2, "--base-width 1025 from 1 to 1024"},
		{"train --model resnext --cardinality 1024 --base-width 1024", 2, "--cardinality 1024 --base-width 1024 at most 8192"},
		{"bench step --model allconv --size 64", 2, "--size allconv at most 55×55 not 64×64"},
		{"bench step --model resnet18 --size 16", 2, "--size resnet18 at least 32×32"},
		{"train --no-jsd=maybe", 2, "--no-jsd maybe switch"},
		{"bench pipeline --seconds 0", 2, "--seconds 0 above 0"},
		{"bench pipeline --size 0", 2, "--size 0"},
		{"bench pipeline --size 64 --dataset shapes", 2, "--size memory"},
		{"bench pipeline --fast-decode", 2, "--fast-decode add --dataset"},
		{"bench pipeline --aug-severity 11", 2, "--aug-severity 11"},
		{"bench pipeline --dataset folder --data empty", 3, "empty no folder train"},
		{"bench step --steps 0", 2, "--steps 0"},
		{"bench step --warmup -1", 2, "--warmup -1"},
		{"bench step --layers 11", 2, "--layers 11 6n+4"},

		// Names.
		{"train --dataset cifar11", 2, "--dataset no dataset cifar11 nearest cifar10"},
		{"train --dataset imagnet", 2, "no dataset imagnet nearest imagenet"},
		{"train --on-bad-sample ignore", 2, "--on-bad-sample ignore error or skip"},
		{"train --image-size 4", 2, "--image-size 4 from 8 to 4096"},
		{"train --dataset shapes --image-size 64", 2, "--image-size 64 shapes 32×32 --dataset"},
		{"train --image-size 224 --data nowhere", 2, "--image-size 224 cifar10"},
		{"train --dataset shapes --fast-decode", 2, "--fast-decode shapes"},
		{"train --dataset shapes --on-bad-sample skip", 2, "--on-bad-sample skip shapes"},
		{"eval --model wrn --dataset cifar10 --fast-decode --checkpoint nowhere.pt", 2, "--fast-decode cifar10"},
		{"eval --model wrn --dataset folder --image-size 48 --checkpoint nowhere.pt", 2, "--image-size 48 nearest 32 --sets clean"},
		{"eval --model wrn --dataset folder --c-data empty --checkpoint nowhere.pt", 3, "data no such folder"},
		{"train -m wnr", 2, "--model no model wnr nearest wrn"},
		{"train --model resnet500", 2, "no model resnet500 nearest resnet50"},
		{"train --densenet-variant bd --model densenet", 2, "--densenet-variant no variant bd nearest bc"},
		{"train --pool maxblurpol --model resnet18", 2, "--pool no pooling maxblurpol nearest maxblurpool"},
		{"train --method cutuot", 2, "--method no method cutuot nearest cutout"},
		{"train --method Augmix", 2, "no method Augmix nearest augmix"},
		{"train --precision fp16", 2, "--precision fp16"},
		{"train --device gpu", 2, "--device gpu"},
		{"train --device cuda", 2, "--device cuda no CUDA use --device cpu"},
		{"eval --device cuda:1 --checkpoint nowhere.pt", 2, "--device cuda:1 no CUDA use --device cpu"},
		{"train --device cuda:one", 2, "--device cuda:one unknown device cuda:N"},
		{"train --normalize half,half", 2, "--normalize half,half"},
		{"train --normalize 0.5,0", 2, "--normalize 0.5,0"},
		{"train --checkpoint-every 10", 2, "--checkpoint-every 10 1epoch"},
		{"train --checkpoint-every 0steps", 2, "--checkpoint-every 0steps"},
		{"eval --sets clean,q run", 2, "--sets no set q"},
		{"eval --sets clean --p-data x run", 2, "--p-data sequences --sets clean"},
		{"eval --sets c --alexnet-flips x run", 2, "--alexnet-flips sequences --sets c"},
		{"eval --sets p --alexnet-flips nowhere.json run", 2, "--alexnet-flips nowhere.json no such file"},
		{"eval --sets p --alexnet-flips text.png run", 2, "--alexnet-flips text.png JSON object"},
		{"eval --only gausian_noise run", 2, "--only no corruption gausian_noise nearest gaussian_noise"},
		{"eval --only rain run", 2, "no corruption rain"},
		{"eval --only contrast, run", 2, `no corruption "" nearest`},
		{"eval --severity 6 run", 2, "--severity 6 from 1 to 5"},
		{"eval --severity 3-2 run", 2, "--severity 3-2"},
		{"eval --severity x run", 2, "--severity x"},

		// Flags that do not go together, and what is not there.
		{"train --model resnet50 --layers 40", 2, "--layers about wrn --model resnet50 leave it out"},
		{"train --model allconv --widen-factor 2", 2, "--widen-factor about wrn --model allconv"},
		{"train --model densenet --droprate 0.3", 2, "--droprate about wrn --model densenet"},
		{"train --densenet-variant reference", 2, "--densenet-variant about densenet --model wrn"},
		{"train --model resnet20 --cardinality 8", 2, "--cardinality about resnext --model resnet20"},
		{"train --model wrn --base-width 8", 2, "--base-width about resnext --model wrn"},
		{"train --model resnet20 --pool maxblurpool", 2, "--pool about resnet18 and resnet50 --model resnet20"},
		{"bench step --pool max", 2, "--pool about resnet18"},
		{"eval --model resnet18 --layers 16 --checkpoint weights.pt", 2, "--layers about wrn --model resnet18"},
		{"eval --layers 16 --cardinality 8 --checkpoint weights.pt", 2, "--cardinality about resnext"},
		{"export weights.pt --out w.pt --model densenet --pool max", 2, "--pool about resnet18 and resnet50 --model densenet"},
		{"export weights.pt --out w.pt --layers 12", 2, "--layers 12 6n+4"},
		{"eval", 2, "run's folder --checkpoint FILE"},
		{"eval --sets clean --only contrast run", 2, "--only --sets clean"},
		{"eval --sets clean --severity 3 run", 2, "--severity --sets clean"},
		{"eval --sets clean --c-data generate run", 2, "--c-data --sets clean"},
		{"eval --sets clean --frost-dir empty run", 2, "--frost-dir --sets clean"},
		{"eval --only fog --frost-dir empty run", 2, "--frost-dir --only fog"},
		{"eval --frost-dir empty run", 2, "--frost-dir empty/frost1.png"},
		{"eval --model wrn --layers 12 --checkpoint weights.pt", 2, "--layers 12"},
		{"eval --ensemble --checkpoint weights.pt", 2, "--ensemble several checkpoints leave it out"},
		{"eval --temperature cold run", 2, "--temperature cold fit a number from 0.01 to 100"},
		{"eval --temperature 0 run", 2, "--temperature 0 fit"},
		{"eval --temperature NaN run", 2, "--temperature NaN fit"},
		{"eval --ci=9 run", 2, "--ci 9 whole number from 10"},
		{"eval --ci=x run", 2, "--ci x whole number"},
		{"eval --save-logits= run", 2, "--save-logits empty"},
		{"eval --robustbench r.json --sets clean run", 2, "--robustbench --sets clean leaves c out"},
		{"eval --robustbench r.json --only fog,snow run", 2, "--robustbench all 15 --only leaves gaussian_noise out"},
		{"eval --robustbench r.json --severity 1-3 run", 2, "--robustbench all 5 severities"},
		{"eval --robustbench r.json --limit-eval 10 run", 2, "--robustbench whole test set --limit-eval"},
		{"eval --robustbench r.json one two", 2, "--robustbench 2 checkpoints one by one --ensemble"},
		{"eval --robustbench nowhere/r.json run", 2, "--robustbench nowhere"},
		{"eval --robustbench - run", 2, "--robustbench - name a file"},
		{"eval --robustbench r.json --model wrn --dataset shapes --checkpoint weights.pt", 2, "--robustbench no list for shapes cifar10"},
		{"bench eval", 2, "evaluated run's folder --checkpoint"},
		{"bench eval --sets p --checkpoint weights.pt", 2, "--sets p"},
		{"eval nowhere", 2, "nowhere not a run's folder"},
		{"eval empty", 2, "empty not a run's folder"},
		{"train --evaluate", 2, "--evaluate needs --resume FILE"},
		{"train --evaluate --resume auto", 2, "--evaluate needs --resume FILE"},
		{"train --config nowhere.json", 2, "nowhere.json"},
		{"train --config unknown-key.json", 2, "epohcs nearest epochs"},
		{"train --config range.json", 2, "range.json epochs 0 from 1"},
		{"train --config model.json", 2, "model.json model wnr nearest wrn"},
		{"train --config depth.json", 2, "--mixture-depth 0"},
		{"train --json nowhere/x.json", 2, "--json no folder nowhere"},
		{"train --json empty", 2, "--json it is a folder"},
		{"report", 2, "what Name a run's folder"},
		{"report nowhere", 2, "nowhere no such folder"},
		{"report empty", 2, "empty holds no run"},
		{"report a b", 2, "several folders --out"},
		{"export --out w.pt", 2, "name a run's folder or a checkpoint"},
		{"export a.pt b.pt --out w.pt", 2, "one checkpoint one only"},
		{"export a.pt --checkpoint b.pt --out w.pt", 2, "one checkpoint one only"},
		{"export weights.pt", 2, "Name a file --out"},
		{"export weights.pt --out w.bin", 2, "--out w.bin .safetensors"},
		{"export weights.pt --out w", 2, "--out w .safetensors"},
		{"export weights.pt --out weights.pt", 2, "--out weights.pt not overwritten"},
		{"export weights.pt --out nowhere/w.pt", 2, "--out no folder nowhere"},
		{"export weights.pt --out w.pt --names torch", 2, "--names no naming torch nearest"},
		{"export weights.pt --out w.pt --model wnr", 2, "--model no model wnr nearest wrn"},
		{"export weights.pt --out w.pt --model wrn --layers 12", 2, "--layers 12 6n+4"},
		{"export weights.pt --out w.pt --normalize half", 2, "--normalize --names robustbench"},
		{"export weights.pt --out w.pt --names robustbench --normalize 0.5,0", 2, "--normalize 0.5,0"},
		{"export empty --out w.pt", 2, "empty not a run's folder"},
		{"export weights.pt --out w.pt", 4, "weights.pt"},
		{"export nowhere.pt --out w.pt", 4, "nowhere.pt no such file"},
		{"export --checkpoint empty --out w.pt", 4, "empty folder"},
		{"corrupt --dataset shapes", 2, "--out DIR"},
		{"corrupt --dataset shapes --out c --only fgo", 2, "fgo fog"},
		{"corrupt --dataset shapes --out c --severity 6", 2, "1 to 5"},
		{"corrupt --dataset shapes --out c --only fog --frost-dir .", 2, "--frost-dir frost"},
		{"corrupt --dataset shapes --out c --frost-dir empty", 2, "--frost-dir frost1.png"},
		{"corrupt --dataset shapes --out c --image-size 64", 2, "--image-size 64 32"},
		{"corrupt --dataset cifar10 --data empty --out c", 3, "empty"},
		{"preview --out picture.jpg", 2, "--out picture.jpg .png"},
		{"preview --count 0", 2, "--count 0"},
		{"preview --count 2 text.png", 2, "--count leave it out"},
		{"preview --corruptions --perturbations", 2, "--corruptions --perturbations leave one out"},
		{"preview --corruptions --mixture-width 2", 2, "--mixture-width --corruptions leave it out"},
		{"preview --corruptions --count 2", 2, "--count --corruptions leave it out"},
		{"preview --corruptions text.png other.png", 2, "--corruptions one image leave the others out"},
		{"preview --corruptions --only tilt", 2, "--only no corruption tilt nearest"},
		{"preview --perturbations --only fog", 2, "--only no perturbation fog nearest"},
		{"preview --perturbations --only smog", 2, "--only no name smog nearest is snow"},
		{"preview --perturbations --severity 2", 2, "--severity --perturbations leave it out"},
		{"preview --perturbations --frames 1", 2, "--frames 1 2 to 100"},
		{"preview --severity 2", 2, "--severity mixtures leave it out"},
		{"preview --operations --only fog", 2, "--only --operations leave it out"},
		{"preview --corruptions --severity 6", 2, "--severity 6"},
		{"preview --corruptions --only fog --frost-dir nowhere", 2, "--frost-dir --only fog add frost"},
		{"preview --corruptions --frost-dir nowhere", 2, "--frost-dir nowhere frost1.png"},
		{"preview --corruptions --index 5000", 2, "--index 5000 shapes"},
		{"preview --index 2 text.png", 2, "--index leave it out"},
		{"preview --augmix-preset paper-cifer", 2, "--augmix-preset paper-cifer nearest paper-cifar"},
		{"train --fill 256", 2, "--fill 256 from 0 to 255"},
		{"preview --mixture-width 21", 2, "--mixture-width 21"},
		{"preview text.png", 3, "text.png not a JPEG or PNG image but text"},
		{"preview nowhere.png", 3, "nowhere.png no such file"},

		// Methods and what they have no use for.
		{"train --method cutout --mixup-alpha 1", 2, "--mixup-alpha mixup cutout leave it out --method mixup"},
		{"train --method standard --views 2", 2, "--views augmix standard leave it out --method augmix"},
		{"train --method standard --no-jsd", 2, "--no-jsd augmix leave it out"},
		{"train --method standard --jsd-weight 1", 2, "--jsd-weight augmix leave it out"},
		{"train --method cutout --all-ops", 2, "--all-ops augmix leave it out"},
		{"train --method mixup --mixture-width 2", 2, "--mixture-width augmix leave it out"},
		{"train --method mixup --mixture-depth 2", 2, "--mixture-depth augmix leave it out"},
		{"train --method mixup --aug-severity 2", 2, "--aug-severity augmix leave it out"},
		{"train --method mixup --aug-prob-coeff 2", 2, "--aug-prob-coeff augmix leave it out"},
		{"train --method mixup --fill 128", 2, "--fill augmix leave it out"},
		{"train --method mixup --augmix-preset paper-cifar", 2, "--augmix-preset augmix leave it out"},
		{"train --cutout-length 8", 2, "--cutout-length cutout augmix leave it out --method cutout"},
		{"train --cutmix-beta 1", 2, "--cutmix-beta cutmix augmix leave it out"},
		{"train --method mixup --cutmix-prob 1", 2, "--cutmix-prob cutmix mixup leave it out"},
		{"train --policy p.json", 2, "--policy autoaugment augmix leave it out"},
		{"train --method random-autoaugment --policy autoaugment-cifar10", 2, "--policy autoaugment random-autoaugment leave it out"},
		{"train --method autoaugment --policy nowhere.json", 2, "--policy nowhere.json no such file autoaugment-cifar10"},
		{"train --method autoaugment --policy text.png", 2, "--policy text.png not a policy"},
		{"train --method autoaugment --policy empty", 2, "--policy empty is a directory"},
		{"train --method autoaugment --policy policy.json", 2, "--policy policy.json sub-policy 1, operation 2 rotat want one of rotate"},
		{"train --epsilon 8/255", 2, "--epsilon adversarial augmix leave it out"},
		{"train --attack-step 2/255", 2, "--attack-step adversarial augmix leave it out"},
		{"train --attack-steps 10", 2, "--attack-steps adversarial augmix leave it out"},
		{"train --patch-width 10", 2, "--patch-width patch-uniform augmix leave it out"},
		{"train --patch-noise 1", 2, "--patch-noise patch-uniform augmix leave it out"},
		{"train --corruption contrast", 2, "--corruption corruption augmix leave it out --method corruption"},
		{"train --method cutout --dataset folder --sin-data empty", 2, "--sin-data standard and augmix cutout leave it out"},
		{"train --sin-data empty", 2, "--sin-data cifar10 leave it out --dataset imagenet or folder"},
		{"train --severity 3", 2, "--severity corruption augmix leave it out"},
		{"train --no-jsd --ce-views all", 2, "--ce-views several views --no-jsd leave out one"},
		{"train --no-jsd --split-bn", 2, "--split-bn several views --no-jsd leave out one"},
		{"train --config split.json --no-jsd", 2, "--split-bn several views --no-jsd leave out one"},
		{"train --method mixup --split-bn", 2, "--split-bn augmix the method is mixup"},
		{"train --method mixup --ce-views all", 2, "--ce-views augmix the method is mixup"},
		{"train --ce-views some", 2, "--ce-views some clean or all"},
		{"train --schedule step", 2, "--schedule step nearest"},
		{"train --warmup-lr 0.1", 2, "--warmup-lr --warmup-epochs N"},
		{"train --warmup-epochs 3 --epochs 3", 2, "--warmup-epochs 3 before the 3 epochs fewer"},
		{"train --grad-accum 0", 2, "--grad-accum 0 from 1"},
		{"train --grad-accum-steps 1000 -b 1000", 2, "--grad-accum 1000 --batch-size 1000 more than 100000"},
		{"train --label-smoothing 1", 2, "--label-smoothing 1 below 1"},
		{"train --smoothing -0.1", 2, "--label-smoothing -0.1 from 0"},
		{"train --clip-grad NaN", 2, "--clip-grad NaN from 0"},
		{"train --ema 1", 2, "--ema 1 below 1"},
		{"train --model-ema-decay 1", 2, "--ema 1 below 1"},
		{"train --momentum 0 --no-nesterov", 2, "--no-nesterov --momentum 0 leave out one"},
		{"train --init a.pt --resume b.pt", 2, "--init --resume b.pt leave out one"},
		{"train --dataset shapes --init nowhere.pt --dry-run", 4, "nowhere.pt"},
		{"train --dataset shapes --init weights.pt --dry-run", 4, "weights.pt"},
		{"train --no-jsd --views 3", 2, "--views consistency loss --no-jsd leave out one"},
		{"train --no-jsd --jsd-weight 3", 2, "--jsd-weight consistency loss --no-jsd leave out one"},
		{"train --method corruption", 2, "--method corruption needs --corruption NAME contrast"},
		{"train --method corruption --corruption contrats", 2, "--corruption contrats nearest contrast"},
		{"train --method corruption --corruption contrast --severity 6", 2, "--severity 6 from 1 to 5"},
		{"train --method cutout --cutout-length 0", 2, "--cutout-length 0 from 1"},
		{"train --method mixup --mixup-alpha 0", 2, "--mixup-alpha 0 above 0"},
		{"train --method cutmix --cutmix-prob 1.5", 2, "--cutmix-prob 1.5 at most 1"},
		{"train --method adversarial --epsilon 8", 2, "--epsilon 8 at most 1 8/255"},
		{"train --method adversarial --epsilon 8/0", 2, "--epsilon 8/0 at most 1"},
		{"train --method adversarial --epsilon NaN", 2, "--epsilon NaN at most 1"},
		{"train --method adversarial --attack-step 8/x", 2, "--attack-step 8/x at most 1"},
		{"train --method adversarial --attack-steps 0", 2, "--attack-steps 0 from 1"},
		{"train --method patch-uniform --patch-noise 0", 2, "--patch-noise 0 above 0"},

		// Data, then checkpoints.
		{"train --dataset imagenet --data nowhere", 3, "nowhere no such folder ILSVRC2012_img_train.tar"},
		{"train --dataset folder --data empty", 3, "empty no folder train empty/train/CLASS"},
		{"train --dataset folder --data classes", 3, "classes val no \"dog\""},
		{"eval --model wrn --dataset folder --sets clean --data empty --checkpoint nowhere.pt", 3, "empty no folder val"},
		{"train --data nowhere", 3, "nowhere no such folder augmix fetch cifar10 --data nowhere --dataset shapes"},
		{"train --data empty", 3, "empty augmix fetch cifar10 --data empty"},
		{"fetch", 2, "Name one or more of cifar10-c"},
		{"fetch cifar11", 2, "no dataset cifar11 nearest is cifar10"},
		{"fetch imagenet --data d", 2, "imagenet cannot be fetched registered users d/imagenet/train"},
		{"fetch cifar100-p", 2, "Google Drive data/CIFAR-100-P augmix perturb"},
		{"fetch cifar10 --layout matlab", 2, "--layout matlab nearest is python"},
		{"fetch cifar10-c --layout python", 2, "--layout leave it out"},
		{"fetch cifar10 --groups blur", 2, "--groups leave it out"},
		{"fetch imagenet-p --groups extra", 2, "--groups extra imagenet-p no such archive"},
		{"fetch cifar10 --mirror example.org", 2, "--mirror example.org https://"},
		{"fetch cifar10 --verify --no-unpack", 2, "--verify --no-unpack"},
		{"fetch cifar10 --layout python --mirror file:///nowhere --data e", 3, "cifar-10-python.tar.gz 404 170498071 c58f30108f718f92721af3b95e74349a e/cifar-10-python.tar.gz --mirror"},
		{"eval --model wrn --dataset cifar10 --data nowhere --checkpoint nowhere.pt", 3, "nowhere no such folder"},
		{"eval --model wrn --dataset shapes --checkpoint nowhere.pt", 4, "nowhere.pt no such file"},
		{"eval --model wrn --dataset shapes --checkpoint weights.pt", 4, "weights.pt"},
		{"eval --model wrn --checkpoint weights.pt", 4, "weights.pt"},
		{"eval --model wrn --dataset shapes --checkpoint empty", 4, "empty folder"},
		{"train --dataset shapes --resume nowhere.pt --save empty", 4, "nowhere.pt"},
		{"train --dataset shapes --val-split 5000 --save s", 2, "--val-split 5000 training images"},
		{"train --dataset shapes --save weights.pt", 1, "weights.pt not a directory"},

		// Flags are checked before data, whatever their order.
		{"train --data nowhere --epochs 0", 2, "--epochs 0"},
		{"train --data nowhere --layers 41", 2, "--layers 41"},
		{"train --data nowhere --aug-severity 99", 2, "--aug-severity"},
		{"eval --data nowhere --checkpoint nowhere.pt --only fgo", 2, "--only"},
	} {
		args := strings.Fields(c.line)
		code, stdout, stderr := callMain(t, args...)
		name := show(c.line)
		if code != c.code {
			t.Errorf("%s: got exit code %d, want %d; stderr %q", name, code, c.code, show(stderr))
		}
		if missing := missingWord(stderr, c.want); missing != "" {
			t.Errorf("%s: the message lacks %q in its place: %s", name, missing, stderr)
		}
		if stdout != "" {
			t.Errorf("%s: wrote %q to standard output", name, show(stdout))
		}
		if c.code == 2 && strings.Count(stderr, "\n") > 2 {
			t.Errorf("%s: more than two lines:\n%s", name, stderr)
		}
		if len(stderr) > 2000 {
			t.Errorf("%s: a message of %d bytes", name, len(stderr))
		}
	}
	for _, left := range []string{"runs", "s", "w.pt", filepath.Join("empty", "config.json")} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("a refused command left %s", left)
		}
	}
}

// missingWord returns the first of the words that text does not hold after the
// ones before it, or "".
func missingWord(text, words string) string {
	for word := range strings.FieldsSeq(words) {
		_, rest, ok := strings.Cut(text, word)
		if !ok {
			return word
		}
		text = rest
	}
	return ""
}

// TestEmptyArguments checks arguments that a shell can pass and strings.Fields
// cannot make.
func TestEmptyArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{""}, {"train", ""}, {"train", "--save", ""}, {"train", "--epochs", " 3"}, {"train", "--dataset", "\x00"},
		{"eval", ""}, {"eval", "--only", ""}, {"report", ""}, {"\xff\xfe"}, {"train", "--\xff"},
	} {
		code, _, stderr := callMain(t, args...)
		if code != exitUsage || stderr == "" {
			t.Errorf("%q: got exit code %d and %q, want %d and a message", args, code, stderr, exitUsage)
		}
	}
	if code, _, _ := callMain(t, "preview", "\x00.png"); code != exitData {
		t.Errorf("a NUL in a file's name: got exit code %d, want %d", code, exitData)
	}
}
