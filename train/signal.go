package train

import "os"

// signal returns a signal that has come, if any, without waiting.
func (t *trainer) signal() os.Signal {
	select {
	case s := <-t.Stop:
		return s
	default:
		return nil
	}
}
