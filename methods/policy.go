package methods

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
)

// policy is a list of sub-policies, of which AutoAugment draws one for each image.
type policy struct {
	source string // Where its numbers are from.
	space  *space
	subs   [][]use
}

// use is one operation of a sub-policy.
type use struct {
	*operation
	probability float64
	magnitude   float64
}

// published are the policies that the program carries, as the files that --policy reads.
//
//go:embed policies/*.json
var published embed.FS

// PolicyNames lists the policies that the program carries.
func PolicyNames() []string {
	return []string{"autoaugment-cifar10", "autoaugment-imagenet", "fast-autoaugment-cifar10"}
}

// Bounds of a policy file.
const (
	maxPolicyBytes = 4 << 20
	maxSubPolicies = 10_000
	maxUses        = 10
)

// openPolicy reads a policy that the program carries, or a file of one. Beside it, it returns the SHA-256 of its text.
func openPolicy(name string) (p *policy, digest string, err error) {
	var f fs.File
	if f, err = published.Open("policies/" + name + ".json"); err != nil {
		if f, err = os.Open(name); err != nil {
			return nil, "", fmt.Errorf("%s: %w; it is a file, or one of %s", name, errors.Unwrap(err), strings.Join(PolicyNames(), ", "))
		}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPolicyBytes+1))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	if p, err = parsePolicy(text); err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.Sum256(text)
	return p, hex.EncodeToString(sum[:]), nil
}

// policyFile is a policy as JSON.
type policyFile struct {
	Source     string `json:"source"`
	Magnitudes string `json:"magnitudes"` // The name of a space.
	Policy     [][]struct {
		Op          string   `json:"op"`
		Probability *float64 `json:"probability"`
		Magnitude   *float64 `json:"magnitude"`
	} `json:"policy"`
}

// parsePolicy reads a policy: {"source": …, "magnitudes": "autoaugment", "policy": [[{"op": "rotate", "probability": 0.7,
// "magnitude": 2}, …], …]}. Magnitudes are indices 0 to 9 with "autoaugment", and from 0 to 1 with "fast-autoaugment";
// autocontrast, invert and equalize have none. Errors name the sub-policy and the operation, counted from 1.
func parsePolicy(text []byte) (*policy, error) {
	if len(text) > maxPolicyBytes {
		return nil, fmt.Errorf("larger than %d bytes; is it a policy?", maxPolicyBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var f policyFile
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("not a policy: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("there is something after the policy")
	}
	p := &policy{source: f.Source}
	for _, s := range []*space{autoAugmentSpace, fastSpace} {
		if s.name == f.Magnitudes {
			p.space = s
		}
	}
	switch {
	case p.space == nil:
		return nil, fmt.Errorf("magnitudes %.40q: want autoaugment or fast-autoaugment", f.Magnitudes)
	case len(f.Policy) < 1 || len(f.Policy) > maxSubPolicies:
		return nil, fmt.Errorf("%d sub-policies, want 1 to %d", len(f.Policy), maxSubPolicies)
	}
	for i, sub := range f.Policy {
		if len(sub) < 1 || len(sub) > maxUses {
			return nil, fmt.Errorf("sub-policy %d: %d operations, want 1 to %d", i+1, len(sub), maxUses)
		}
		uses := make([]use, len(sub))
		for j, u := range sub {
			var err error
			if uses[j], err = p.space.use(u.Op, u.Probability, u.Magnitude); err != nil {
				return nil, fmt.Errorf("sub-policy %d, operation %d: %w", i+1, j+1, err)
			}
		}
		p.subs = append(p.subs, uses)
	}
	return p, nil
}

// use checks one operation of a file.
func (s *space) use(name string, probability, magnitude *float64) (use, error) {
	op := s.byName[name]
	if op == nil {
		var names []string
		for _, o := range s.list {
			names = append(names, o.name)
		}
		return use{}, fmt.Errorf("op %.40q: want one of %s", name, strings.Join(names, ", "))
	}
	u := use{operation: op}
	switch {
	case probability == nil || !(*probability >= 0 && *probability <= 1):
		return use{}, fmt.Errorf("%s: want a probability from 0 to 1", name)
	case op.leveled && (magnitude == nil || !(*magnitude >= 0 && *magnitude <= s.most)):
		return use{}, fmt.Errorf("%s: want a magnitude from 0 to %g", name, s.most)
	case op.leveled && s.whole && *magnitude != math.Trunc(*magnitude):
		return use{}, fmt.Errorf("%s: the magnitude %v is not a whole number", name, *magnitude)
	case !op.leveled && magnitude != nil:
		return use{}, fmt.Errorf("%s has no magnitude; leave it out", name)
	}
	u.probability = *probability
	if op.leveled {
		u.magnitude = *magnitude
	}
	return u, nil
}
