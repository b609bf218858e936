// Package launch has tests of the scripts and manifests beside it, and nothing else. It is a module of its own so
// that Kubernetes' types, which only they need, are no dependency of the program.
package launch

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	trainer "github.com/kubeflow/trainer/v2/pkg/apis/trainer/v1alpha1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// strictly reads a document as one of Kubernetes' types, as its server does: a key that the type does not have, in
// other letters too, or that is there twice is an error.
func strictly(document []byte, into any) error {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	strict, err := json.UnmarshalStrict(text, into)
	return errors.Join(append(strict, err)...)
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestJob(t *testing.T) {
	var job batch.Job
	if err := strictly(read(t, "job.yaml"), &job); err != nil {
		t.Fatal(err)
	}
	if job.APIVersion != "batch/v1" || job.Kind != "Job" {
		t.Errorf("it is a %s %s", job.APIVersion, job.Kind)
	}
	pod := job.Spec.Template.Spec
	// Kubernetes takes a podFailurePolicy with this one only.
	if pod.RestartPolicy != core.RestartPolicyNever {
		t.Errorf("restartPolicy is %s", pod.RestartPolicy)
	}
	codes := map[batch.PodFailurePolicyAction][]int32{}
	for _, rule := range job.Spec.PodFailurePolicy.Rules {
		if e := rule.OnExitCodes; e != nil {
			codes[rule.Action] = append(codes[rule.Action], e.Values...)
			if *e.ContainerName != pod.Containers[0].Name {
				t.Errorf("a rule is about the container %s, which is not there", *e.ContainerName)
			}
		}
	}
	if fail, ignore := codes[batch.PodFailurePolicyActionFailJob], codes[batch.PodFailurePolicyActionIgnore]; !slices.Equal(fail, []int32{2, 3, 4, 5}) || !slices.Equal(ignore, []int32{75, 143}) {
		t.Errorf("exit codes: %v fail, %v are ignored", fail, ignore)
	}
	checkPod(t, pod)
}

func TestTrainJob(t *testing.T) {
	documents := bytes.Split(read(t, "trainjob.yaml"), []byte("\n---\n"))
	if len(documents) != 2 {
		t.Fatalf("%d documents, want the runtime and the job", len(documents))
	}
	var runtime trainer.TrainingRuntime
	var job trainer.TrainJob
	if err := errors.Join(strictly(documents[0], &runtime), strictly(documents[1], &job)); err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{runtime.APIVersion, job.APIVersion} {
		if got != trainer.GroupVersion.String() {
			t.Errorf("apiVersion %s, want %s", got, trainer.GroupVersion)
		}
	}
	if ref := job.Spec.RuntimeRef; ref.Name != runtime.Name || *ref.Kind != runtime.Kind || *ref.APIGroup != trainer.GroupVersion.Group {
		t.Errorf("the job's runtime is %s %s %s", *ref.APIGroup, *ref.Kind, ref.Name)
	}
	if runtime.Spec.MLPolicy.Torch == nil {
		t.Error("the runtime sets no PET_ variables")
	}
	node := runtime.Spec.Template.Spec.ReplicatedJobs[0]
	// The controller finds the training pods by these.
	if node.Name != "node" || node.Template.Labels["trainer.kubeflow.org/trainjob-ancestor-step"] != "trainer" {
		t.Errorf("the training pods are %s with %v", node.Name, node.Template.Labels)
	}
	gpus := job.Spec.Trainer.ResourcesPerNode.Limits["nvidia.com/gpu"]
	if got := job.Spec.Trainer.NumProcPerNode.IntValue(); int64(got) != gpus.Value() {
		t.Errorf("%d processes on %s GPUs", got, gpus.String())
	}
	pod := node.Template.Spec.Template.Spec
	pod.Containers[0].Args = job.Spec.Trainer.Args
	checkPod(t, pod)
}

// checkPod checks what both pods must have: no root, a file system that is not written to, a way to go on, and a
// volume behind each mount.
func checkPod(t *testing.T, pod core.PodSpec) {
	t.Helper()
	c := pod.Containers[0]
	if s := pod.SecurityContext; !*s.RunAsNonRoot || *s.RunAsUser != 10001 || *s.FSGroup != 10001 {
		t.Errorf("the pod's security is %+v", s)
	}
	if s := c.SecurityContext; !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || len(s.Capabilities.Drop) != 1 {
		t.Errorf("the container's security is %+v", s)
	}
	if c.Args[0] != "train" || !slices.Contains(c.Args, "--resume=auto") {
		t.Errorf("the arguments are %q", c.Args)
	}
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
	}
	for _, m := range c.VolumeMounts {
		if !volumes[m.Name] {
			t.Errorf("%s is mounted from no volume", m.MountPath)
		}
		delete(volumes, m.Name)
	}
	if len(volumes) > 0 || *pod.TerminationGracePeriodSeconds < 30 {
		t.Errorf("volumes without a mount: %v; %d seconds to end", volumes, *pod.TerminationGracePeriodSeconds)
	}
}

// TestStrictly checks that the reader refuses what a slip of the finger makes of a manifest.
func TestStrictly(t *testing.T) {
	for old, text := range map[string]string{
		"backoffLimit:": "backOffLimit:", "runAsNonRoot: true": "runAsNonRoot: yes please", "  resources:": "  resource:", "name: shm": "name: [shm]", "kind: Job": "kind: Job\nkind: Job",
	} {
		changed := strings.Replace(string(read(t, "job.yaml")), old, text, 1)
		if err := strictly([]byte(changed), new(batch.Job)); err == nil || changed == string(read(t, "job.yaml")) {
			t.Errorf("%s is accepted: %v", text, err)
		}
	}
}

// TestScripts checks the scripts of this folder with shellcheck, Debian's package of that name.
func TestScripts(t *testing.T) {
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed; apt-get install shellcheck")
	}
	scripts, err := filepath.Glob("*.sh")
	if err != nil || len(scripts) < 3 {
		t.Fatalf("found %v, %v", scripts, err)
	}
	out, err := exec.Command(program, scripts...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
