package ranks

import "strconv"

// Environ returns the variables, NAME=value, that tell a process that it is w:
// torchrun's, and who its launcher is.
func (w World) Environ() []string {
	env := []string{
		launcherVariable + "=" + Augmix,
		"RANK=" + strconv.Itoa(w.Rank), "WORLD_SIZE=" + strconv.Itoa(w.Size),
		"LOCAL_RANK=" + strconv.Itoa(w.LocalRank), "LOCAL_WORLD_SIZE=" + strconv.Itoa(w.LocalSize),
		"TORCHELASTIC_USE_AGENT_STORE=False", "TORCHELASTIC_RESTART_COUNT=" + strconv.Itoa(w.Restart),
	}
	if w.Size > 1 {
		env = append(env, "MASTER_ADDR="+w.Addr, "MASTER_PORT="+strconv.Itoa(w.Port))
	}
	return env
}
