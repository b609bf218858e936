// Package nn builds networks from modules, as PyTorch's torch.nn does.
//
// A module is a struct that embeds Module and calls Init on itself; its exported fields of type torch.Tensor, or slices
// of them, are parameters, or buffers if tagged so, and its exported module fields are children. Two views name a module's tensors:
//
//   - StateDict and NamedParameters, maps with the names of the original gotorch (`ResNet.L1.Modules[0].Weight`);
//   - NamedTensors, a list in the order of the fields with PyTorch's names (`layer1.0.weight`): a field's tag
//     (`gotorch:"conv1"`, `gotorch:"running_mean,buffer"`), else its Go name in snake_case. An empty name in the tag
//     (`gotorch:",buffer"` or plain `gotorch:"buffer"`) keeps the Go name in snake_case.
package nn

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	torch "github.com/wangkuiyi/gotorch"
)

// IModule is what every module is.
type IModule interface {
	// Train switches the module and its children between training and evaluation.
	Train(on bool)
	IsTraining() bool
	To(device torch.Device, dtype ...int8)
	StateDict() map[string]torch.Tensor
	SetStateDict(sd map[string]torch.Tensor) error
	// Apply calls a function on the module and all modules below it, children first.
	Apply(f func(IModule))
	// Name returns the type, such as "nn.LinearModule".
	Name() string
}

// Module is the part that all modules share. It panics if it is used before Init.
type Module struct {
	outer      IModule
	isTraining bool
}

// Init tells the embedded Module which struct it is in. New modules are in training mode.
func (m *Module) Init(outer IModule) {
	m.outer = outer
	m.isTraining = true
}

// Outer returns the struct that the module is embedded in.
func (m *Module) Outer() IModule { return m.outer }

// IsTraining tells whether the module is in training mode.
func (m *Module) IsTraining() bool { return m.isTraining }

// Name returns the type of the outer struct, such as "nn.LinearModule".
func (m *Module) Name() string {
	return m.value().Type().String()
}

func (m *Module) value() reflect.Value {
	if m.outer == nil {
		panic(errors.New("nn: a module was used before its Init"))
	}
	return reflect.ValueOf(m.outer).Elem()
}

// Train switches the module and all modules below it between training and evaluation.
func (m *Module) Train(on bool) {
	m.value()
	m.isTraining = on
	for _, child := range m.children() {
		child.module.Train(on)
	}
}

// To moves the tensors of the module and of all modules below it to a device, and converts those of floating-point types
// if a data type is given. They stay the same tensors, with their memory formats and with their gradients moved along, and
// autograd follows those that it followed.
func (m *Module) To(device torch.Device, dtype ...int8) {
	m.value()
	for _, t := range m.NamedTensors() {
		torch.Scope(func() {
			torch.NoGrad(func() {
				move(t.Tensor, device, dtype)
				if g := t.Tensor.Grad(); g.Defined() {
					move(g, device, dtype)
				}
			})
		})
	}
}

// move changes where t's memory is.
func move(t torch.Tensor, device torch.Device, dtype []int8) {
	switch t.Dtype() {
	case torch.Half, torch.Float, torch.Double, torch.BFloat16:
	default:
		dtype = nil
	}
	if moved := t.To(device, dtype...); moved != t {
		t.SetData(moved)
	}
}

// Apply calls f on every module below this one, then on this one.
func (m *Module) Apply(f func(IModule)) {
	m.value()
	for _, child := range m.children() {
		child.module.Apply(f)
	}
	f(m.outer)
}

// Named is a tensor of a module with PyTorch's name.
type Named struct {
	Name   string
	Tensor torch.Tensor
	Buffer bool // Saved with the weights but not trained.
}

// NamedTensors returns the parameters and buffers of the module and of all modules below it, in the order of the fields,
// with PyTorch's names. Undefined tensors are left out.
func (m *Module) NamedTensors() []Named {
	var out []Named
	m.walk("", "", func(f field) {
		out = append(out, Named{Name: f.name, Tensor: f.tensor(), Buffer: f.buffer})
	})
	return out
}

// Parameters returns the trained tensors in the order of the fields.
func (m *Module) Parameters() []torch.Tensor { return m.tensors(false) }

// Buffers returns the tensors that are saved but not trained, in the order of the fields.
func (m *Module) Buffers() []torch.Tensor { return m.tensors(true) }

func (m *Module) tensors(buffers bool) []torch.Tensor {
	var out []torch.Tensor
	for _, t := range m.NamedTensors() {
		if t.Buffer == buffers {
			out = append(out, t.Tensor)
		}
	}
	return out
}

// NamedParameters returns the trained tensors by their names in the original gotorch.
func (m *Module) NamedParameters() map[string]torch.Tensor {
	return m.byGoName(func(f field) bool { return !f.buffer })
}

// NamedBuffers returns the buffers by their names in the original gotorch.
func (m *Module) NamedBuffers() map[string]torch.Tensor {
	return m.byGoName(func(f field) bool { return f.buffer })
}

