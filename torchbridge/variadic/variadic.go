// Package variadic reads optional arguments that are given as maps.
package variadic

// Lookup returns the value of a key in the first of the maps that has it.
func Lookup(opts []map[string]any, key string) (any, bool) {
	for _, o := range opts {
		if v, ok := o[key]; ok {
			return v, true
		}
	}
	return nil, false
}

// Has tells whether one of the maps has a key.
func Has(opts []map[string]any, key string) bool {
	_, ok := Lookup(opts, key)
	return ok
}

// Get returns the value of a key, else the default, else nil.
func Get(opts []map[string]any, key string, dft ...any) any {
	if v, ok := Lookup(opts, key); ok {
		return v
	}
	if len(dft) > 0 {
		return dft[0]
	}
	return nil
}
