package train

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"augmix/data"
	"augmix/ranks"
	"augmix/run"
	"augmix/weights"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/dist"
)

// company is the processes that train one network together, as one of them sees it. A nil company is a process alone: it is
// the first, and what it would do with others does nothing.
//
// All ranks do the same steps and take the same decisions, each from what all of them know: what they cannot know alone (a
// signal, that it is time to save, a sample that cannot be read) they tell each other after each step.
type company struct {
	world   ranks.World
	timeout time.Duration
	store   *dist.Store
	host    *dist.Group // Of tensors on the CPU.
	device  adder       // Of tensors where the network is: host, or a group of its own on CUDA.
	watch   *dist.Watch
	news    torch.Tensor // [newsSize] int64: what the ranks tell each other after a step.
	static  *torch.Static
	round   int        // Exchanges so far, the same on every rank.
	left    chan any   // Closed when the process leaves the company.
	failed  error      // What a panic of must was about.
	bad     []badEntry // Samples that could not be read, until rank 0 knows them; not on rank 0.
}

// adder adds tensors of all ranks up, in place.
type adder interface {
	AllReduce(t torch.Tensor) error
	Broadcast(t torch.Tensor, root int) error
	BatchNorm(x, mean, variance, weight, bias torch.Tensor, momentum, eps float64, counted bool) torch.Tensor
}

// lostGrace is how long a process has to end by itself after another is lost. Where it hangs in a call that cannot be
// cancelled it is ended.
const lostGrace = 2 * time.Second

// join meets the other ranks. lost is called when one of them is gone, hangs or has failed and this process does not end by
// itself; it does not return.
func join(w ranks.World, timeout time.Duration, lost func(error)) (*company, error) {
	if w.Size <= 1 {
		return nil, nil
	}
	c := &company{world: w, timeout: timeout, static: torch.NewStatic(), left: make(chan any)}
	var err error
	if c.store, err = dist.NewTCPStore(w.Addr, w.Port, w.Rank == 0 && !w.AgentStore, w.Size, timeout); err != nil {
		return nil, c.where(err)
	}
	// A launcher's store may be an earlier start's; its number keeps the keys apart.
	if c.host, err = dist.NewGroup(c.store.Below(fmt.Sprintf("augmix/%d/", w.Restart)), w.Rank, w.Size, "gloo", timeout); err != nil {
		return nil, c.where(err)
	}
	c.store = c.store.Below(fmt.Sprintf("augmix/%d/", w.Restart))
	if c.watch, err = dist.NewWatch(c.store, w.Rank, w.Size, timeout, c.host.Done); err != nil {
		return nil, c.where(err)
	}
	c.device = c.host
	c.static.Do(func() { c.news = torch.EmptyOf([]int64{newsSize}, torch.Long) })
	if lost != nil {
		go c.guard(lost)
	}
	return c, nil
}

// where says in an error of joining where the ranks meet.
func (c *company) where(err error) error {
	return fmt.Errorf("rank %d of %d cannot meet the others at %s:%d: %w", c.world.Rank, c.world.Size, c.world.Addr, c.world.Port, err)
}

// onDevice gives gradients on a CUDA device a group of their own. The current device is the one that is meant.
func (c *company) onDevice() error {
	if c == nil {
		return nil
	}
	// Later than the watch, which knows the rank: NCCL's own end of a call that hangs is an abort of the process.
	group, err := dist.NewGroup(c.store, c.world.Rank, c.world.Size, "nccl", c.timeout+time.Minute)
	if err != nil {
		return err
	}
	c.device = group
	return nil
}

// guard ends the process where it does not end by itself after a rank is lost.
func (c *company) guard(lost func(error)) {
	select {
	case <-c.left:
		return
	case <-c.watch.Lost():
	}
	select {
	case <-c.left:
	case <-time.After(lostGrace):
		lost(c.watch.Err())
	}
}

// leave ends the company with what the process ends with, and returns a better error where there is one.
func (c *company) leave(err error) error {
	if c == nil {
		return err
	}
	defer close(c.left)
	if err == nil || agreed(err) {
		// The first rank may still be writing, and must not be alone before it is done.
		if e := c.host.Barrier(); e != nil && err == nil {
			err = e
		}
	}
	if err != nil && !agreed(err) {
		if c.failed != nil {
			err = c.failed
		}
		err = c.watch.Explain(err)
		c.watch.Fail(err)
		return err // The groups' own ends would wait for the others.
	}
	c.watch.Close()
	if group, ok := c.device.(*dist.Group); ok && group != c.host {
		group.Close()
	}
	c.host.Close()
	c.store.Close()
	c.static.Close()
	return err
}