// StateDict returns the parameters and buffers by their names in the original gotorch.
func (m *Module) StateDict() map[string]torch.Tensor {
	return m.byGoName(func(field) bool { return true })
}

func (m *Module) byGoName(want func(field) bool) map[string]torch.Tensor {
	out := map[string]torch.Tensor{}
	m.walk("", m.value().Type().Name(), func(f field) {
		if want(f) {
			out[f.goName] = f.tensor()
		}
	})
	return out
}

// SetStateDict lets the module's tensors share the memory of those in sd, by the names of StateDict. It returns an error
// that lists the names that sd lacks. Shapes are not compared.
func (m *Module) SetStateDict(sd map[string]torch.Tensor) error {
	var missing []string
	m.walk("", m.value().Type().Name(), func(f field) {
		t, ok := sd[f.goName]
		if !ok {
			missing = append(missing, f.goName)
			return
		}
		torch.NoGrad(func() { f.tensor().SetData(t) })
	})
	if len(missing) > 0 {
		return fmt.Errorf("nn: the state dict lacks %s", strings.Join(missing, ", "))
	}
	return nil
}

// field is one tensor of a module with both of its names.
type field struct {
	name, goName string
	value        reflect.Value
	buffer       bool
}

func (f field) tensor() torch.Tensor { return f.value.Interface().(torch.Tensor) }

// child is one module below another.
type child struct {
	name, goName string
	module       IModule
}

// walker is implemented by embedding Module.
type walker interface {
	walk(name, goName string, visit func(field))
}

var (
	moduleType = reflect.TypeFor[IModule]()
	tensorType = reflect.TypeFor[torch.Tensor]()
)

// walk visits the defined tensors of the module and of all below it in the order of the fields.
func (m *Module) walk(name, goName string, visit func(field)) {
	v := m.value()
	for i := range v.NumField() {
		sf, fv := v.Type().Field(i), v.Field(i)
		for _, f := range tensorsOf(sf, fv) {
			f.name, f.goName = join(name, f.name), join(goName, f.goName)
			if f.tensor().T != nil {
				visit(f)
			}
		}
		for _, c := range childrenOf(sf, fv) {
			c.module.(walker).walk(join(name, c.name), join(goName, c.goName), visit)
		}
	}
}

// tensorsOf returns the tensors that a field holds: none, one, or those of a slice. It panics if they are in a field
// that is not exported, where reflection cannot reach them.
func tensorsOf(sf reflect.StructField, fv reflect.Value) []field {
	isSlice := sf.Type.Kind() == reflect.Slice && sf.Type.Elem() == tensorType
	if sf.Type != tensorType && !isSlice {
		return nil
	}
	if !sf.IsExported() {
		panic(fmt.Errorf("nn: the tensor field %s must be exported", sf.Name))
	}
	name, buffer := parseTag(sf)
	if !isSlice {
		return []field{{name, sf.Name, fv, buffer}}
	}
	var out []field
	for i := range fv.Len() {
		out = append(out, field{join(name, fmt.Sprint(i)), fmt.Sprintf("%s[%d]", sf.Name, i), fv.Index(i), buffer})
	}
	return out
}

func (m *Module) children() []child {
	v := m.value()
	var out []child
	for i := range v.NumField() {
		out = append(out, childrenOf(v.Type().Field(i), v.Field(i))...)
	}
	return out
}

// childrenOf returns the modules that a field holds: none, one, or those of a slice. It panics if they are in a field
// that is not exported, where reflection cannot reach them.
func childrenOf(sf reflect.StructField, fv reflect.Value) []child {
	if sf.Anonymous && sf.Type == reflect.TypeFor[Module]() {
		return nil
	}
	isModule := sf.Type.Implements(moduleType)
	isSlice := sf.Type.Kind() == reflect.Slice && sf.Type.Elem().Implements(moduleType)
	if !isModule && !isSlice {
		return nil
	}
	if !sf.IsExported() {
		panic(fmt.Errorf("nn: the module field %s must be exported", sf.Name))
	}
	name, _ := parseTag(sf)
	if isModule {
		if fv.IsNil() {
			return nil
		}
		return []child{{name, sf.Name, fv.Interface().(IModule)}}
	}
	var out []child
	for i := range fv.Len() {
		if fv.Index(i).IsNil() {
			continue
		}
		out = append(out, child{join(name, fmt.Sprint(i)), fmt.Sprintf("%s[%d]", sf.Name, i), fv.Index(i).Interface().(IModule)})
	}
	return out
}

// parseTag returns the name of a field in PyTorch and whether it is a buffer. A dash as the name leaves the field's own
// level out, as for the children of a sequential module.
func parseTag(sf reflect.StructField) (name string, buffer bool) {
	tag := sf.Tag.Get("gotorch")
	name, option, _ := strings.Cut(tag, ",")
	if name == "buffer" || name == "param" {
		name, option = "", name
	}
	switch name {
	case "":
		name = snake(sf.Name)
	case "-":
		name = ""
	}
	return name, option == "buffer"
}

// snake turns RunningMean into running_mean.
func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(s[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "." + b
}
