package nn

import (
	"fmt"
	"reflect"

	torch "github.com/wangkuiyi/gotorch"
)

// SequentialModule feeds the output of each of its modules to the next.
type SequentialModule struct {
	Module
	Modules []IModule `gotorch:"-"`
}

// Sequential returns a chain of modules. Nil modules are skipped.
func Sequential(modules ...IModule) *SequentialModule {
	s := &SequentialModule{Modules: modules}
	s.Init(s)
	return s
}

// Forward calls the modules' Forward methods in turn, whatever their arguments and results are. It returns nil, the one
// result, or a slice of several. It panics if a module has no Forward that takes what the one before it returned.
func (s *SequentialModule) Forward(inputs ...any) any {
	for i, m := range s.Modules {
		if m == nil || reflect.ValueOf(m).IsNil() {
			continue
		}
		forward := reflect.ValueOf(m).MethodByName("Forward")
		if !forward.IsValid() {
			panic(fmt.Errorf("nn: module %d of the sequence, %T, has no Forward method", i, m))
		}
		args := make([]reflect.Value, len(inputs))
		for j, in := range inputs {
			args[j] = reflect.ValueOf(in)
		}
		inputs = inputs[:0:0]
		for _, out := range forward.Call(args) {
			inputs = append(inputs, out.Interface())
		}
	}
	switch len(inputs) {
	case 0:
		return nil
	case 1:
		return inputs[0]
	default:
		return inputs
	}
}

// FunctionalModule makes a module of a function.
type FunctionalModule struct {
	Module
	Function func(torch.Tensor) torch.Tensor
}

// Functional returns a module that calls f.
func Functional(f func(torch.Tensor) torch.Tensor) *FunctionalModule {
	m := &FunctionalModule{Function: f}
	m.Init(m)
	return m
}

// Forward calls the function.
func (f *FunctionalModule) Forward(input torch.Tensor) torch.Tensor { return f.Function(input) }