// agreed tells whether all ranks end with this error at the same step.
func agreed(err error) bool {
	_, stopped := errors.AsType[*Interrupted](err)
	_, nonFinite := errors.AsType[*NonFiniteError](err)
	return stopped || nonFinite
}

// first tells whether this process writes the run's folder.
func (c *company) first() bool { return c == nil || c.world.Rank == 0 }

// rank is this process's number, and size how many there are.
func (c *company) rank() int {
	if c == nil {
		return 0
	}
	return c.world.Rank
}

func (c *company) size() int {
	if c == nil {
		return 1
	}
	return c.world.Size
}

// must panics with a *torch.Error, as operations do, where the ranks could not do something together.
func (c *company) must(err error) {
	if err != nil {
		c.failed = err
		panic(&torch.Error{Op: "distributed", Msg: err.Error()})
	}
}

// What the ranks tell each other after a step: how many of them got each signal, whether the first finds that it is time to
// save, and how many samples could not be read.
const (
	newsInterrupt = iota
	newsTerminate
	newsRequeue
	newsDue
	newsBad
	newsSize
)

// agree returns what all ranks do after a step: the signal that one of them got, if any, and whether to save.
func (c *company) agree(signal os.Signal, due bool, report func(badEntry) error) (os.Signal, bool, error) {
	if c == nil {
		return signal, due, nil
	}
	news := c.news.MemoryInt64()
	clear(news)
	switch signal {
	case syscall.SIGINT:
		news[newsInterrupt] = 1
	case syscall.SIGTERM:
		news[newsTerminate] = 1
	case syscall.SIGUSR1:
		news[newsRequeue] = 1
	}
	if due && c.first() {
		news[newsDue] = 1
	}
	news[newsBad] = int64(len(c.bad))
	if err := c.host.AllReduce(c.news); err != nil {
		return nil, false, err
	}
	signal = nil
	switch {
	case news[newsTerminate] > 0:
		signal = syscall.SIGTERM
	case news[newsInterrupt] > 0:
		signal = syscall.SIGINT
	case news[newsRequeue] > 0:
		signal = syscall.SIGUSR1
	}
	due = news[newsDue] > 0
	if news[newsBad] == 0 {
		return signal, due, nil
	}
	return signal, due, c.passOn(report)
}

// DefaultTimeout is how long a rank waits for others.
const DefaultTimeout = 10 * time.Minute

// meet joins the other ranks, if there are any.
func (t *trainer) meet() (err error) {
	timeout := t.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	if t.company, err = join(t.Ranks, timeout, t.Lost); err != nil {
		return err
	}
	if t.company != nil {
		t.cfg.Ranks = t.company.size()
	}
	return nil
}

// begunTogether gives all ranks the first one's weights and place in the run, and makes sure that they have the same images.
func (t *trainer) begunTogether() error {
	c := t.company
	if c == nil {
		return nil
	}
	if err := c.same("training images", t.fingerprint, "--data must lead to the same files on every machine"); err != nil {
		return err
	}
	var tensors []torch.Tensor
	for _, n := range t.machine.named() {
		tensors = append(tensors, n.Tensor)
	}
	if err := c.spread(tensors); err != nil {
		return err
	}
	if err := c.same("weights", weights.Digest(t.machine.tensors()), "they were sent and did not arrive; is its memory sound?"); err != nil {
		return err
	}
	type place struct {
		Epoch, EpochStep int
		Step             uint64
	}
	p, err := told(c, "position", place{t.pos.epoch, t.pos.epochStep, t.pos.step})
	t.pos.epoch, t.pos.epochStep, t.pos.step = p.Epoch, p.EpochStep, p.Step
	return err
}

// part is what this rank evaluates of a set; nil of none.
func (c *company) part(set data.Dataset) data.Dataset {
	if c == nil || set == nil {
		return set
	}
	return data.Dealt(set, c.world.Rank, c.world.Size)
}

// describe says how the ranks share the work.
func (c *company) describe(cfg run.Config) string {
	first := data.Sampler{Len: 1, World: c.world.Size}.Share(imagesPerStep(cfg))
	last := data.Sampler{Len: 1, Rank: c.world.Size - 1, World: c.world.Size}.Share(imagesPerStep(cfg))
	share := strconv.Itoa(first)
	if last != first {
		share = fmt.Sprintf("%d or %d", last, first)
	}
	norm := "of each rank's own images"
	if cfg.SyncBN {
		norm = "of all ranks' images"
	}
	rate := ""
	if cfg.BatchSizePerRank > 0 {
		rate = fmt.Sprintf("; learning rate %.4g by the linear rule", cfg.LearningRate)
	}
	return fmt.Sprintf("%d ranks, each with %s of the %d images of a step%s; batch normalisation %s", c.world.Size, share, imagesPerStep(cfg), rate, norm)
}
